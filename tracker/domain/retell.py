"""An event as the stack trace that its platform's own console would print."""

from collections.abc import Iterator

from tracker.domain.anatomy import Anatomy, ExceptionView, FrameView


def as_trace(anatomy: Anatomy, platform: str) -> str:
    """The chain as the platform's own console would print it."""
    if platform == "python":
        return "\n".join(_python(anatomy))
    return "\n".join(_stack(anatomy))


def _headline(exception: ExceptionView) -> str:
    return ": ".join(part for part in (exception.type, exception.value.full) if part)


def _python(anatomy: Anatomy) -> Iterator[str]:
    """Oldest first, most recent call last."""
    links = list(reversed(anatomy.exceptions))
    for place, link in enumerate(links):
        if place:
            # `relation` hangs on the older link: how it led to this one.
            during = links[place - 1].relation == "raised while handling"
            yield ""
            yield (
                "During handling of the above exception, another exception occurred:"
                if during
                else "The above exception was the direct cause of the following exception:"
            )
            yield ""
        frames = list(_frames(link))
        if frames:
            yield "Traceback (most recent call last):"
        for frame in reversed(frames):
            name, _, line = frame.place.rpartition(":")
            yield f'  File "{frame.path or name or frame.place}", line {line}, in {frame.function}'
            yield from (f"    {x.text.strip()}" for x in frame.lines if x.hit)
        yield _headline(link)
    if not links and anatomy.message:
        yield anatomy.message.full


def _stack(anatomy: Anatomy) -> Iterator[str]:
    """Newest first, most recent call first."""
    for place, link in enumerate(anatomy.exceptions):
        yield ("Caused by: " if place else "") + (_headline(link) or "stack")
        yield from (f"    at {frame.function} ({frame.place})" for frame in _frames(link))
    if not anatomy.exceptions and anatomy.message:
        yield anatomy.message.full


def _frames(link: ExceptionView) -> Iterator[FrameView]:
    for run in link.runs:
        yield from run.frames
