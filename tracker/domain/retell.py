"""An event as text for other places: the stack trace as a console prints it, and Markdown."""

from collections.abc import Iterator

from tracker.domain.anatomy import Anatomy, ExceptionView, FrameView

MARKDOWN_LIMIT = 12_000
"""Characters of the Markdown copy: what fits into an issue, or a question to a model."""
_CRUMBS = 10


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


def as_markdown(anatomy: Anatomy, title: str, facts: list[tuple[str, str]]) -> str:
    """What a colleague or a model needs to start: chain, own frames with code, crumbs, tags."""
    text = "\n".join(_markdown(anatomy, title, facts))
    return text if len(text) <= MARKDOWN_LIMIT else text[: MARKDOWN_LIMIT - 2] + "\n…"


def _markdown(anatomy: Anatomy, title: str, facts: list[tuple[str, str]]) -> Iterator[str]:
    yield f"# {_line(title)}"
    yield ""
    yield from (f"- {name}: {_line(value)}" for name, value in facts if value)
    if anatomy.message and not anatomy.exceptions:
        yield from ("", *_fenced([anatomy.message.full]))
    for link in anatomy.exceptions:
        yield ""
        yield f"## {link.relation + ': ' if link.relation else ''}{_line(link.type)}"
        yield ""
        yield from _fenced([link.value.full])
        for run in link.runs:
            if not run.in_app:
                yield f"\n… {len(run.frames)} library frames"
                continue
            frame = run.frames[0]
            yield f"\n**{_line(frame.function)}** in `{_line(frame.place)}`"
            if frame.lines:
                yield from _fenced(
                    f"{'>' if x.hit else ' '} {x.number or '':>5} {x.text}" for x in frame.lines
                )
    if anatomy.crumbs:
        yield "\n## Before it happened\n"
        yield from _fenced(
            f"{c.time} {c.level:<7} {c.category}: {_line(c.message.full)}"
            for c in anatomy.crumbs[-_CRUMBS:]
        )
    if anatomy.tags:
        yield "\n## Tags\n"
        yield from (f"- {_line(key)}: {_line(value)}" for key, value in anatomy.tags)


def _line(text: str) -> str:
    return " ".join(text.split())[:500]


def _fenced(lines: "Iterator[str] | list[str]") -> Iterator[str]:
    yield "```"
    # A fence inside would end ours.
    yield from (line.replace("```", "'''") for line in lines)
    yield "```"
