"""An event as Markdown: what a colleague, a ticket or a model needs to start.

At most 12,000 characters whatever was sent: each section has its share and gives up
whole blocks, so that what is there is complete and every fence closes.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from tracker.domain.anatomy import Anatomy, ExceptionView, FrameView, Run

LIMIT = 12_000
"""Characters: what fits into a ticket, or a question to a model."""
_CHAIN, _CRUMBS, _TAGS = 7_000, 2_300, 1_200
_LAST_CRUMBS = 10
_VARIABLES = 12
_VALUE = 1_500
_LINE = 300


def as_markdown(anatomy: Anatomy, title: str, facts: Iterable[tuple[str, str]]) -> str:
    """The chain, the application's frames with code, the last 10 breadcrumbs and the tags."""
    parts = [
        "\n".join(_head(title, facts)),
        _fit(_chain(anatomy), _CHAIN, "… and more of the stack, left out for length"),
        _request(anatomy),
        _section("Before it happened", list(_crumbs(anatomy)), _CRUMBS),
        _section("Tags", [f"- {_code(key)}: {_code(value)}" for key, value in anatomy.tags], _TAGS),
    ]
    text = "\n\n".join(part for part in parts if part) + "\n"
    return text if len(text) <= LIMIT else text[: LIMIT - 2] + "…\n"


def _head(title: str, facts: Iterable[tuple[str, str]]) -> Iterator[str]:
    yield f"# {_escaped(_line(title))}"
    yield ""
    for name, value in facts:
        if value:
            yield f"- {name}: {_code(value)}"


def _chain(anatomy: Anatomy) -> Iterator[str]:
    """Blocks, the most telling first within each link."""
    if anatomy.message and not anatomy.exceptions:
        yield _fenced(anatomy.message.full[:_VALUE].splitlines())
    for link in anatomy.exceptions:
        yield from _link(link)
    if not any(link.frames for link in anatomy.exceptions):
        for thread in anatomy.threads[:1]:
            yield from _link(thread)


def _link(link: ExceptionView) -> Iterator[str]:
    name = _escaped(_line(link.type)) or "Stack"
    relation = f"{link.relation}: " if link.relation else ""
    handled = {True: ", handled", False: ", unhandled", None: ""}[link.handled]
    yield f"## {relation}{name}{handled}"
    if link.value.full:
        yield _fenced(link.value.full[:_VALUE].splitlines())
    if link.runs:
        yield "Most recent call first:"
    shown = False
    for run in link.runs:
        if not run.in_app:
            yield _folded(run)
            continue
        for frame in run.frames:
            yield _frame(frame, with_variables=not shown)
            shown = True


def _folded(run: Run) -> str:
    count = len(run.frames)
    names = f" ({_escaped(_line(run.names))})" if run.names else ""
    return f"… {count} library frame{'s' if count > 1 else ''}{names}"


def _frame(frame: FrameView, *, with_variables: bool) -> str:
    parts = [f"{_code(frame.function)} in {_code(frame.place)}"]
    if frame.lines:
        parts.append(
            _fenced(
                f"{'>' if x.hit else ' '} {x.number or '':>5} {x.text[:_LINE]}" for x in frame.lines
            )
        )
    if with_variables and frame.variables:
        pairs = frame.variables[:_VARIABLES]
        parts.append(_fenced(f"{_line(key)} = {_line(text.head)[:120]}" for key, text in pairs))
    return "\n".join(parts)


def _request(anatomy: Anatomy) -> str:
    request = anatomy.request
    if request is None or not request.url:
        return ""
    return f"Request: {_code(f'{request.method} {request.url}')}"


def _crumbs(anatomy: Anatomy) -> Iterator[str]:
    """The newest last; the oldest are the first to go."""
    for crumb in anatomy.crumbs[-_LAST_CRUMBS:]:
        data = ", ".join(f"{key}={_line(text.head)[:80]}" for key, text in crumb.data[:4])
        words = " ".join(w for w in (_line(crumb.message.full), data and f"({data})") if w)
        yield f"- {_code(f'{crumb.time} {crumb.level} {_line(crumb.category)}: {words}')}"


def _section(name: str, lines: Sequence[str], limit: int) -> str:
    """A heading and as many of the last lines as fit, or nothing."""
    kept: list[str] = []
    room = limit
    for line in reversed(lines) if name != "Tags" else lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    if not kept:
        return ""
    if name != "Tags":
        kept.reverse()
    return f"## {name}\n\n" + "\n".join(kept)


def _fit(blocks: Iterable[str], limit: int, more: str) -> str:
    """Whole blocks up to a limit, and a word when some are left out."""
    kept: list[str] = []
    for block in blocks:
        limit -= len(block) + 2
        if limit < 0:
            return "\n\n".join([*kept, more])
        kept.append(block)
    return "\n\n".join(kept)


# --- Text that can't end what it stands in -----------------------------------------------------

_TICKS = re.compile(r"`+")
_MARKS = re.compile(r"([\\`*_\[\]<>|])")


def _line(text: str) -> str:
    return " ".join(text.split())[:_LINE]


def _escaped(text: str) -> str:
    """Plain text: no mark-up, no links, no HTML."""
    return _MARKS.sub(r"\\\1", text)


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)


def _code(text: str) -> str:
    """One line as code, whatever ticks are in it."""
    text = _line(text)
    ticks = "`" * (_longest(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}" if text else ""


def _fenced(lines: Iterable[str]) -> str:
    """Lines as a block of code, whose fence is longer than any within."""
    body = "\n".join(lines)
    fence = "`" * max(3, _longest(body) + 1)
    return f"{fence}\n{body}\n{fence}"
