"""What one batch may spend on maps, what it learned, and the door to the mapping itself.

The library that parses maps takes memory and time to load: it is loaded by the first
event that needs it, never by workers that see none.
"""

from __future__ import annotations

from uuid import UUID

from msgspec import Struct

from tracker.domain.event import Event

SCRIPTS = frozenset({"javascript", "node"})
JVM = frozenset({"java", "kotlin", "android"})
SECONDS = 10.0
"""Time that a batch may spend on reading and parsing maps; positions cost microseconds."""


class Miss(Struct, frozen=True):
    """A map that was looked for in vain."""

    project_id: int
    debug_id: UUID | None
    release: str
    url: str
    ready: bool = False
    """It is there, only time was not."""


class Session:
    """One batch's time, and what it asked for."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self.left = seconds
        self.misses: set[Miss] = set()
        self.used: set[int] = set()
        """Ids of bundles that served."""

    def symbolicate(self, event: Event, project_id: int) -> Event:
        """The event as it was written; most come back as they are, for one comparison."""
        if event.platform in SCRIPTS:
            from tracker.symbols import mapping  # noqa: PLC0415 - see the module

            return mapping.symbolicate(event, project_id, self)
        if event.platform in JVM and "debug_meta" in event.data:
            from tracker.symbols import proguard  # noqa: PLC0415

            return proguard.symbolicate(event, project_id, self)
        return event
