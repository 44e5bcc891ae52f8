"""What the ingest endpoints refuse, with the status and reason each refusal is counted under.

Refused
├── NoKey (401)
├── WrongKey (403)
├── BadBody (400, 413 or 415)
└── TooMuch (429)
    └── InboxAway
"""

from __future__ import annotations


class MustWait(Exception):
    """An event loop asked, and the answer takes a database or long work: ask again in a thread."""


class Refused(Exception):
    """An event is not taken; `str()` is one sentence for the sender."""

    status = 400
    reason = "invalid"
    """Under which the ledger counts it."""
    retry_after: int | None = None
    """Seconds, for 429."""


class NoKey(Refused):
    """The request names no key, or names it in an unreadable way."""

    status = 401
    reason = "no_key"


class WrongKey(Refused):
    """Unknown, disabled or of another project: one text for all."""

    status = 403
    reason = "wrong_key"

    def __init__(self) -> None:
        super().__init__("This key may not send events to this project; check the DSN.")


class BadBody(Refused):
    """The body can't be read."""

    def __init__(self, text: str, status: int = 400, reason: str = "invalid") -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason


class TooMuch(Refused):
    """A rate, quota or backlog limit is reached."""

    status = 429

    def __init__(self, text: str, reason: str, retry_after: int, scope: str = "project") -> None:
        super().__init__(text)
        self.reason = reason
        self.retry_after = retry_after
        self.scope = scope
        """`key`, `project` or `organization`, as the protocol names them."""


class InboxAway(TooMuch):
    """The database does not take events at the moment."""

    def __init__(self) -> None:
        super().__init__(
            "Events can't be stored at the moment; try again.",
            "unavailable",
            10,
            "organization",
        )
