"""Stacks and their frames: mended in place, and as Frame."""

from collections.abc import Callable
from typing import Any

from ingest.adapters.normalise import bags, scalars
from ingest.adapters.normalise.work import Place, Work, halves
from tracker.domain.event import Frame
from tracker.domain.scrub import scrub_text

MAX_FRAMES = 250
MAX_VARS = 50
VAR_LENGTH = 1024
VARS_BYTES = 64 * 1024
LINE_LENGTH = 512
MAX_LINES = 10

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
    get, deep = raw.get, work.deep
    function = get("function", "")
    if deep or type(function) is not str or len(function) > 256:
        function = _text(raw, "function", place, work)
    module = get("module", "")
    if deep or type(module) is not str or len(module) > 256:
        module = _text(raw, "module", place, work)
    filename = get("filename", "")
    if deep or type(filename) is not str or len(filename) > 256:
        filename = _text(raw, "filename", place, work)
    abs_path = get("abs_path", "")
    if deep or type(abs_path) is not str or len(abs_path) > 2048:
        abs_path = _text(raw, "abs_path", place, work)
    line = get("context_line", "")
    if deep or type(line) is not str or len(line) > LINE_LENGTH:
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
    _inside(raw, place, work)
    colno = get("colno")
    platform = get("platform", "")
    return Frame(
        function, module, filename, abs_path, lineno, colno, line, in_app, package, platform
    )


def _inside(raw: dict[str, Any], place: Place, work: Work) -> None:
    """The variables of a frame and the lines around its own."""
    if "vars" in raw:
        _variables(raw, place, work)
    if "pre_context" in raw:
        _lines(raw, "pre_context", place, work)
    if "post_context" in raw:
        _lines(raw, "post_context", place, work)


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
    bags.clean(values, VAR_LENGTH, where, work)
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
