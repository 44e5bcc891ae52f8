"""Bags: the parts of an event whose shape is the client's own (variables, extra, contexts).

One pass over a decoded tree, in place: sensitive keys are hidden, long texts and deep
nests cut, integers that readers of JSON would round become text.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from ingest.adapters.normalise.work import SAFE_INTEGER, Place, Work
from tracker.domain.scrub import (
    FILTERED,
    holds_pairs,
    is_card_number,
    scrub_text,
    scrub_told,
)

DEPTH = 7
MAX_KEY = 200
SHORT = 20
"""Characters up to which a text is not looked through for names and values: it costs too much."""
_encode = msgspec.json.Encoder().encode


def clean(bag: dict[str, Any], limit: int, place: Place, work: Work, depth: int = DEPTH) -> None:
    """Clean a bag in place; texts in it may have `limit` characters, at least SHORT.

    Most bags need nothing: a look without notes finds that out at two thirds of the cost.
    """
    if work.deep or not _sound(bag, limit, depth, work.keys.clean.issuperset, work.told):
        clean_mapping(bag, limit, place, work, depth)


def _sound(
    bag: dict[str, Any], limit: int, depth: int, clean_keys: Callable[[Any], bool], told: bool
) -> bool:
    """Whether `clean_mapping` would leave a mapping as it is."""
    if not clean_keys(bag):
        return False
    for value in bag.values():
        kind = value.__class__
        if kind is str:
            if len(value) > limit or (
                told
                and len(value) > SHORT
                and (":" in value or "=" in value)
                and holds_pairs(value)
            ):
                return False
        elif kind is dict:
            if value and not (depth and _sound(value, limit, depth - 1, clean_keys, told)):
                return False
        elif kind is list:
            if value and not (depth and _sound_list(value, limit, depth - 1, clean_keys, told)):
                return False
        elif kind is int and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return False
    return True


def _sound_list(
    bag: list[Any], limit: int, depth: int, clean_keys: Callable[[Any], bool], told: bool
) -> bool:
    """The same for a list; texts alone, the usual case, are looked at together."""
    if bag[0].__class__ is str:
        try:
            text = "".join(bag)
        except TypeError:
            pass
        else:
            short = len(text) <= limit or max(map(len, bag)) <= limit
            return short and not (told and (":" in text or "=" in text) and holds_pairs(text))
    for value in bag:
        kind = value.__class__
        if kind is str:
            if len(value) > limit or (
                told
                and len(value) > SHORT
                and (":" in value or "=" in value)
                and holds_pairs(value)
            ):
                return False
        elif kind is dict:
            if value and not (depth and _sound(value, limit, depth - 1, clean_keys, told)):
                return False
        elif kind is list:
            if value and not (depth and _sound_list(value, limit, depth - 1, clean_keys, told)):
                return False
        elif kind is int and not -SAFE_INTEGER <= value <= SAFE_INTEGER:
            return False
    return True


def clean_mapping(
    bag: dict[str, Any], limit: int, place: Place, work: Work, depth: int = DEPTH
) -> None:
    """The longer way of `clean`: hide, cut, and note where."""
    if work.deep or not work.keys.clean.issuperset(bag):
        _clean_keys(bag, place, work)
    deep = work.deep
    for key, value in bag.items():
        kind = type(value)
        if kind is str:
            if deep or len(value) > SHORT:
                bag[key] = _clean_text(value, limit, (place, key), work)
        elif kind is dict:
            if value:
                if depth:
                    clean_mapping(value, limit, (place, key), work, depth - 1)
                else:
                    bag[key] = _too_deep(value, (place, key), work)
        elif kind is list:
            if value:
                if depth:
                    clean_list(value, limit, (place, key), work, depth - 1)
                else:
                    bag[key] = _too_deep(value, (place, key), work)
        elif kind is int and (deep or not -SAFE_INTEGER <= value <= SAFE_INTEGER):
            bag[key] = _clean_integer(value, deep)


def clean_list(bag: list[Any], limit: int, place: Place, work: Work, depth: int = DEPTH) -> None:
    """The same for a list."""
    deep = work.deep
    for index, value in enumerate(bag):
        kind = type(value)
        if kind is str:
            if deep or len(value) > SHORT:
                bag[index] = _clean_text(value, limit, (place, index), work)
        elif kind is dict:
            if value:
                if depth:
                    clean_mapping(value, limit, (place, index), work, depth - 1)
                else:
                    bag[index] = _too_deep(value, (place, index), work)
        elif kind is list:
            if value:
                if depth:
                    clean_list(value, limit, (place, index), work, depth - 1)
                else:
                    bag[index] = _too_deep(value, (place, index), work)
        elif kind is int and (deep or not -SAFE_INTEGER <= value <= SAFE_INTEGER):
            bag[index] = _clean_integer(value, deep)


def clean_value(value: Any, limit: int, place: Place, work: Work) -> Any:
    """Clean any value; returns it, or what stands in its place."""
    known = work.keys.clean.issuperset
    if type(value) is dict and not work.deep and _sound(value, limit, DEPTH - 1, known, work.told):
        return value
    holder = [value]
    clean_list(holder, limit, place[0] if place else None, work)
    return holder[0]


def _clean_keys(bag: dict[str, Any], place: Place, work: Work) -> None:
    sensitive = work.keys.sensitive
    if work.scrub:
        for key, value in bag.items():
            if sensitive(key) and not isinstance(value, bool | None):
                bag[key] = FILTERED
    if any(len(key) > MAX_KEY for key in bag) or work.deep:
        items = list(bag.items())
        bag.clear()
        for key, value in items:
            if len(key) > MAX_KEY:
                work.shortened((place, key[:40]), len(key))
                key = key[: MAX_KEY - 3] + "..."
            bag[scrub_text(key) if work.deep else key] = value


def _clean_text(text: str, limit: int, place: Place, work: Work) -> str:
    if work.deep:
        text = scrub_text(text)
    if work.told and holds_pairs(text):
        text = scrub_told(text, work.keys)
    return work.cut(text, limit, place) if len(text) > limit else text


def _too_deep(value: Any, place: Place, work: Work) -> str:
    work.shortened(place, len(value))
    return "{...}" if isinstance(value, dict) else "[...]"


def _clean_integer(value: int, deep: bool) -> int | str:
    if deep and is_card_number(value):
        return FILTERED
    if -SAFE_INTEGER <= value <= SAFE_INTEGER:
        return value
    return str(value) if abs(value) < 10**400 else "integer"


# --- budgets -----------------------------------------------------------------------------


def size_of(value: Any) -> int:
    """Bytes of `value` as JSON."""
    return len(_encode(value))


def fit(bag: dict[str, Any], budget: int, place: Place, work: Work) -> None:
    """Drop members of `bag`, the largest first, until it is at most `budget` bytes of JSON."""
    if work.size <= budget or size_of(bag) <= budget:
        return
    sizes = {key: size_of(value) + len(key) for key, value in bag.items()}
    total = sum(sizes.values()) + 4 * len(sizes)
    for key in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if total <= budget:
            break
        value = bag[key]
        if isinstance(value, str):
            keep = max(100, len(value) - (total - budget) - 3)
            if keep < len(value):
                bag[key] = work.cut(value, keep, (place, key))
        elif isinstance(value, dict | list):
            work.shortened((place, key), len(value))
            bag[key] = "{...}" if isinstance(value, dict) else "[...]"
        else:
            continue
        total += size_of(bag[key]) + len(key) - sizes[key]
    _keep_first(bag, total, budget, place, work)


def _keep_first(bag: dict[str, Any], total: int, budget: int, place: Place, work: Work) -> None:
    """Drop the last members when there are simply too many."""
    if total <= budget:
        return
    work.shortened(place, len(bag))
    for key in list(bag)[::-1]:
        if total <= budget:
            break
        total -= size_of(bag.pop(key)) + len(key) + 4
