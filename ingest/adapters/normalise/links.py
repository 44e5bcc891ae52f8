"""Exceptions and threads, as they are stored and as ExceptionInfo and Thread."""

from typing import Any

from ingest.adapters.normalise import bags, scalars
from ingest.adapters.normalise.stack import VAR_LENGTH, stacktrace
from ingest.adapters.normalise.work import Place, Work, as_json, as_list, halves
from tracker.domain.event import ExceptionInfo, Thread

MAX_EXCEPTIONS = 50
MAX_THREADS = 100
MAX_VALUE = 8192


def exceptions(raw: Any, work: Work) -> tuple[list[dict[str, Any]], tuple[ExceptionInfo, ...]]:
    """The chain as it is stored and as ExceptionInfo, oldest first."""
    place: Place = ((None, "exception"), "values")
    kept: list[dict[str, Any]] = []
    made: list[ExceptionInfo] = []
    for index, item in enumerate(
        halves(as_list(raw, (None, "exception"), work), MAX_EXCEPTIONS, place, work)
    ):
        if isinstance(item, dict):
            pair = _exception(item, (place, index), work)
            if pair is not None:
                kept.append(pair[0])
                made.append(pair[1])
        elif item is not None:
            work.invalid((place, index), item)
    if _cyclic(made):
        work.invalid(place, "cyclic exception group")
        made = [_flat(link) for link in made]
        for stored in kept:
            for key in ("exception_id", "parent_id", "is_exception_group"):
                stored.get("mechanism", {}).pop(key, None)
    return kept, tuple(made)


def _exception(
    raw: dict[str, Any], place: Place, work: Work
) -> tuple[dict[str, Any], ExceptionInfo] | None:
    kind = work.text(raw.get("type"), 256, (place, "type"))
    value = raw.get("value")
    if type(value) is not str and isinstance(value, dict | list):
        value = as_json(value) if value else ""
    value = work.sentence(value, MAX_VALUE, (place, "value"))
    module = work.text(raw.get("module"), 256, (place, "module"))
    stored_stack, frames = stacktrace(raw.get("stacktrace"), (place, "stacktrace"), work)
    mechanism = _mechanism(raw.get("mechanism"), (place, "mechanism"), work)
    if not kind and not value and not frames:
        return None
    stored: dict[str, Any] = {"type": kind, "value": value}
    if module:
        stored["module"] = module
    if raw.get("thread_id") is not None:
        stored["thread_id"] = work.text(raw["thread_id"], 64, (place, "thread_id"))
    if mechanism:
        stored["mechanism"] = mechanism
    if stored_stack:
        stored["stacktrace"] = stored_stack
    if raw.get("raw_stacktrace"):
        before, _ = stacktrace(raw["raw_stacktrace"], (place, "raw_stacktrace"), work)
        if before:
            stored["raw_stacktrace"] = before
    get = mechanism.get
    return stored, ExceptionInfo(
        kind,
        value,
        module,
        frames,
        get("handled"),
        get("synthetic") is True,
        get("type", ""),
        get("source", ""),
        get("exception_id"),
        get("parent_id"),
        get("is_exception_group") is True,
    )


def _mechanism(raw: Any, place: Place, work: Work) -> dict[str, Any]:
    if isinstance(raw, str):
        raw = {"type": raw}
    if not isinstance(raw, dict):
        if raw:
            work.invalid(place, raw)
        return {}
    kept: dict[str, Any] = {}
    for key, limit in (("type", 128), ("source", 256), ("description", 1024), ("help_link", 2048)):
        if key in raw and raw[key] is not None:
            kept[key] = work.text(raw[key], limit, (place, key))
    for key in ("handled", "synthetic", "is_exception_group"):
        if key in raw and raw[key] is not None:
            kept[key] = scalars.boolean(raw[key])
    for key in ("exception_id", "parent_id"):
        if key in raw and raw[key] is not None:
            kept[key] = scalars.integer(raw[key])
    for key in ("data", "meta"):
        if key in raw and isinstance(raw[key], dict) and raw[key]:
            bags.clean(raw[key], VAR_LENGTH, (place, key), work)
            bags.fit(raw[key], 4096, (place, key), work)
            kept[key] = raw[key]
    return {key: value for key, value in kept.items() if value not in (None, "")}


def _cyclic(links: list[ExceptionInfo]) -> bool:
    """Whether the parents of a group lead in a circle, or an id stands twice."""
    parents = {link.exception_id: link.parent_id for link in links if link.exception_id is not None}
    if not parents:
        return False
    if len(parents) < sum(link.exception_id is not None for link in links):
        return True
    for start in parents:
        at: int | None = start
        for _ in range(len(parents) + 1):
            at = parents.get(at) if at is not None else None
        if at is not None and at in parents:
            return True
    return False


def _flat(link: ExceptionInfo) -> ExceptionInfo:
    return ExceptionInfo(
        link.type,
        link.value,
        link.module,
        link.frames,
        link.handled,
        link.synthetic,
        link.mechanism,
        link.source,
    )


# --- threads -----------------------------------------------------------------------------


def threads(raw: Any, work: Work) -> tuple[list[dict[str, Any]], tuple[Thread, ...]]:
    """The threads as stored, and those with frames as Thread."""
    place: Place = ((None, "threads"), "values")
    kept: list[dict[str, Any]] = []
    made: list[Thread] = []
    listed = as_list(raw, (None, "threads"), work)
    for index, item in enumerate(halves(listed, MAX_THREADS, place, work)):
        if not isinstance(item, dict):
            if item is not None:
                work.invalid((place, index), item)
            continue
        here = (place, index)
        stored: dict[str, Any] = {}
        for key in ("id", "name", "state"):
            if item.get(key) is not None:
                stored[key] = work.text(item[key], 256, (here, key))
        for key in ("crashed", "current", "main"):
            if (flag := scalars.boolean(item.get(key))) is not None:
                stored[key] = flag
        stack, frames = stacktrace(item.get("stacktrace"), (here, "stacktrace"), work)
        if stack:
            stored["stacktrace"] = stack
        if not stored:
            continue
        kept.append(stored)
        if frames:
            get = stored.get
            made.append(
                Thread(
                    get("id", ""),
                    get("name", ""),
                    get("crashed", False),
                    get("current", False),
                    get("main", False),
                    frames,
                )
            )
    return kept, tuple(made)
