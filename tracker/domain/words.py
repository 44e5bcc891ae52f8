"""What of an event's stack can be searched for: files and functions of the application."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.domain.event import Event, Frame

MOST = 100
"""Different files or functions that are kept of one issue."""


def files_and_functions(event: Event) -> tuple[str, str]:
    """A line each, a newline before and behind; "" when there are none."""
    frames = _own(event)
    files = (frame.filename or frame.abs_path for frame in reversed(frames))
    names = (
        f"{frame.module}.{frame.function}" if frame.module else frame.function
        for frame in reversed(frames)
        if frame.function
    )
    return _lines(files), _lines(names)


def _own(event: Event) -> list[Frame]:
    """The application's frames of all links, the crash last; all frames when none is told."""
    frames = [*event.stack, *(frame for link in event.exceptions for frame in link.frames)]
    if not frames:
        frames = [f for t in event.threads if t.crashed or t.current for f in t.frames]
    own = [frame for frame in frames if frame.in_app]
    if own or any(frame.in_app is False for frame in frames):
        return own
    return frames


def _lines(texts: Iterable[str]) -> str:
    kept = [t for t in dict.fromkeys(" ".join(text.split()) for text in texts) if t][:MOST]
    return "\n" + "\n".join(kept) + "\n" if kept else ""
