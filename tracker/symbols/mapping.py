"""Minified JavaScript frames back to what people wrote, before grouping.

Nothing here fails an event: what can't be mapped stays as it came, with a note under
`errors` that says what was looked for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct
from symbolic.sourcemapcache import SourceMapCacheToken

from tracker.domain.event import Event, Frame
from tracker.symbols import lookup, notes, urls
from tracker.symbols.bundles import debug_id_of
from tracker.symbols.lookup import Found
from tracker.symbols.maps import MAPS, Parsed
from tracker.symbols.notes import Note
from tracker.symbols.session import Miss, Session

AROUND = 5
"""Lines of source before and after."""
LINE = 512
MISSING, BROKEN, LATE = "source_map_missing", "source_map_broken", "source_map_later"
"""Types of the notes."""
_CALL = re.compile(
    r"(?:new\s+|await\s+)?(?:[\w$]{1,100}\s*(?:\?\.|\.)\s*#?){0,20}(?P<name>[\w$]{1,100})\s*(?:\?\.)?\("
)
_NAMELESS = frozenset({"", "<anonymous>", "<unknown>"})


def _parsed(found: Found, session: Session) -> Parsed | None:
    """The parsed map; None when the batch's time for maps is up."""
    for ref in (found.map, found.minified):
        if ref is not None:
            session.used.add(ref.bundle_id)
    known = MAPS.known(found)
    if known is not None:
        return known
    if session.left <= 0:
        return None
    began = time.monotonic()
    parsed = MAPS.load(found)
    session.left -= time.monotonic() - began
    return parsed


class Stack(Struct):
    """A stack in the payload, and the same as frames: equally long."""

    holder: dict[str, Any]
    frames: tuple[Frame, ...]
    at: int
    """Place of its exception; -1: the event's own."""

    @property
    def stored(self) -> list[dict[str, Any]]:
        """The frames of the payload."""
        frames: list[dict[str, Any]] = self.holder["stacktrace"]["frames"]
        return frames


class File(Struct):
    """What is known of one built file."""

    parsed: Parsed | None = None
    url: str = ""
    note: tuple[str, str] = ("", "")
    """(type, detail) when it can't be mapped."""
    bundle_id: int = 0


def symbolicate(event: Event, project_id: int, session: Session) -> Event:
    """The event with its frames mapped, as far as there are maps; its payload changes with it."""
    stacks = list(_stacks(event))
    paths = _paths(stacks)
    if not paths:
        return event
    files = _files(event, project_id, paths, session)
    done = {stack.at: frames for stack in stacks if (frames := _map(stack, files)) is not None}
    fresh = [Note(f.note[0], path, f.note[1]) for path, f in files.items() if f.note[0]]
    notes.write(event.data, (MISSING, BROKEN, LATE), fresh)
    return _with(event, done) if done else event


def _stacks(event: Event) -> Iterator[Stack]:
    data = event.data
    values = (data.get("exception") or {}).get("values") or []
    if len(values) == len(event.exceptions):
        for at, (item, link) in enumerate(zip(values, event.exceptions, strict=True)):
            yield from _stack(item, link.frames, at)
    elif len(values) == 1 and event.stack:
        # A message with a stack that came as an invented exception.
        yield from _stack(values[0], event.stack, -1)
    if event.stack and "stacktrace" in data:
        yield from _stack(data, event.stack, -1)


def _stack(holder: dict[str, Any], frames: tuple[Frame, ...], at: int) -> Iterator[Stack]:
    if frames and len((holder.get("stacktrace") or {}).get("frames") or ()) == len(frames):
        yield Stack(holder, frames, at)


def _place(frame: Frame) -> str:
    """The address of its file: SDKs of scripts put it into `filename` alone."""
    return frame.abs_path or frame.filename


def _position(frame: Frame) -> bool:
    """Whether it names a position in a file that somebody built."""
    return bool(frame.lineno and frame.colno and urls.is_file(_place(frame)))


def _paths(stacks: list[Stack]) -> dict[str, Frame]:
    """Files to look for, each with a frame in it: the most telling one."""
    paths: dict[str, Frame] = {}
    for stack in stacks:
        for frame, stored in zip(stack.frames, stack.stored, strict=True):
            mapped = (stored.get("data") or {}).get("symbolicated")
            if mapped or not _position(frame):
                continue
            known = paths.get(_place(frame))
            if known is None or (_minified(frame) and not _minified(known)):
                paths[_place(frame)] = frame
    return paths


def _minified(frame: Frame) -> bool:
    """Whether a position looks like one in a file made by a machine."""
    line, column = frame.lineno or 0, frame.colno or 0
    return (
        column > 500
        or (line <= 5 and column > 100)
        or len(frame.context_line) > 300
        or ".min." in _place(frame)
    )


def _files(
    event: Event, project_id: int, paths: dict[str, Frame], session: Session
) -> dict[str, File]:
    """What there is for each file."""
    images = _images(event.data)
    wanted = {path: images[path] for path in paths if path in images}
    known = lookup.by_debug_ids(project_id, wanted.values()) if wanted else {}
    searching = bool(event.release) and lookup.has_any(project_id)
    files: dict[str, File] = {}
    for path, frame in paths.items():
        debug_id = wanted.get(path)
        found = known.get(debug_id) if debug_id else None
        if found is None and searching:
            found = lookup.by_url(project_id, event.release, event.dist, path)
        miss = Miss(project_id, debug_id, "" if debug_id else event.release, urls.bare(path))
        if found is not None:
            files[path] = _opened(found, session, miss)
        elif debug_id or (_minified(frame) and frame.in_app is not False and _on_a_site(path)):
            session.misses.add(miss)
            files[path] = File(note=(MISSING, _advice(event, path, debug_id)))
    return files


def _images(data: dict[str, Any]) -> dict[str, UUID]:
    """Debug ids by the file that they are of."""
    images = (data.get("debug_meta") or {}).get("images") or ()
    found = {}
    for image in images:
        path = image.get("code_file")
        if image.get("type") == "sourcemap" and isinstance(path, str):
            debug_id = debug_id_of(image.get("debug_id"))
            if debug_id is not None:
                found[path] = debug_id
    return found


def _on_a_site(path: str) -> bool:
    return path.startswith(("http://", "https://", "app://", "capacitor://", "file://"))


def _opened(found: Found, session: Session, miss: Miss) -> File:
    parsed = _parsed(found, session)
    if parsed is None:
        session.misses.add(msgspec.structs.replace(miss, ready=True))
        return File(note=(LATE, "The time for maps was up; it will be mapped in a moment."))
    if parsed.cache is None:
        return File(note=(BROKEN, f"The source map {found.url} was found, but {parsed.trouble}."))
    return File(parsed, found.url, bundle_id=found.map.bundle_id if found.map else 0)


def _advice(event: Event, path: str, debug_id: UUID | None) -> str:
    """What was looked for, and what would help."""
    if debug_id is not None:
        text = f"No source map with debug id {debug_id} was uploaded"
        if event.release:
            text += f", nor one for {urls.tilde(path)} in release {event.release}"
        return text + ". Upload the build's files: sentry-cli sourcemaps upload <folder>."
    if not event.release:
        return (
            "The file has no debug id and the event names no release, so no source map can be "
            "found. Before deploying: sentry-cli sourcemaps inject <folder>, then upload it."
        )
    dist = f", dist {event.dist}" if event.dist else ""
    text = (
        f"No file {urls.tilde(path)} with a source map was uploaded for release {event.release}"
        f"{dist}. "
    )
    if "rollbar" in event.sdk:
        return text + (
            f"Upload it: rollbar-cli upload-sourcemaps <folder> --code-version {event.release} "
            f"--url-prefix {_folder(path)} --access-token <post_server_item token>."
        )
    return text + (
        f"Upload it: sentry-cli sourcemaps upload --release {event.release} "
        f"--url-prefix {_folder(path)} <folder>; or use debug ids "
        "(sentry-cli sourcemaps inject), which need no address."
    )


def _folder(path: str) -> str:
    """The address that a folder of built files is served under, as tools want it."""
    if not path.startswith(("http://", "https://")):
        return urls.tilde(path).rpartition("/")[0] + "/"
    return urls.bare(path).rpartition("/")[0] + "/"


# -- frames ---------------------------------------------------------------------


def _map(stack: Stack, files: dict[str, File]) -> tuple[Frame, ...] | None:
    """Map one stack in place; the new frames, or None when nothing changed."""
    made: list[Frame] = []
    stored: list[dict[str, Any]] = []
    changed = False
    caller = ""
    for frame, before in zip(stack.frames, stack.stored, strict=True):
        file = files.get(_place(frame))
        token = None
        if file is not None and file.parsed is not None and _position(frame):
            token = file.parsed.at(frame.lineno or 0, frame.colno or 0, AROUND)
        if file is None or token is None or not token.src:
            made.append(frame)
            stored.append(before)
            caller = ""
            continue
        after = _mapped(before, frame, token, file, caller)
        stored.append(after)
        made.append(_frame(after, frame))
        caller = called_at(token.context_line or "", token.col - 1) or token.name or ""
        changed = True
    if not changed:
        return None
    stack.holder.setdefault("raw_stacktrace", stack.holder["stacktrace"])
    stack.holder["stacktrace"] = {**stack.holder["stacktrace"], "frames": stored}
    return tuple(made)


def _mapped(
    before: dict[str, Any], frame: Frame, token: SourceMapCacheToken, file: File, caller: str
) -> dict[str, Any]:
    """A stored frame as it was written; `caller` is the name used where it was called."""
    source = token.src or ""
    name = urls.source_file(source)
    after: dict[str, Any] = {
        **before,
        "function": _function(token, caller, frame),
        "filename": name[:256],
        "abs_path": urls.beside(_place(frame), source)[:2048],
        "module": urls.module_of(name)[:256],
        "lineno": token.line,
        "colno": token.col,
        "in_app": not urls.is_library(name),
        "data": {"symbolicated": True, "sourcemap": file.url or _place(frame)},
    }
    for key in ("context_line", "pre_context", "post_context"):
        after.pop(key, None)
    if token.context_line is not None:
        after["context_line"] = _line(token.context_line)
        after["pre_context"] = [_line(text) for text in token.pre_context]
        after["post_context"] = [_line(text) for text in token.post_context]
    return after


def called_at(line: str, column: int) -> str:
    """The name of what is called at a column (from 0) of a line as written; "" when it is none.

    Some tools map the call of a method to its receiver: `basket.total(3)` calls `total`.
    """
    found = _CALL.match(line, column)
    return found["name"] if found else ""


def _line(text: str) -> str:
    return text.rstrip("\r\n")[:LINE].replace("\x00", "")


def _function(token: SourceMapCacheToken, caller: str, frame: Frame) -> str:
    """The name of the enclosing function: as written, as called, or as minified."""
    name = (token.function_name or "").strip()
    if name not in _NAMELESS:
        return name[:256]
    if caller.replace("_", "").replace("$", "").isalnum():
        return caller[:256]
    if name == "<anonymous>":
        return name
    return frame.function if len(frame.function.rpartition(".")[2]) > 2 else ""


def _frame(after: dict[str, Any], frame: Frame) -> Frame:
    return msgspec.structs.replace(
        frame,
        function=after["function"],
        module=after["module"],
        filename=after["filename"],
        abs_path=after["abs_path"],
        lineno=after["lineno"],
        colno=after["colno"],
        context_line=after.get("context_line", ""),
        in_app=after["in_app"],
    )


def _with(event: Event, done: dict[int, tuple[Frame, ...]]) -> Event:
    """The event with its new frames."""
    links = tuple(
        msgspec.structs.replace(link, frames=done[at]) if at in done else link
        for at, link in enumerate(event.exceptions)
    )
    return msgspec.structs.replace(event, exceptions=links, stack=done.get(-1, event.stack))
