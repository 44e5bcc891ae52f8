"""What the digest hands to `record`, and what `record` says of it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from msgspec import Struct

from tracker.domain.event import Event
from tracker.domain.grouping import Keys


class Prepared(Struct, frozen=True):
    """One event, ready to be recorded: everything dear was done outside the transaction."""

    project_id: int
    event_id: UUID
    received: datetime
    """When the inbox took it, by the database's clock."""
    event: Event
    keys: Keys
    payload: bytes
    dictionary: int
    keep_all: bool = False
    """The project keeps every event, however noisy an issue."""
    trace_id: UUID | None = None
    older: tuple[Keys, ...] = ()
    """Keys of the versions that the project was upgraded from, the latest first; only
    where all of `keys` were unknown."""

    @property
    def day(self) -> date:
        """UTC date of receipt: names the partition, fixed once."""
        return self.received.date()


class Placed(Struct, frozen=True):
    """An event and the issue it belongs to."""

    prepared: Prepared
    issue_id: int
    via: bytes
    """Hash of the key it is counted under."""
    before: int = 0
    """Events counted under that key before this one."""


class Recorded(Struct, frozen=True):
    """What became of a batch, in events."""

    counted: int = 0
    duplicate: int = 0
    discarded: int = 0
    sampled: int = 0
    """Counted, but not stored."""
    new_issues: int = 0
    regressed: int = 0
