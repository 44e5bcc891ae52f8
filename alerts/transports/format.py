"""What the chat senders share: the facts of a notice, and escapes for each kind of markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from alerts.domain.text import one_line
from alerts.transports.base import Link, Notice

RED, GREEN, GREY = 0xB3261E, 0x1A7F4B, 0x767676
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~<>])")
_HALF_ESCAPE = re.compile(r"&[a-z]{0,3}$")
_JOINER = "\u2060"


def facts(notice: Notice, limit: int = 200, longest: int = 700) -> list[tuple[str, str]]:
    """Name and value of what is known, each value one line; raw, to be escaped.

    `longest` is for the list of further alerts, if there are any.
    """
    moment = "%Y-%m-%d %H:%M UTC"
    rows = (
        ("Project", notice.project),
        ("Level", notice.level),
        ("Environment", notice.environment),
        ("Release", notice.release),
        ("Events", str(notice.events) if notice.events else ""),
        ("Users", str(notice.users) if notice.users else ""),
        ("First seen", notice.first_seen.strftime(moment) if notice.first_seen else ""),
        ("Last seen", notice.last_seen.strftime(moment) if notice.last_seen else ""),
        ("Owner", notice.owner),
    )
    found = [(name, one_line(value, limit)) for name, value in rows]
    if notice.also:
        found.insert(0, ("Also", also(notice, longest)))
    return [(name, value) for name, value in found if value]


def also(notice: Notice, limit: int) -> str:
    """The alerts that this one stands for, in a line; raw."""
    names = [f"{each.short_id} {one_line(each.title, 60)}" for each in notice.also]
    while len(names) > 1 and len("; ".join(names)) > limit - 20:
        names.pop()
    left = len(notice.also) - len(names) + notice.more
    return one_line("; ".join([*names, *([f"{left} more"] if left else [])]), limit)


def details(notice: Notice, limit: int) -> list[str]:
    """Where and why, each one line of at most `limit`; raw."""
    found = (one_line(part, limit) for part in (notice.culprit, notice.why))
    return [line for line in found if line]


def heading(notice: Notice, limit: int) -> str:
    """Headline, short id and title in one line; raw."""
    return one_line(f"{notice.headline}: {notice.short_id} {notice.title}", limit)


def colour(kind: str) -> int:
    """Red while it burns, green when it is over."""
    return {"close": GREEN, "test": GREY}.get(kind, RED)


def html(text: str, limit: int | None = None) -> str:
    """For Slack and others that read `& < >` as markup and nothing else.

    `limit` is the length of what comes back; no escape is cut in two.
    """
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    if limit is None or len(escaped) <= limit:
        return escaped
    return _HALF_ESCAPE.sub("", escaped[: limit - 1]) + "…"


def within_bytes(text: str, limit: int) -> str:
    """At most `limit` bytes of UTF-8, no letter cut in two."""
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def markdown(text: str) -> str:
    """Every mark of Markdown made literal, and no mention: `@here` is text."""
    return unmention(_MARKDOWN.sub(r"\\\1", text))


def links(actions: Sequence[Link]) -> str:
    """What can be done, as links of Markdown: labels and addresses are ours."""
    return " · ".join(f"[{each.label}]({each.url})" for each in actions)


def unmention(text: str) -> str:
    """Breaks `@name` so that nobody is called; it looks the same."""
    return text.replace("@", f"@{_JOINER}")
