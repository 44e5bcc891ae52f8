"""Which of some events tells most: the one to read first is not always the latest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tracker.domain.texts import mapping, objects


def telling(data: Mapping[str, Any]) -> int:
    """How much a payload tells; what developers miss most weighs most. Never raises."""
    frames = list(_own_frames(data))
    return (
        4 * bool(mapping(data.get("user")))
        + 4 * any(mapping(frame.get("vars")) for frame in frames)
        + 4 * any(isinstance(frame.get("context_line"), str) for frame in frames)
        + 2 * bool(frames)
        + 2 * bool(objects(data.get("breadcrumbs")))
        + bool(mapping(data.get("request")))
        - bool(data.get("errors"))
    )


def _own_frames(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Frames of the application, or all where nobody said which those are."""
    stacks = [mapping(link.get("stacktrace")) for link in objects(data.get("exception"))]
    stacks.append(mapping(data.get("stacktrace")))
    frames = [f for stack in stacks for f in objects({"values": stack.get("frames")})]
    own = [frame for frame in frames if frame.get("in_app") is True]
    yield from own or (f for f in frames if f.get("in_app") is None)
