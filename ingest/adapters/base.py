"""What every protocol adapter offers: pure functions from bytes to `Event`.

An adapter is one module of this folder; `tracker.domain.discover` finds it by
its module-level `ADAPTER`.  Adapters import neither Django nor Celery, read no
clock and do no I/O: what they need comes in a `Context`.

    AdapterError
    └── Malformed      the sender's fault: 400, nothing stored
        ├── TooLarge   an event item over its limit: 413
        └── Unusable   good JSON that means no event (Rollbar): 422
"""

from typing import Any, Protocol

from msgspec import Struct

from tracker.domain.event import Event
from tracker.domain.items import (
    AttachmentFile,
    CheckInReport,
    FeedbackReport,
    LossReport,
    SessionBucket,
    SessionUpdate,
    UserReport,
)

MAX_EVENT = 1024 * 1024
"""Most bytes of one event item, unpacked."""
MAX_UNPACKED = 100 * 1024 * 1024
"""Most bytes of any body, unpacked."""


class AdapterError(Exception):
    """Base of what adapters raise."""


class Malformed(AdapterError):
    """The body breaks the protocol; `str()` is one sentence for the sender."""

    status = 400


class TooLarge(Malformed):
    """An event is larger than `MAX_EVENT`."""

    status = 413


class Unusable(Malformed):
    """Well-formed, but not what the protocol asks for."""

    status = 422


class Receipt(Struct, frozen=True):
    """What the web process learns from one cheap look at a body."""

    event_id: str
    """32 hex digits of the event that the answer names; "" when there is none."""
    events: int
    """How many event items the body holds that will count (0 or 1 for an envelope)."""
    skipped: dict[str, int] = {}
    """Items that are not kept, by kind: `transaction`, `log`, `unknown` ...; `parse` counts
    them again in `dropped`, with those that turn out to be unusable."""
    dsn: str = ""
    """DSN named inside the body (self-authenticated envelopes)."""
    key: str = ""
    """Access token named inside the body (Rollbar)."""
    platform: str = ""
    """Platform told inside the body, where scopes of keys depend on it (Rollbar)."""
    told_id: str = ""
    """The event's id as the client wrote it, for answers that echo it (Rollbar)."""
    kept: int = 0
    """Items beside events that `parse` may hand out: sessions, reports, check-ins, files."""


class Context(Struct, frozen=True):
    """All an adapter may know beside the bytes."""

    project_id: int
    received: float
    """Seconds since 1970 UTC."""
    event_id: str = ""
    """The id that was promised in the answer; wins over the payload's."""
    client_ip: str = ""
    user_agent: str = ""
    salt: bytes = b""
    """The project's secret for user keys."""
    sensitive_words: frozenset[str] = frozenset()
    """The project's extra words for scrubbing, lower-case."""
    scrub: bool = True
    keep_ip: bool = False
    meta: dict[str, Any] = {}
    """What the endpoint knew: `sentry_client`, `sent_at` of the auth header, the query ..."""


class Parsed(Struct, frozen=True):
    """The events of one body and a count of everything else in it."""

    events: tuple[Event, ...] = ()
    dropped: dict[str, int] = {}
    """Items that were not kept, by kind."""
    sessions: tuple[SessionUpdate | SessionBucket, ...] = ()
    client_reports: tuple[LossReport, ...] = ()
    user_reports: tuple[UserReport, ...] = ()
    feedback: tuple[FeedbackReport, ...] = ()
    check_ins: tuple[CheckInReport, ...] = ()
    attachments: tuple[AttachmentFile, ...] = ()


class Adapter(Protocol):
    """One protocol."""

    name: str
    """Stored with the inbox row: `envelope`, `store`, `rollbar` ..."""
    most: int
    """Largest unpacked body that can be taken, in bytes: what says that it is larger is refused
    unread."""

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Look at an unpacked body: framing, counts, one typed decode per event item.

        `event_id` is a fresh id for events that bring none.
        Raises Malformed.
        """
        ...

    def parse(self, body: bytes, context: Context) -> Parsed:
        """Make events: repair, cut and scrub in one pass. Never raises on odd values,
        only Malformed on what `check` would have refused.
        """
        ...
