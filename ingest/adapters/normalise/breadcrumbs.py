"""Breadcrumbs: the newest hundred, each small, in the order of the client."""

from typing import Any

import msgspec

from ingest.adapters.normalise import bags, scalars
from ingest.adapters.normalise.stack import as_list
from ingest.adapters.normalise.work import Place, Work
from tracker.domain.scrub import scrub_query

MAX_CRUMBS = 100
CRUMB_BYTES = 2048
_TEXTS = (("type", 64), ("category", 128), ("message", CRUMB_BYTES))
_KNOWN = frozenset(("type", "category", "message", "level", "timestamp", "data", "event_id"))
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
        if len(max(lines, key=len)) > CRUMB_BYTES:
            for index, line in enumerate(lines[: len(kept)]):
                if len(line) > CRUMB_BYTES:
                    _shrink(kept[index], (_PLACE, index), work)
    return kept


def _crumb(crumb: dict[str, Any], place: Place, work: Work, shift: float) -> None:
    """Mend one crumb in place."""
    deep = work.deep
    if not _KNOWN.issuperset(crumb):
        _move_unknown(crumb)
    for key, limit in _TEXTS:
        if key in crumb:
            value = crumb[key]
            if type(value) is not str or deep or len(value) > limit:
                crumb[key] = work.text(value, limit, (place, key))
    if "timestamp" in crumb:
        when = scalars.moment(crumb["timestamp"])
        if when is None:
            if crumb["timestamp"] is not None:
                work.invalid((place, "timestamp"), crumb["timestamp"])
            del crumb["timestamp"]
        else:
            crumb["timestamp"] = when + shift
    if "level" in crumb:
        crumb["level"] = scalars.level(crumb["level"]) or "info"
    if "data" in crumb:
        _data(crumb, place, work)


def _move_unknown(crumb: dict[str, Any]) -> None:
    """Attributes of no protocol are dropped; a crumb has `data` for them."""
    for key in [key for key in crumb if key not in _KNOWN]:
        del crumb[key]


def _data(crumb: dict[str, Any], place: Place, work: Work) -> None:
    data = crumb["data"]
    if type(data) is not dict:
        if data in (None, "", []):
            del crumb["data"]
            return
        data = crumb["data"] = {"value": data}
    if not data:
        del crumb["data"]
        return
    bags.clean_mapping(data, CRUMB_BYTES, (place, "data"), work)
    if work.scrub:
        for key in ("url", "to", "from", "http.query", "query"):
            if key in data and type(data[key]) is str and "=" in data[key]:
                data[key] = scrub_query(data[key], work.keys)


def _shrink(crumb: dict[str, Any], place: Place, work: Work) -> None:
    """Bring a crumb under its budget: the data first, then the message."""
    if isinstance(crumb.get("data"), dict):
        rest = bags.size_of(crumb) - bags.size_of(crumb["data"])
        bags.fit(crumb["data"], max(200, CRUMB_BYTES - rest), (place, "data"), work)
    if bags.size_of(crumb) > CRUMB_BYTES and isinstance(crumb.get("message"), str):
        crumb["message"] = work.cut(crumb["message"], 400, (place, "message"))
