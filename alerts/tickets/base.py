"""What a ticket tracker can do for us, what it is given, and how it fails.

TransportError          of `alerts.transports.base`: Unreachable, Rejected, Misconfigured
└── Gone                the ticket is not there (any more), or not for us to see

A call to our webhook that is not believed or can't be read is a HookError of `tracker.calls`.
"""

from __future__ import annotations

import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec
from msgspec import Struct

from alerts.tickets.text import Block
from alerts.transports.base import Misconfigured, Option, Rejected
from alerts.transports.http import split
from tracker.calls import Forged, Garbled, HookError, Incoming, digest, same, signature

__all__ = [
    "Draft", "Forged", "Garbled", "Gone", "Heard", "HookError", "Incoming", "Options", "Ticket",
    "Tracker", "address", "decoded", "digest", "made_secret", "part", "same", "signature", "word",
]  # fmt: skip
SECRET = Option(
    "hook_secret", "Webhook secret",
    "Made for you when left empty, and shown once; the tracker signs its calls with it.",
    secret=True,
)  # fmt: skip
SECRET_SHAPE = re.compile(r"[\x21-\x7e]{16,200}")


class Gone(Rejected):
    """The ticket was deleted, moved away or hidden from us."""

    def __init__(self, text: str, status: str = "") -> None:
        super().__init__(text, permanent=True, status=status)


class Draft(Struct, frozen=True):
    """A ticket that is to be made."""

    title: str
    """One line, as strangers wrote it."""
    body: tuple[Block, ...]
    marker: str
    """Unique, part of the body: by it a ticket is found again when its answer was lost."""
    since: datetime
    """When it was asked for: the ticket can't be older."""


class Ticket(Struct, frozen=True):
    """A ticket as its tracker tells of it now."""

    id: str
    """What the tracker's API calls it."""
    key: str
    """What people call it: `acme/shop#12`, `SHOP-12`."""
    url: str
    title: str
    closed: bool
    state: str
    """The state in the tracker's own word."""
    assignee: str = ""


class Heard(Struct, frozen=True):
    """What a genuine call says: look at these tickets again."""

    delivery: str
    """The same for each repetition of the call."""
    tickets: tuple[str, ...] = ()
    """Ids of the tickets that changed; keys where the tracker tells no ids."""


Options = Mapping[str, Any]
"""A connection's configuration with its secrets opened."""


class Tracker(ABC):
    """A way to tickets. Holds no state: one instance serves every connection and thread."""

    label: ClassVar[str]
    options: ClassVar[tuple[Option, ...]] = ()
    hook_steps: ClassVar[tuple[str, ...]] = ()
    """What to do over there so that it calls our webhook; `{url}` is put in."""
    user_help: ClassVar[str] = "Login name over there."
    starts_hook: ClassVar[bool] = False
    """The webhook is made through the API, by `start_hook`."""

    @abstractmethod
    def probe(self, options: Options) -> str:
        """Ask for the place where tickets go; returns a sentence. Raises TransportError."""

    @abstractmethod
    def create(self, options: Options, draft: Draft) -> Ticket:
        """Make a ticket. Raises TransportError; it may then exist all the same: see `find`."""

    @abstractmethod
    def find(self, options: Options, draft: Draft) -> Ticket | None:
        """The ticket that an earlier `create` of the same draft made, if it did."""

    @abstractmethod
    def fetch(self, options: Options, ticket: str) -> Ticket:
        """The ticket as it is now. Raises Gone and other TransportErrors."""

    @abstractmethod
    def move(self, options: Options, ticket: str, *, closed: bool) -> Ticket:
        """Close or reopen it; returns how it is then. Does nothing when it is so already."""

    @abstractmethod
    def comment(self, options: Options, ticket: str, body: tuple[Block, ...]) -> None:
        """Say something below it."""

    @abstractmethod
    def assign(self, options: Options, ticket: str, login: str) -> None:
        """Make a person responsible."""

    @abstractmethod
    def login_of(self, options: Options, email: str) -> str:
        """Whose address this is over there; "" when nobody's, or when that is not told."""

    @abstractmethod
    def read_address(self, options: Options, text: str) -> str:
        """The id or key in a ticket's address as people paste it. Raises Misconfigured."""

    @abstractmethod
    def hear(self, options: Options, call: Incoming) -> Heard:
        """Check a call to our webhook and read it. Raises Forged and Garbled."""

    def complete(self, config: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
        """Check a configuration; returns secrets that were made for it, shown once.

        Raises Misconfigured with a sentence for the form.
        """
        return made_secret(known)

    def start_hook(self, options: Options, url: str) -> None:
        """Ask the tracker to call `url`. Raises TransportError."""
        raise Misconfigured("the webhook is made over there")


def made_secret(known: Mapping[str, str]) -> dict[str, str]:
    """A webhook secret for a connection that has none. Raises Misconfigured for a poor one."""
    given = known.get("hook_secret", "")
    if not given:
        return {"hook_secret": secrets.token_urlsafe(32)}
    if not SECRET_SHAPE.fullmatch(given):
        raise Misconfigured("the webhook secret is 16 to 200 letters, digits and signs")
    return {}


def address(config: Mapping[str, Any], name: str, default: str = "") -> str:
    """An API's address without the slash at its end. Raises Misconfigured."""
    url = str(config.get(name) or default).strip().rstrip("/")
    split(url)
    if "?" in url or "#" in url:
        raise Misconfigured("the address ends with its path: no ? or #")
    return url


def decoded(body: bytes) -> dict[str, Any]:
    """A JSON object. Raises Garbled."""
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise Garbled("no JSON") from None
    if not isinstance(found, dict):
        raise Garbled("no JSON object")
    return found


def part(found: Any, *path: str) -> Any:
    """A value inside of nested objects; None where the way ends."""
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def word(value: Any, limit: int = 200) -> str:
    """A text or number of theirs as text that can be stored; "" for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).replace("\x00", "").encode(errors="replace").decode()[:limit]
