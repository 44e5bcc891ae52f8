"""Frames, exceptions and threads: normalised in place, and as Frame, ExceptionInfo, Thread."""

from collections.abc import Callable
from typing import Any

from ingest.adapters.normalise import bags, scalars
from ingest.adapters.normalise.work import Place, Work, as_json
from tracker.domain.event import ExceptionInfo, Frame, Thread
from tracker.domain.scrub import scrub_text

MAX_FRAMES = 250
MAX_EXCEPTIONS = 50
MAX_THREADS = 100
MAX_VARS = 50
VAR_LENGTH = 1024
VARS_BYTES = 64 * 1024
LINE_LENGTH = 512
MAX_LINES = 10
MAX_VALUE = 8192

_TEXTS = (
    ("function", 256),
    ("module", 256),
    ("filename", 256),
    ("abs_path", 2048),
    ("context_line", LINE_LENGTH),
    ("platform", 64),
    ("package", 256),
    ("raw_function", 256),
    ("symbol", 256),
    ("lang", 64),
    ("trust", 64),
    ("addr_mode", 64),
    ("debug_id", 64),
    ("instruction_addr", 64),
    ("symbol_addr", 64),
    ("image_addr", 64),
)
_TEXT_LIMITS = dict(_TEXTS)
_USUAL = frozenset(
    "function module filename abs_path context_line lineno in_app vars pre_context"
    " post_context".split()
)
_RARE = frozenset({"stack_start", "lock", "data", "errors"})
_ADDRESSES = frozenset({"instruction_addr", "symbol_addr", "image_addr"})


def as_list(value: Any, place: Place, work: Work) -> list[Any]:
    """The members of `{"values": [...]}`, a bare list, or a single object."""
    if isinstance(value, dict):
        inner = value.get("values")
        if isinstance(inner, list):
            return inner
        if isinstance(inner, dict):
            return [inner]
        return [] if inner is None and "values" in value or not value else [value]
    if isinstance(value, list):
        return value
    if value is not None:
        work.invalid(place, value)
    return []


def halves(items: list[Any], limit: int, place: Place, work: Work) -> list[Any]:
    """At most `limit` members: the first and the last halves."""
    if len(items) <= limit:
        return items
    work.shortened(place, len(items))
    return items[: limit // 2] + items[-(limit - limit // 2) :]


# --- frames ------------------------------------------------------------------------------


def stacktrace(raw: Any, place: Place, work: Work) -> tuple[dict[str, Any], tuple[Frame, ...]]:
    """A stack as it is stored and as frames; both empty when there is none."""
    if isinstance(raw, list):
        raw = {"frames": raw}
    if not isinstance(raw, dict):
        if raw is not None:
            work.invalid(place, raw)
        return {}, ()
    listed = raw.get("frames")
    where = (place, "frames")
    if not isinstance(listed, list):
        if listed:
            work.invalid(where, listed)
        return {}, ()
    kept: list[dict[str, Any]] = []
    frames: list[Frame] = []
    for index, item in enumerate(halves(listed, MAX_FRAMES, where, work)):
        if isinstance(item, dict):
            made = frame(item, (where, index), work)
            if made is not None:
                kept.append(item)
                frames.append(made)
        elif item is not None:
            work.invalid((where, index), item)
    if not kept:
        return {}, ()
    stored: dict[str, Any] = {"frames": kept}
    registers = raw.get("registers")
    if isinstance(registers, dict) and registers:
        bags.clean_mapping(registers, 64, (place, "registers"), work, depth=0)
        bags.fit(registers, 8192, (place, "registers"), work)
        stored["registers"] = registers
    return stored, tuple(frames)


def frame(raw: dict[str, Any], place: Place, work: Work) -> Frame | None:
    """One frame, mended in place; None when it says nothing."""
    if not _USUAL.issuperset(raw):
        _unusual(raw, place, work)
    get = raw.get
    function = get("function", "")
    if type(function) is not str or len(function) > 256 or work.deep:
        function = _text(raw, "function", place, work)
    module = get("module", "")
    if type(module) is not str or len(module) > 256 or work.deep:
        module = _text(raw, "module", place, work)
    filename = get("filename", "")
    if type(filename) is not str or len(filename) > 256 or work.deep:
        filename = _text(raw, "filename", place, work)
    abs_path = get("abs_path", "")
    if type(abs_path) is not str or len(abs_path) > 2048 or work.deep:
        abs_path = _text(raw, "abs_path", place, work)
    line = get("context_line", "")
    if type(line) is not str or len(line) > LINE_LENGTH or work.deep:
        line = _text(raw, "context_line", place, work)
    lineno = get("lineno")
    if type(lineno) is not int or not 0 <= lineno < 2**31:
        lineno = _converted(raw, "lineno", scalars.integer, place, work)
    in_app = get("in_app")
    if type(in_app) is not bool:
        in_app = _converted(raw, "in_app", scalars.boolean, place, work)
    package = get("package", "")
    if not (function or filename or module or abs_path or package) and (
        lineno is None and not line and "instruction_addr" not in raw
    ):
        return None
    if "vars" in raw:
        _variables(raw, place, work)
    if "pre_context" in raw:
        _lines(raw, "pre_context", place, work)
    if "post_context" in raw:
        _lines(raw, "post_context", place, work)
    colno = get("colno")
    platform = get("platform", "")
    return Frame(
        function, module, filename, abs_path, lineno, colno, line, in_app, package, platform
    )


def _text(raw: dict[str, Any], key: str, place: Place, work: Work) -> str:
    """The text at `key`, mended in the frame too."""
    if key not in raw:
        return ""
    value = raw[key]
    if key in _ADDRESSES and type(value) is int and 0 <= value < 2**64:
        value = hex(value)
    text = work.text(value, _TEXT_LIMITS[key], (place, key))
    if text:
        raw[key] = text
    else:
        del raw[key]
    return text


def _converted(
    raw: dict[str, Any],
    key: str,
    convert: Callable[[Any], Any],
    place: Place,
    work: Work,
) -> Any:
    """The value at `key` as `convert` reads it, or None, with a note, and the key dropped."""
    if key not in raw:
        return None
    value = convert(raw[key])
    if value is None:
        if raw[key] is not None:
            work.invalid((place, key), raw[key])
        del raw[key]
    else:
        raw[key] = value
    return value


def _unusual(raw: dict[str, Any], place: Place, work: Work) -> None:
    """Mend the attributes that few frames have; drop those of no protocol."""
    for key in [key for key in raw if key not in _USUAL]:
        if key in _TEXT_LIMITS:
            _text(raw, key, place, work)
        elif key == "colno":
            _converted(raw, key, scalars.integer, place, work)
        elif key in _RARE and raw[key] is not None:
            holder = {key: raw[key]}
            bags.clean_mapping(holder, 256, place, work, depth=4)
            bags.fit(holder, 2048, place, work)
            raw[key] = holder.get(key)
        else:
            del raw[key]


def _variables(raw: dict[str, Any], place: Place, work: Work) -> None:
    values = raw["vars"]
    where = (place, "vars")
    if isinstance(values, list):
        values = raw["vars"] = {str(index): value for index, value in enumerate(values)}
    if not isinstance(values, dict):
        work.invalid(where, raw.pop("vars"))
        return
    if not values:
        del raw["vars"]
        return
    if len(values) > MAX_VARS:
        work.shortened(where, len(values))
        values = raw["vars"] = dict(list(values.items())[:MAX_VARS])
    bags.clean_mapping(values, VAR_LENGTH, where, work)
    if work.size > VARS_BYTES:
        bags.fit(values, VARS_BYTES, where, work)


def _lines(raw: dict[str, Any], key: str, place: Place, work: Work) -> None:
    """Source lines around the frame's own: texts, not too many, not too long."""
    lines = raw[key]
    if type(lines) is not list:
        work.invalid((place, key), raw.pop(key))
        return
    if len(lines) > MAX_LINES:
        work.shortened((place, key), len(lines))
        lines = raw[key] = lines[-MAX_LINES:] if key == "pre_context" else lines[:MAX_LINES]
    try:
        if len("".join(lines)) <= LINE_LENGTH and not work.deep:
            return
    except TypeError:
        pass
    for index, line in enumerate(lines):
        if type(line) is not str or len(line) > LINE_LENGTH:
            lines[index] = work.text(line, LINE_LENGTH, ((place, key), index))
        elif work.deep:
            lines[index] = scrub_text(line)


# --- exceptions --------------------------------------------------------------------------


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
    if isinstance(value, dict | list):
        value = as_json(value) if value else ""
    value = work.text(value, MAX_VALUE, (place, "value"))
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
        if raw.get(key) is not None:
            kept[key] = work.text(raw[key], limit, (place, key))
    for key in ("handled", "synthetic", "is_exception_group"):
        if raw.get(key) is not None:
            kept[key] = scalars.boolean(raw[key])
    for key in ("exception_id", "parent_id"):
        if raw.get(key) is not None:
            kept[key] = scalars.integer(raw[key])
    for key in ("data", "meta"):
        if isinstance(raw.get(key), dict) and raw[key]:
            bags.clean_mapping(raw[key], VAR_LENGTH, (place, key), work)
            bags.fit(raw[key], 4096, (place, key), work)
            kept[key] = raw[key]
    return {key: value for key, value in kept.items() if value not in (None, "")}


def _cyclic(links: list[ExceptionInfo]) -> bool:
    """Whether the parents of a group lead in a circle, or an id stands twice."""
    parents = {link.exception_id: link.parent_id for link in links if link.exception_id is not None}
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
