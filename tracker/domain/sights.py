"""Frames with what the repository knows of them: a link to the line, and the lines themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from tracker.domain.anatomy import Anatomy, FrameView, Line, Run
from tracker.domain.code_paths import Place

AROUND = 5
"""Lines shown before and after the one that a frame is at."""
MOST = 12
"""Frames of one event that are looked up; the crash first."""
LONGEST = 512
"""Characters of a line, as of those that SDKs send."""

Spot = tuple[Place, int | None]


@dataclass(frozen=True, slots=True)
class Sight:
    """What the repository knows of a frame."""

    link: str = ""
    lines: tuple[Line, ...] = ()
    commit: str = ""
    """That the lines are of."""


def wanted(anatomy: Anatomy) -> dict[Spot, bool]:
    """The application's frames, the crash first, and whether each lacks its code."""
    found: dict[Spot, bool] = {}
    for frame in _frames(anatomy):
        if frame.in_app and frame.at[0] != Place() and len(found) < MOST:
            found[frame.at] = found.get(frame.at, False) or not frame.lines
    return found


def around(text: Sequence[str], line: int) -> tuple[Line, ...]:
    """The lines around one, with their numbers; none when the file has no such line."""
    if not 0 < line <= len(text):
        return ()
    first = max(line - AROUND, 1)
    shown = text[first - 1 : line + AROUND]
    lines = [Line(first + n, each.rstrip("\r")[:LONGEST], first + n == line)
             for n, each in enumerate(shown)]  # fmt: skip
    while not lines[-1].text.strip() and not lines[-1].hit:
        lines.pop()
    while not lines[0].text.strip() and not lines[0].hit:
        lines.pop(0)
    return tuple(lines)


def clothed(anatomy: Anatomy, sights: Mapping[Spot, Sight]) -> Anatomy:
    """The same with links, and with code where none was sent."""
    if not sights:
        return anatomy

    def dress(frame: FrameView) -> FrameView:
        sight = sights.get(frame.at) if frame.in_app else None
        if sight is None:
            return frame
        if frame.lines or not sight.lines:
            return replace(frame, link=sight.link)
        return replace(frame, link=sight.link, lines=sight.lines, borrowed=sight.commit[:10])

    return replace(
        anatomy,
        exceptions=tuple(
            replace(link, runs=_each(link.runs, dress)) for link in anatomy.exceptions
        ),
    )


def _each(runs: Sequence[Run], dress: Callable[[FrameView], FrameView]) -> tuple[Run, ...]:
    return tuple(replace(run, frames=tuple(map(dress, run.frames))) for run in runs)


def _frames(anatomy: Anatomy) -> Iterator[FrameView]:
    for link in anatomy.exceptions:
        for run in link.runs:
            yield from run.frames
