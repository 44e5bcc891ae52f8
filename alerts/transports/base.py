"""What a transport is, what it is given to tell, and how it fails.

TransportError          .permanent, .retry_after (seconds), .status
├── Unreachable         no connection, time-out, broken answer: try again
├── Rejected            the receiver said no; permanent depends on what it said
├── Disowned            the receiver knows the channel no more: it is paused until mended
├── Misconfigured       the channel lacks or has something wrong: permanent
│   └── Blocked         the outbound guard refuses the address
└── NotSent             nothing was tried and nothing will be: the reason for the log
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

from msgspec import Struct


class TransportError(Exception):
    """Base of what goes wrong with a send. `str()` is for the delivery log."""

    permanent = False
    retry_after: float | None = None
    """Seconds that the receiver asks for."""
    status = ""
    """What it answered: an HTTP or SMTP status."""


class Unreachable(TransportError):
    """Nobody answered, or not in time."""


class Rejected(TransportError):
    """The receiver said no."""

    def __init__(
        self,
        text: str,
        *,
        permanent: bool,
        status: str = "",
        retry_after: float | None = None,
    ) -> None:
        super().__init__(text)
        self.permanent = permanent
        self.status = status
        self.retry_after = retry_after


class Disowned(TransportError):
    """A token was revoked, a room is gone: nothing sent to this channel can arrive.

    What waits stays waiting, since the next notice would fare no better: the channel is paused
    at once and probed until somebody mends it.
    """

    def __init__(self, text: str, *, status: str = "") -> None:
        super().__init__(text)
        self.status = status


class Misconfigured(TransportError):
    """The channel can't work as it is configured."""

    permanent = True


class Blocked(Misconfigured):
    """The outbound guard refuses the address."""


class NotSent(TransportError):
    """Nothing was tried and nothing will be."""

    permanent = True


class Mention(Struct, frozen=True):
    """An alert that is told along with another."""

    headline: str
    short_id: str
    title: str
    url: str


class Notice(Struct, frozen=True):
    """What happened to an issue, ready to be told. Text is as strangers wrote it: escape it."""

    title: str
    url: str
    short_id: str
    project: str
    level: str
    trigger: str
    """The kind of letter: `first_seen`, `regressed`, `resolved` or `test`."""
    headline: str
    """The same for people: "New issue", "Regressed" ..."""
    why: str = ""
    release: str = ""
    environment: str = ""
    users: int = 0
    events: int = 0
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    culprit: str = ""
    owner: str = ""
    also: tuple[Mention, ...] = ()
    """Further alerts that this message stands for."""
    more: int = 0
    """How many beyond `also`."""
    list_url: str = ""
    """Where to see them all."""


class Content(Struct, frozen=True):
    """The snapshot that a Delivery keeps: told the same on every attempt."""

    notice: Notice
    rule: str = ""
    severity: str = "notify"
    recipients: tuple[str, ...] = ()
    """Mail addresses; other transports know their receiver by their configuration."""
    project_id: int = 0
    issue_id: int | None = None
    """Of a personal notice, which has no incident."""
    to: str = ""
    """A person as the receiver knows them (a Slack member), when it is for them alone."""


class Link(Struct, frozen=True):
    """Something to do about an issue: a signed address that asks before it acts."""

    label: str
    url: str


class Message(Struct, frozen=True):
    """One notice on its way through one channel."""

    key: str
    """The same on every attempt: receivers can tell repeats by it."""
    kind: str
    """open, update, ack, close, test, trouble or personal."""
    seq: int
    incident: str
    """The incident's uid; "" for a test."""
    issue_id: int | None
    content: Content
    reached: frozenset[str] = frozenset()
    """Recipients who have it already."""
    root: str = ""
    """What the receiver calls the incident's first message, if it said so."""
    shared: bool = False
    """That message stands for other alerts too: it must not be rewritten for one."""
    actions: tuple[Link, ...] = ()
    """Made for this attempt, never stored: they are capabilities with an end."""


class Answer(Struct, frozen=True):
    """What a receiver said to a message that it took."""

    status: str
    note: str = ""
    remote: str = ""
    """What the receiver calls the message."""


class Option(Struct, frozen=True):
    """One field of a channel's configuration."""

    name: str
    label: str
    help: str = ""
    required: bool = False
    secret: bool = False
    """Encrypted, never shown again."""
    kind: str = "text"
    """text, url, emails"""


Checkpoint = Callable[[str], None]
"""Tells the outbox that a recipient has the message."""


class Transport(ABC):
    """A way out. Holds no state: one instance serves every channel and thread."""

    label: ClassVar[str]
    tracks: ClassVar[bool] = False
    """The receiver keeps incidents: their end is told even in a storm."""
    acknowledges: ClassVar[bool] = False
    """It can show that somebody is on it: that is told too."""
    personal: ClassVar[bool] = False
    """Carries what is for one person; no rule tells it anything, nobody adds it by hand."""
    options: ClassVar[tuple[Option, ...]] = ()

    @abstractmethod
    def send(self, message: Message, options: dict[str, Any], checkpoint: Checkpoint) -> Answer:
        """Send once. Raises TransportError; never returns without the receiver's word."""

    def recipients(
        self, config: dict[str, Any], people: Callable[[], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """Mail addresses to keep in the snapshot; `people` finds those of the issue."""
        return ()

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Check a new channel's configuration; returns secrets made for it, shown once.

        Raises Misconfigured with a sentence for the form.
        """
        return {}
