"""Ids of environments and releases, remembered per process.

Names are made outside the digest's transaction, so a remembered id is always a
committed one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tracker import store

Name = tuple[int, str]

_MOST = 50_000


class Names:
    """A bounded memory of (project, name) -> id."""

    def __init__(self, fetch: Callable[[Sequence[Name]], dict[Name, int]]) -> None:
        self._fetch = fetch
        self._known: dict[Name, int] = {}

    def ids(self, wanted: Iterable[Name]) -> dict[Name, int]:
        """Ids of all wanted names; unknown ones are looked up or made in one go."""
        names = set(wanted)
        missing = names - self._known.keys()
        if missing:
            if len(self._known) > _MOST:
                self._known.clear()
                missing = names
            self._known.update(self._fetch(sorted(missing)))
        return {name: self._known[name] for name in names}

    def forget(self) -> None:
        """Drop the memory (rows were deleted, or another database is in use)."""
        self._known.clear()


environments = Names(store.environment_ids)
releases = Names(store.release_ids)
