"""The words of the search language: its keys, their values, and what people write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from tracker.domain.event import LEVELS as _LEVEL_NUMBERS
from tracker.domain.search.patterns import age_of, has_wildcard

STATES = (
    "unresolved", "resolved", "snoozed", "new", "regressed", "escalating", "ongoing", "for_review",
)  # fmt: skip
"""Values of `is:` that exclude each other: a chip sets one of them."""
IS = (*STATES, "assigned", "unassigned", "linked", "handled", "unhandled")
LEVELS = tuple(_LEVEL_NUMBERS)
PRIORITIES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Key:
    """A word that may stand before the colon."""

    name: str
    help: str
    """For completion and the help page."""
    example: str
    compared: bool = False
    """Takes `>`, `>=`, `<` and `<=`."""
    choices: tuple[str, ...] = ()
    """The only values there are."""
    globs: bool = False
    """`*` is a wildcard in its values."""
    check: Callable[[str], str] | None = None
    """Says what is wrong with a value; "" when nothing is."""


def _number(value: str) -> str:
    fine = value.isascii() and value.isdigit() and len(value) < 16
    return "" if fine else "needs a number"


def _span(value: str) -> str:
    return "" if age_of(value) else "needs a span of minutes, hours, days or weeks"


def _hex_id(value: str) -> str:
    try:
        UUID(value)
    except ValueError:
        return "needs 32 hex digits"
    return ""


def _tag_name(value: str) -> str:
    return "" if TAG_NAME.fullmatch(value) else "needs the name of a tag"


def _plain(value: str) -> str:
    return "takes no *" if has_wildcard(value) else ""


TAG_NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,200}")

KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key("is", "its state", "is:unresolved", choices=IS),
        Key("assigned", "who works on it: me, none, a name or #team", "assigned:me", check=_plain),
        Key("owner", "who answers for it: themselves or a team of theirs", "owner:#payments",
            check=_plain),
        Key("project", "its project", "project:shop", globs=True),
        Key("env", "seen in this environment", "env:production", globs=True),
        Key("level", "how bad", "level:>=error", compared=True, choices=LEVELS),
        Key("priority", "how urgent", "priority:high", compared=True, choices=PRIORITIES),
        Key("release", "seen in this release, or in the latest", "release:1.2*", globs=True),
        Key("first_release", "first seen in this release", "first_release:1.2", globs=True),
        Key("user.id", "hit this user", "user.id:42", check=_plain),
        Key("user.email", "hit the user with this address", "user.email:a@example.org",
            check=_plain),
        Key("user.ip", "hit the user at this address", "user.ip:203.0.113.9", check=_plain),
        Key("tag", "has a tag with this value", "tag[browser]:Firefox*", globs=True),
        Key("has", "has this tag, or a ticket", "has:browser", check=_tag_name),
        Key("ticket", "has the ticket with this key", "ticket:SHOP-12", globs=True),
        Key("events", "how many events", "events:>100", compared=True, check=_number),
        Key("users", "how many people", "users:>=5", compared=True, check=_number),
        Key("age", "first seen within (-) or before (+) a span", "age:-24h", check=_span),
        Key("seen", "last seen within (-) or before (+) a span", "seen:-1h", check=_span),
        Key("type", "type of the error", "type:ValueError", globs=True),
        Key("culprit", "where it happened", "culprit:shop.orders*", globs=True),
        Key("file", "a file of the application's frames", "file:*/orders.py", globs=True),
        Key("function", "a function of the application's frames", "function:pay*", globs=True),
        Key("message", "the message contains", 'message:"timed out"', globs=True),
        Key("logger", "the logger's name", "logger:django.request", globs=True),
        Key("platform", "the platform", "platform:python", globs=True),
        Key("trace_id", "has an event of this trace", "trace_id:" + "a" * 32, check=_hex_id),
        Key("event_id", "the issue of this event", "event_id:" + "a" * 32, check=_hex_id),
        Key("id", "the issue with this short id", "id:SHOP-4F", check=_plain),
    )
}  # fmt: skip

ALIASES = {
    "assignee": "assigned", "browser": "tag[browser]", "count": "events", "email": "user.email",
    "environment": "env", "error": "type", "error.type": "type", "firstrelease": "first_release",
    "firstseen": "age", "first_seen": "age", "ip": "user.ip", "lastseen": "seen",
    "last_seen": "seen", "msg": "message", "os": "tag[os]", "stack.filename": "file",
    "stack.function": "function", "state": "is", "status": "is", "tags": "tag", "text": "message",
    "timesseen": "events", "title": "message", "trace": "trace_id", "transaction": "culprit",
    "url": "tag[url]", "user": "user.id", "version": "release",
}  # fmt: skip
"""What people write by habit from elsewhere: not accepted, but suggested."""
CONNECTIVES = frozenset({"AND", "OR", "NOT"})
