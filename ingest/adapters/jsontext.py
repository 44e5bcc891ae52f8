"""JSON as clients really send it: strict and fast first, then forgiving.

The forgiving way takes what some clients write and the standard forbids: `NaN` and
`Infinity`, numbers past any type, broken UTF-8, control characters and lone surrogates
in strings, a byte order mark. What cannot be kept becomes null or U+FFFD.
"""

import json
import math
import re
from typing import Any

import msgspec

MAX_DEPTH = 200

_strict = msgspec.json.Decoder().decode
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNFIT = re.compile("[\ud800-\udfff\0]")
_INT_TEXT = 400  # digits of an integer that are kept as text; a longer one is no number


class Decoded(msgspec.Struct, frozen=True):
    """A decoded value and what had to be done to it."""

    value: Any
    repaired: tuple[str, ...] = ()
    """Kinds of repairs: `not_a_number`, `bad_text`, `too_deep`."""
    strict: bool = True
    """The text kept to the standard, so its strings and numbers are sound, NUL aside."""


class NotJson(ValueError):
    """Neither way can read it."""


def decode(text: bytes) -> Decoded:
    """Any JSON value of `text`. Raises NotJson; the value has no NaN, infinity or surrogate."""
    try:
        return Decoded(_strict(text))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _forgiving(text)


def _forgiving(text: bytes, depth_cut: bool = False) -> Decoded:
    repaired = {"too_deep"} if depth_cut else set()
    readable = text.decode("utf-8-sig", "replace")
    try:
        value = _decoder(repaired).decode(readable)
    except RecursionError:
        if depth_cut:
            raise NotJson("not JSON") from None
        return _forgiving(shallow(text), depth_cut=True)
    except ValueError:
        raise NotJson("not JSON") from None
    if "\ufffd" in readable:
        repaired.add("bad_text")
    if "\\u" in readable:
        value = _without(value, _SURROGATES, repaired)
    return Decoded(value, tuple(sorted(repaired)), strict=False)


def _decoder(repaired: set[str]) -> json.JSONDecoder:
    """A decoder that turns odd numbers into null and notes them in `repaired`."""

    def constant(_: str) -> None:
        repaired.add("not_a_number")

    def integer(digits: str) -> int | str | None:
        if len(digits) <= 18:
            return int(digits)
        if len(digits) <= _INT_TEXT:
            return digits  # beyond what readers of JSON keep exactly
        repaired.add("not_a_number")
        return None

    def number(digits: str) -> float | None:
        value = float(digits)
        if math.isfinite(value):
            return value
        repaired.add("not_a_number")
        return None

    return json.JSONDecoder(
        parse_constant=constant, parse_int=integer, parse_float=number, strict=False
    )


def without_nul(value: Any) -> tuple[Any, bool]:
    """`value` with U+0000 and lone surrogates replaced in keys and values; whether any was."""
    repaired: set[str] = set()
    return _without(value, _UNFIT, repaired), bool(repaired)


def _without(value: Any, unfit: re.Pattern[str], repaired: set[str]) -> Any:
    """Replace what `unfit` matches by U+FFFD everywhere; without recursion, for any depth."""

    def mend(text: str) -> str:
        mended = unfit.sub("\ufffd", text)
        if mended != text:
            repaired.add("bad_text")
        return mended

    holder: list[Any] = [value]
    todo: list[dict[str, Any] | list[Any]] = [holder]
    while todo:
        box = todo.pop()
        if isinstance(box, dict):
            if any(unfit.search(key) for key in box):
                items = [(mend(key), inner) for key, inner in box.items()]
                box.clear()
                box.update(items)
            pairs: Any = box.items()
        else:
            pairs = enumerate(box)
        for key, inner in pairs:
            if isinstance(inner, str):
                if unfit.search(inner):
                    box[key] = mend(inner)
            elif isinstance(inner, dict | list):
                todo.append(inner)
    return holder[0]


_TOKENS = re.compile(rb'"(?:[^"\\]+|\\.)*"|[\[\]{}]', re.DOTALL)


def shallow(text: bytes) -> bytes:
    """`text` with everything nested deeper than MAX_DEPTH replaced by null."""
    kept: list[bytes] = []
    depth = since = 0
    for token in _TOKENS.finditer(text):
        mark = text[token.start()]
        if mark in b"[{":
            depth += 1
            if depth == MAX_DEPTH + 1:
                kept.append(text[since : token.start()] + b"null")
        elif mark in b"]}":
            if depth == MAX_DEPTH + 1:
                since = token.end()
            depth -= 1
    if depth <= MAX_DEPTH:
        kept.append(text[since:])
    return b"".join(kept)


def encode(value: Any) -> str:
    """`value` as JSON text; what is too deep to write is cut."""
    try:
        return msgspec.json.encode(value).decode()
    except RecursionError:
        return "..."
