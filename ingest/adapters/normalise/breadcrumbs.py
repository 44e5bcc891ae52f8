"""Breadcrumbs: the newest hundred, each small, in the order of the client."""

from typing import Any

import msgspec

from ingest.adapters.normalise import bags, scalars
from ingest.adapters.normalise.work import Place, Work, as_list
from tracker.domain.event import LEVELS
from tracker.domain.scrub import says, scrub_query, scrub_said

MAX_CRUMBS = 100
CRUMB_BYTES = 2048
_LIMITS = {"type": 64, "category": 128, "message": CRUMB_BYTES, "event_id": 64}
_KNOWN = frozenset(("timestamp", "level", "data", *_LIMITS))
_LEVELS = frozenset(LEVELS)
_QUERIES = frozenset({"url", "to", "from", "http.query", "query"})
_encode_lines = msgspec.json.Encoder().encode_lines
_PLACE: Place = ((None, "breadcrumbs"), "values")


def breadcrumbs(raw: Any, work: Work, shift: float) -> list[dict[str, Any]]:
    """The crumbs as stored, their moments moved by `shift` seconds."""
    listed = as_list(raw, (None, "breadcrumbs"), work)
    if len(listed) > MAX_CRUMBS:
        work.shortened(_PLACE, len(listed))
        listed = listed[-MAX_CRUMBS:]
    kept: list[dict[str, Any]] = []
    for index, crumb in enumerate(listed):
        if isinstance(crumb, str):
            crumb = {"message": crumb}
        if not isinstance(crumb, dict):
            if crumb is not None:
                work.invalid((_PLACE, index), crumb)
            continue
        if crumb:
            _crumb(crumb, (_PLACE, index), work, shift)
            kept.append(crumb)
    if kept and work.size > CRUMB_BYTES:
        lines = _encode_lines(kept).split(b"\n")
        if max(map(len, lines)) > CRUMB_BYTES:
            for index, line in enumerate(lines[: len(kept)]):
                if len(line) > CRUMB_BYTES:
                    _shrink(kept[index], (_PLACE, index), work)
    return kept


def _crumb(crumb: dict[str, Any], place: Place, work: Work, shift: float) -> None:
    """Mend one crumb in place."""
    deep, said = work.deep, work.said
    if not _KNOWN.issuperset(crumb):
        _move_unknown(crumb)
    for key, value in crumb.items():
        if key == "timestamp":
            when = scalars.moment(value)
            if when is None and value is not None:
                work.invalid((place, key), value)
            crumb[key] = None if when is None else when + shift
        elif key == "level":
            if type(value) is not str or value not in _LEVELS:
                crumb[key] = scalars.level(value) or "info"
        elif key == "data":
            if type(value) is not dict:
                crumb[key] = value = {} if value in (None, "", []) else {"value": value}
            if value:
                _data(value, (place, key), work)
        elif type(value) is not str or deep or len(value) > _LIMITS[key]:
            crumb[key] = work.sentence(value, _LIMITS[key], (place, key))
        elif said and says(value, work.keys):
            crumb[key] = scrub_said(value, work.keys)


def _move_unknown(crumb: dict[str, Any]) -> None:
    """Attributes of no protocol are dropped; a crumb has `data` for them."""
    for key in [key for key in crumb if key not in _KNOWN]:
        del crumb[key]


def _data(data: dict[str, Any], place: Place, work: Work) -> None:
    bags.clean(data, CRUMB_BYTES, place, work)
    if work.scrub and not _QUERIES.isdisjoint(data):
        for key in _QUERIES & data.keys():
            if type(data[key]) is str and "=" in data[key]:
                data[key] = scrub_query(data[key], work.keys)


def _shrink(crumb: dict[str, Any], place: Place, work: Work) -> None:
    """Bring a crumb under its budget: the data first, then the message."""
    if isinstance(crumb.get("data"), dict):
        rest = bags.size_of(crumb) - bags.size_of(crumb["data"])
        bags.fit(crumb["data"], max(200, CRUMB_BYTES - rest), (place, "data"), work)
    if bags.size_of(crumb) > CRUMB_BYTES and isinstance(crumb.get("message"), str):
        crumb["message"] = work.cut(crumb["message"], 400, (place, "message"))
