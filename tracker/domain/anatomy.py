"""A stored event taken apart for readers: chain, frames, breadcrumbs, request and the rest.

Input is the payload under the Sentry client's attribute names; nothing is trusted to have
the shape it should. Output is text only: pages escape it, mails and the API reuse it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tracker.domain.code_paths import Place, place_of
from tracker.domain.texts import (
    Pairs,
    Text,
    listed,
    mapping,
    named,
    objects,
    pairs_of,
    plain,
    text_of,
)
from tracker.domain.webrequest import RequestView, request_of

OPEN = 3
"""Frames of the application that are open at once, per exception."""
_JOINED_BY = {
    "__cause__": "caused by", "cause": "caused by", "__context__": "raised while handling",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """A line of source."""

    number: int | None
    text: str
    hit: bool = False


@dataclass(frozen=True, slots=True)
class FrameView:
    """One call."""

    function: str
    place: str
    """File or module, and line."""
    path: str
    """The whole path, when it says more than `place`."""
    in_app: bool
    lines: tuple[Line, ...] = ()
    variables: Pairs = ()
    package: str = ""
    """The library it belongs to, in a word."""
    at: tuple[Place, int | None] = (Place(), None)
    """File and line as they were sent, by which its code is looked for."""
    link: str = ""
    """Where people read its line."""
    borrowed: str = ""
    """The commit that its lines were taken from, as the SDK sent none."""

    @property
    def opens(self) -> bool:
        """Whether there is anything behind the title."""
        return bool(self.lines or self.variables)


@dataclass(frozen=True, slots=True)
class Run:
    """Neighbouring frames, most recent first: one of the application, or library ones folded."""

    in_app: bool
    frames: tuple[FrameView, ...]
    open: bool = False
    """Shown with code and locals at once: the application's last calls."""

    @property
    def names(self) -> str:
        """The packages of folded frames, at most three."""
        seen: dict[str, None] = {}
        for frame in self.frames:
            seen.setdefault(frame.package, None)
        found = [name for name in seen if name]
        return ", ".join(found[:3]) + (" …" if len(found) > 3 else "")


@dataclass(frozen=True, slots=True)
class ExceptionView:
    """One link of the chain."""

    type: str
    value: Text
    module: str
    handled: bool | None
    mechanism: str
    relation: str
    """How it led to the link shown before it: "" for the first."""
    runs: tuple[Run, ...]
    frames: int
    originals: tuple[Run, ...] = ()
    """The frames as they came, where source maps or mappings changed them."""


@dataclass(frozen=True, slots=True)
class Crumb:
    """Something that happened before."""

    time: str
    level: str
    category: str
    message: Text
    data: Pairs


@dataclass(frozen=True, slots=True)
class Anatomy:
    """All parts of one event."""

    message: Text | None
    exceptions: tuple[ExceptionView, ...]
    """Newest first: what reached the top, then what caused it."""
    threads: tuple[ExceptionView, ...]
    crumbs: tuple[Crumb, ...]
    request: RequestView | None
    user: Pairs
    tags: tuple[tuple[str, str], ...]
    """In the order of their names."""
    contexts: tuple[tuple[str, Pairs], ...]
    extra: Pairs
    modules: tuple[tuple[str, str], ...]
    sdk: str
    notes: tuple[str, ...]
    """What was cut or repaired on the way in."""
    unmapped: tuple[tuple[str, str], ...] = ()
    """(file, what was looked for and what would help) where frames stay as a machine wrote them."""


def dissect(data: Mapping[str, Any]) -> Anatomy:
    """Take a payload apart. Never raises on odd shapes: what can't be read is left out."""
    return Anatomy(
        message=_message(data),
        exceptions=_chain(data),
        threads=tuple(_threads(data)),
        crumbs=tuple(_crumb(item) for item in objects(data.get("breadcrumbs"))),
        request=request_of(mapping(data.get("request"))),
        user=pairs_of(mapping(data.get("user"))),
        tags=tuple(named(data.get("tags"))),
        contexts=tuple(
            (name, pairs_of({k: v for k, v in mapping(value).items() if k != "type"}))
            for name, value in sorted(mapping(data.get("contexts")).items())
            if mapping(value)
        ),
        extra=pairs_of(mapping(data.get("extra"))),
        modules=tuple(sorted((k, plain(v)) for k, v in mapping(data.get("modules")).items())),
        sdk="/".join(
            plain(mapping(data.get("sdk"))[key])
            for key in ("name", "version")
            if mapping(data.get("sdk")).get(key)
        ),
        notes=tuple(_notes(data)),
        unmapped=tuple(_unmapped(data)),
    )


# --- Message, exceptions, frames ------------------------------------------------------------------


def _message(data: Mapping[str, Any]) -> Text | None:
    entry = data.get("logentry") or data.get("message")
    if isinstance(entry, Mapping):
        entry = entry.get("formatted") or entry.get("message")
    return text_of(entry, 2000) if entry else None


def _chain(data: Mapping[str, Any]) -> tuple[ExceptionView, ...]:
    values = list(reversed(objects(data.get("exception"))))
    python = data.get("platform") == "python"
    found = []
    for place, item in enumerate(values):
        mechanism = mapping(item.get("mechanism"))
        # A plain chain carries no source: then the SDK's order is all there is to know.
        source = plain(mechanism.get("source"))
        relation = _JOINED_BY.get(source, "") or ("part of the group" if "[" in source else "")
        found.append(
            _exception(item, mechanism, (relation or "caused by") if place else "", python)
        )
    frames = _frames(data.get("stacktrace"), python)
    if not found and frames:
        found.append(ExceptionView("", text_of(""), "", None, "", "", _runs(frames), len(frames)))
    return tuple(found)


def _exception(
    item: Mapping[str, Any], mechanism: Mapping[str, Any], relation: str, python: bool
) -> ExceptionView:
    frames = _frames(item.get("stacktrace"), python)
    handled = mechanism.get("handled")
    return ExceptionView(
        type=plain(item.get("type")),
        value=text_of(plain(item.get("value")), 2000),
        module=plain(item.get("module")),
        handled=handled if isinstance(handled, bool) else None,
        mechanism=plain(mechanism.get("type")),
        relation=relation,
        runs=_runs(frames),
        frames=len(frames),
        originals=_runs(_frames(item.get("raw_stacktrace"), python)),
    )


def _threads(data: Mapping[str, Any]) -> Iterator[ExceptionView]:
    for thread in objects(data.get("threads")):
        frames = _frames(thread.get("stacktrace"), data.get("platform") == "python")
        if frames:
            name = plain(thread.get("name")) or f"thread {plain(thread.get('id'))}"
            crashed = " (crashed)" if thread.get("crashed") else ""
            yield ExceptionView(
                name + crashed, text_of(""), "", None, "", "", _runs(frames), len(frames)
            )


def _frames(stack: Any, python: bool) -> list[FrameView]:
    """Most recent first."""
    frames = mapping(stack).get("frames")
    if not isinstance(frames, list):
        return []
    calls = [item for item in reversed(frames) if isinstance(item, Mapping) and item]
    if not any(isinstance(item.get("in_app"), bool) for item in calls):
        # Nobody said what is the application's: then nothing is folded away.
        calls = [{**item, "in_app": True} for item in calls]
    return [_frame(item, python) for item in calls]


def _frame(item: Mapping[str, Any], python: bool) -> FrameView:
    line, column = item.get("lineno"), item.get("colno")
    names = (plain(item.get(key)) for key in ("filename", "module", "abs_path"))
    name = next(filter(None, names), "")
    package = plain(item.get("package"))
    address = plain(item.get("instruction_addr"))
    place = name or package or address or "?"
    if isinstance(line, int) and not isinstance(line, bool):
        place += f":{line}" + (f":{column}" if isinstance(column, int) else "")
    path = plain(item.get("abs_path"))
    function = plain(item.get("function")) or plain(item.get("symbol")) or "?"
    return FrameView(
        function, place, path if path != name else "", item.get("in_app") is True,
        tuple(_source(item)), pairs_of(mapping(item.get("vars")), python=python), _package(item),
        (place_of(item), line if isinstance(line, int) and not isinstance(line, bool) else None),
    )  # fmt: skip


def _package(item: Mapping[str, Any]) -> str:
    """`django` of `django.core.handlers` or of `node_modules/express/lib/router.js`."""
    _, found, rest = plain(item.get("filename")).rpartition("node_modules/")
    if found:
        return "/".join(rest.split("/")[: 2 if rest.startswith("@") else 1])
    return plain(item.get("module")).split(".")[0].split(":")[0].split("/")[-1]


def _source(item: Mapping[str, Any]) -> Iterator[Line]:
    current = item.get("context_line")
    if not isinstance(current, str):
        return
    line = item.get("lineno")
    number = line if isinstance(line, int) and not isinstance(line, bool) else None
    before = [t for t in listed(item.get("pre_context")) if isinstance(t, str)]
    after = [t for t in listed(item.get("post_context")) if isinstance(t, str)]
    while after and not after[-1].strip():
        after.pop()
    for offset, text in enumerate((*before, current, *after), start=-len(before)):
        yield Line(None if number is None else number + offset, text, offset == 0)


def _runs(frames: Iterable[FrameView]) -> tuple[Run, ...]:
    """Each frame of the application alone, the library's between them together."""
    runs: list[Run] = []
    folded: list[FrameView] = []
    own = 0
    for frame in frames:
        if not frame.in_app:
            folded.append(frame)
            continue
        if folded:
            runs.append(Run(False, tuple(folded)))
            folded = []
        runs.append(Run(True, (frame,), own < OPEN))
        own += 1
    if folded:
        runs.append(Run(False, tuple(folded)))
    return tuple(runs)


# --- Breadcrumbs and notes ----------------------------------------------------------------------


def _crumb(item: Mapping[str, Any]) -> Crumb:
    kind = plain(item.get("type"))
    category = plain(item.get("category")) or kind or "default"
    data = item.get("data")
    return Crumb(
        time=_clock(item.get("timestamp")),
        level=plain(item.get("level")) or ("error" if kind == "error" else "info"),
        category=category,
        message=text_of(plain(item.get("message"))),
        data=pairs_of(data)
        if isinstance(data, Mapping)
        else pairs_of({"value": data} if data else {}),
    )


def _clock(value: Any) -> str:
    """Hours, minutes and seconds of an ISO text or of seconds since 1970, UTC."""
    if isinstance(value, str) and len(value) >= 19 and value[10] in "T ":
        return value[11:19]
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        rest = int(value) % 86400
        return f"{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"
    return ""


_MAPS = ("source_map_", "proguard_")
"""How the types of notes on maps and mappings begin."""
_RULES = {"x": "removed", "s": "replaced", "c": "cut", "!limit": "cut"}


def _notes(data: Mapping[str, Any]) -> Iterator[str]:
    yield from _marks(data.get("_meta"), "")
    for error in objects({"values": data.get("errors")}):
        name, kind = plain(error.get("name")), plain(error.get("type"))
        if kind.startswith(_MAPS):
            continue
        yield f"{name or 'event'}: {kind.replace('_', ' ') or 'could not be read'}"


def _unmapped(data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for error in objects({"values": data.get("errors")}):
        if plain(error.get("type")).startswith(_MAPS):
            yield plain(error.get("name")), plain(error.get("value"))


def _marks(meta: Any, path: str) -> Iterator[str]:
    """The marks of a `_meta` tree: under the key "" is what happened to that path."""
    for key, value in mapping(meta).items():
        if key:
            yield from _marks(value, f"{path}.{key}" if path else str(key))
            continue
        mark = mapping(value)
        if isinstance(mark.get("len"), int):
            yield f"{path or 'event'}: cut, was {mark['len']:,} long"
            continue
        errors = listed(mark.get("err"))
        texts = [plain(e[0] if isinstance(e, list) and e else e) for e in errors]
        words = ", ".join(text.replace("_", " ") for text in texts if text)
        removed = [_RULES.get(plain(r[1]), "changed") for r in listed(mark.get("rem"))
                   if isinstance(r, list) and len(r) > 1]  # fmt: skip
        yield f"{path or 'event'}: {words or ', '.join(removed) or 'changed'}"
