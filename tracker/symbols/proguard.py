"""Obfuscated Java and Kotlin names back to what people wrote, by ProGuard and R8 mappings."""

from __future__ import annotations

import tempfile
import threading
import time
from collections import OrderedDict
from typing import Any
from uuid import UUID

import msgspec
from django.core.files.storage import default_storage
from symbolic.exceptions import SymbolicError
from symbolic.proguard import ProguardMapper

from tracker.domain.event import Event, ExceptionInfo, Frame
from tracker.models import DebugFile
from tracker.models.symbols import Uploaded
from tracker.symbols import notes
from tracker.symbols.bundles import debug_id_of
from tracker.symbols.lookup import ANSWERS
from tracker.symbols.misses import PROGUARD
from tracker.symbols.notes import Note
from tracker.symbols.session import Miss, Session

MOST_FILE = 256 * 1024 * 1024
MOST_KEPT = 4
"""Mappings in memory: they lie in mapped files and cost little besides."""
MOST_FRAMES = 250
MISSING, BROKEN, LATE = "proguard_missing", "proguard_broken", "proguard_later"
KINDS = frozenset({MISSING, BROKEN, LATE})
"""Types of the notes."""
_kept: OrderedDict[str, ProguardMapper | None] = OrderedDict()
_lock = threading.Lock()


def symbolicate(event: Event, project_id: int, session: Session) -> Event:
    """The event with classes and methods named as written; its payload changes with it."""
    wanted = _wanted(event.data)
    if not wanted:
        return event
    mapper, note = _mapper(wanted, project_id, session)
    notes.write(event.data, KINDS, [note] if note else [])
    values = (event.data.get("exception") or {}).get("values") or []
    if mapper is None or len(values) != len(event.exceptions):
        return event
    links = tuple(
        _link(link, item, mapper) for link, item in zip(event.exceptions, values, strict=True)
    )
    changed = links != event.exceptions
    return msgspec.structs.replace(event, exceptions=links) if changed else event


def _wanted(data: dict[str, Any]) -> list[UUID]:
    """Ids of the mappings that the event names."""
    images = (data.get("debug_meta") or {}).get("images") or ()
    ids = (
        debug_id_of(image.get("uuid") or image.get("debug_id"))
        for image in images
        if image.get("type") == "proguard"
    )
    return [found for found in ids if found is not None]


def _mapper(
    wanted: list[UUID], project_id: int, session: Session
) -> tuple[ProguardMapper | None, Note | None]:
    """The mapping of the first id that has one; else what to say about it."""
    path, debug_id = next(
        ((path, one) for one in wanted if (path := path_of(project_id, one))), ("", wanted[0])
    )
    name = f"mapping {debug_id}"
    miss = Miss(project_id, debug_id, "", PROGUARD)
    if not path:
        session.misses.add(miss)
        return None, Note(MISSING, name, _advice(debug_id))
    mapper, late = _opened(path, session)
    if late:
        session.misses.add(msgspec.structs.replace(miss, ready=True))
        return None, Note(LATE, name, "The time for mappings was up; it will be used in a moment.")
    if mapper is None:
        return None, Note(BROKEN, name, "The ProGuard mapping was found, but can't be read.")
    return mapper, None


def _advice(debug_id: UUID) -> str:
    """What was looked for, and what would help."""
    return (
        f"No ProGuard or R8 mapping with the UUID {debug_id} was uploaded. Upload the build's: "
        f"sentry-cli upload-proguard --uuid {debug_id} mapping.txt (from 3.0 on: "
        f"sentry-cli proguard upload --uuid {debug_id} mapping.txt)."
    )


def path_of(project_id: int, debug_id: UUID) -> str:
    """Where the newest mapping of that id lies; "" when there is none."""
    now = time.monotonic()
    key = ("proguard", project_id, debug_id)
    known, answer = ANSWERS.get(key, now)
    if not known:
        rows = DebugFile.objects.filter(
            project_id=project_id, debug_id=debug_id, kind=PROGUARD, state=Uploaded.State.OK,
            size__lte=MOST_FILE,
        )  # fmt: skip
        answer = rows.order_by("-created_at").values_list("path", flat=True).first() or ""
        ANSWERS.put(key, answer, now)
    return str(answer)


def _opened(path: str, session: Session) -> tuple[ProguardMapper | None, bool]:
    """The parsed mapping, None when it can't be read; and whether only time was lacking."""
    with _lock:
        if path in _kept:
            _kept.move_to_end(path)
            return _kept[path], False
    if session.left <= 0:
        return None, True
    began = time.monotonic()
    mapper: ProguardMapper | None
    try:
        # The library wants a file of this machine, wherever the storage is.
        with default_storage.open(path, "rb") as stored, tempfile.NamedTemporaryFile() as local:
            for piece in stored.chunks():
                local.write(piece)
            local.flush()
            mapper = ProguardMapper.open(local.name)
    except (SymbolicError, OSError):
        mapper = None
    session.left -= time.monotonic() - began
    with _lock:
        _kept[path] = mapper
        while len(_kept) > MOST_KEPT:
            _kept.popitem(last=False)
    return mapper, False


def _link(link: ExceptionInfo, item: dict[str, Any], mapper: ProguardMapper) -> ExceptionInfo:
    module, kind = link.module, link.type
    name = mapper.remap_class(f"{module}.{kind}" if module else kind)
    if name:
        module, _, kind = name.rpartition(".")
        item["type"] = kind
        if module:
            item["module"] = module
    frames = link.frames
    stack = item.get("stacktrace") or {}
    if len(stack.get("frames") or ()) == len(frames):
        frames = _frames(frames, stack, item, mapper)
    return msgspec.structs.replace(link, type=kind, module=module, frames=frames)


def _frames(
    frames: tuple[Frame, ...], stack: dict[str, Any], item: dict[str, Any], mapper: ProguardMapper
) -> tuple[Frame, ...]:
    """Frames mapped; an inlined call becomes several."""
    made: list[Frame] = []
    stored: list[dict[str, Any]] = []
    changed = False
    for frame, before in zip(frames, stack["frames"], strict=True):
        found = mapper.remap_frame(frame.module, frame.function, frame.lineno or 0)
        if not found and (name := mapper.remap_class(frame.module)):
            found_names = [(name, frame.function, frame.lineno or 0, "")]
        else:
            # Innermost first; a stack here is oldest call first.
            found_names = [
                (one.class_name, one.method, one.line, one.file or "") for one in reversed(found)
            ]
        if not found_names:
            made.append(frame)
            stored.append(before)
            continue
        changed = True
        for module, function, line, file in found_names:
            after = {**before, "module": module[:256], "function": function[:256]}
            after["lineno"] = line or frame.lineno
            after["filename"] = (file or f"{module.rpartition('.')[2].partition('$')[0]}.java")[
                :256
            ]
            after["data"] = {"symbolicated": True}
            stored.append(after)
            made.append(
                msgspec.structs.replace(
                    frame, module=after["module"], function=after["function"],
                    lineno=after["lineno"], filename=after["filename"],
                )
            )  # fmt: skip
    if not changed or len(made) > MOST_FRAMES:
        return frames
    item.setdefault("raw_stacktrace", stack)
    item["stacktrace"] = {**stack, "frames": stored}
    return tuple(made)
