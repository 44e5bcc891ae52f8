"""Ids of environments and releases, remembered per process.

Names are made outside the digest's transaction, so a remembered id is always a
committed one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tracker.actions import caps

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
            found = self._fetch(sorted(missing))
            self._known.update(found)
            if len(found) < len(missing):
                return self._with_others(names)
        return {name: self._known[name] for name in names}

    def _with_others(self, names: set[Name]) -> dict[Name, int]:
        """Names above the project's cap stand under `<other>`; they are not remembered."""
        above = {name for name in names if name not in self._known}
        others = {(project, caps.OTHER) for project, _ in above}
        self._known.update(self._fetch(sorted(others)))
        return {
            name: self._known[(name[0], caps.OTHER) if name in above else name] for name in names
        }

    def forget(self) -> None:
        """Drop the memory (rows were deleted, or another database is in use)."""
        self._known.clear()


environments = Names(caps.fetch_environments)
releases = Names(caps.fetch_releases)
