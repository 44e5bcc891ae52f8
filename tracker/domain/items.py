"""What else SDKs tell beside events: sessions, check-ins, feedback, reports of loss, files."""

from typing import Any

from msgspec import Struct


class SessionUpdate(Struct, frozen=True, gc=False):
    """One session's latest word. It counts once, by its first update (`init`)."""

    sid: str
    release: str
    environment: str = ""
    did: str = ""
    """Who ran it, as the SDK hashes it; "" when unknown."""
    seq: int = 0
    init: bool = False
    started: float = 0.0
    """Seconds since 1970 UTC, clock-corrected."""
    status: str = "ok"
    """`ok`, `exited`, `crashed`, `abnormal`, `errored`, `unhandled` or an unknown word."""
    errors: int = 0


class SessionBucket(Struct, frozen=True, gc=False):
    """Sessions that a server SDK counted itself, for one minute or so."""

    release: str
    environment: str = ""
    did: str = ""
    started: float = 0.0
    exited: int = 0
    errored: int = 0
    abnormal: int = 0
    unhandled: int = 0
    crashed: int = 0

    @property
    def total(self) -> int:
        """All sessions of the bucket; the outcomes exclude each other."""
        return self.exited + self.errored + self.abnormal + self.unhandled + self.crashed


class LossReport(Struct, frozen=True, gc=False):
    """What a client threw away before it reached us."""

    reason: str
    category: str
    quantity: int


class UserReport(Struct, frozen=True):
    """A comment by the person who met an event (the older form of feedback)."""

    event_id: str
    name: str = ""
    email: str = ""
    comments: str = ""


class FeedbackReport(Struct, frozen=True):
    """Feedback by a person, with or without an event."""

    event_id: str
    message: str
    timestamp: float
    name: str = ""
    email: str = ""
    url: str = ""
    associated_event_id: str = ""
    replay_id: str = ""
    release: str = ""
    environment: str = ""
    source: str = ""


class CheckInReport(Struct, frozen=True):
    """A job says that it runs, is done, or failed."""

    check_in_id: str
    """32 hex digits; all zeros mean "the latest open one of this monitor"."""
    slug: str
    status: str
    """`in_progress`, `ok`, `error` or `unknown`."""
    duration: float | None = None
    """Seconds."""
    release: str = ""
    environment: str = "production"
    trace_id: str = ""
    config: dict[str, Any] | None = None
    """The monitor's settings as sent, for the actions to judge."""


class AttachmentFile(Struct, frozen=True):
    """A file that came with an event."""

    event_id: str
    filename: str
    content_type: str
    kind: str
    """`event.attachment`, `event.minidump`, `event.view_hierarchy` ..."""
    content: bytes
