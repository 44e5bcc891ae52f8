"""Whether the database is away: one fact of the process, so that not everybody waits to learn it.

Whoever is failed by the database says so; from then on nobody asks it until the drain's probe
(ingest/drain.py) has had an answer.
"""

from __future__ import annotations

from collections.abc import Callable


class Away:
    """A flag that is raised by failures and lowered by the probe."""

    def __init__(self) -> None:
        self._now = False
        self._watch: Callable[[], None] | None = None

    @property
    def now(self) -> bool:
        """Whether the database was away when it was last asked."""
        return self._now

    def watched_by(self, start: Callable[[], None]) -> None:
        """Have `start` called, which may be often, when the flag is raised."""
        self._watch = start

    def note(self) -> None:
        """The database has failed somebody. Nobody to probe it: nothing changes."""
        if self._watch is not None:
            self._now = True
            self._watch()

    def back(self) -> None:
        """The database answers."""
        self._now = False


AWAY = Away()
