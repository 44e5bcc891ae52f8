"""What strangers can create is capped: new issues, releases, environments, tags.

Above a cap things go under `<other>` or one overflow issue, and are counted (`capped` in the
ledger, which pages turn into a banner). Projects marked unlimited have no caps. Two workers
may each overshoot by a batch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from tracker import room, store
from tracker.actions.batch import Prepared
from tracker.domain.grouping.keys import FINGERPRINT, Key, Keys, digest
from tracker.models import Ledger

ISSUES_AN_HOUR = 200
RELEASES_A_DAY = 1_000
ENVIRONMENTS = 100
TAG_KEYS = 200
TAG_VALUES = 1_000
OTHER = "<other>"

_LOOK_AFTER = 64
"""New values of a tag (or keys of an issue) that this process sees before it counts them all."""
_MOST = 20_000

Name = tuple[int, str]
TagRow = tuple[int, int, str, str, int, datetime]


# -- issues --------------------------------------------------------------------

OVERFLOW = Key(
    FINGERPRINT,
    digest("\x00overflow"),
    f"the project opened {ISSUES_AN_HOUR} issues within an hour; what is new comes here",
)


def rooms_for_issues(batch: Sequence[Prepared]) -> dict[int, int]:
    """How many issues each capped project may still open; the caller holds the grouping locks."""
    capped = sorted({p.project_id for p in batch if not p.keep_all})
    if not capped:
        return {}
    since = max(p.received for p in batch) - timedelta(hours=1)
    opened = room.issues_opened(capped, since, ISSUES_AN_HOUR)
    return {project: ISSUES_AN_HOUR - opened.get(project, 0) for project in capped}


def overflowing(prepared: Prepared) -> Prepared:
    """The event, with the project's overflow issue as its only place."""
    title = f"Overflow: more than {ISSUES_AN_HOUR} new issues in an hour"
    return msgspec.structs.replace(
        prepared, keys=Keys(prepared.keys.version, (OVERFLOW,), title=title)
    )


# -- names ---------------------------------------------------------------------


def fetch_capped(
    what: str,
    most: int,
    find: Callable[[Sequence[Name]], dict[Name, int]],
    make: Callable[[Sequence[Name]], dict[Name, int]],
    made: Callable[[Sequence[int]], dict[int, int]],
) -> Callable[[Sequence[Name]], dict[Name, int]]:
    """A function that finds or makes names; those above the cap are absent from its answer."""

    def fetch(names: Sequence[Name]) -> dict[Name, int]:
        known = find(names)
        new = [name for name in names if name not in known]
        if not new:
            return known
        rooms = {p: most - n for p, n in made(sorted({p for p, _ in new})).items()}
        allowed, refused = [], 0
        for name in new:
            left = rooms.get(name[0])
            if left is None or left > 0 or name[1] in {OTHER, ""}:
                allowed.append(name)
                rooms[name[0]] = left - 1 if left is not None else 10**9
            else:
                refused += 1
                _count(name[0], what, 1)
        return {**known, **(make(sorted(allowed)) if allowed else {})}

    return fetch


def _count(project: int, what: str, number: int) -> None:
    today = datetime.now(UTC).date()
    store.add_to_ledger([(project, today, Ledger.Kind.CAPPED.value, what, number)])


fetch_environments = fetch_capped(
    "environments", ENVIRONMENTS, room.known_environments, store.environment_ids,
    room.environments_made,
)  # fmt: skip
fetch_releases = fetch_capped(
    "releases", RELEASES_A_DAY, room.known_releases, store.release_ids, room.releases_made
)


# -- tags ----------------------------------------------------------------------


class Tags:
    """Which issues have so many tags that new ones must be counted; a process's memory of it."""

    def __init__(self) -> None:
        self._values: dict[tuple[int, int, str], int] = {}
        """New values seen since the last look, of tags whose room is not known."""
        self._room: dict[tuple[int, int, str], int] = {}
        self._keys: dict[tuple[int, int], int] = {}
        self._key_sets: dict[tuple[int, int], set[str]] = {}

    def forget(self) -> None:
        """Drop the memory."""
        for memory in (self._values, self._room, self._keys, self._key_sets):
            memory.clear()

    def write(self, rows: Sequence[TagRow], unlimited: set[int]) -> dict[int, int]:
        """Add to tags, sorted rows; returns what went under `<other>`, per project."""
        fitted, capped = self._fit(rows, unlimited) if self._room or self._key_sets else (rows, {})
        new = store.upsert_tags(fitted)
        self._learn([row for row in new if row[0] not in unlimited])
        return capped

    def _fit(
        self, rows: Sequence[TagRow], unlimited: set[int]
    ) -> tuple[Sequence[TagRow], dict[int, int]]:
        moved: dict[int, int] = {}
        suspects: dict[tuple[int, int, str], list[str]] = {}
        for project, issue, key, value, _, _ in rows:
            if (project, issue, key) in self._room and project not in unlimited:
                suspects.setdefault((project, issue, key), []).append(value)
        refused = {
            tag: self._refused(tag, values)
            for tag, values in suspects.items()
            if len(values) > self._room[tag]
        }
        sums: dict[tuple[int, int, str, str], tuple[int, datetime]] = {}
        for project, issue, key, value, count, last in rows:
            key, value = self._place(project, issue, key, value, refused, unlimited)
            if value == OTHER:
                moved[project] = moved.get(project, 0) + 1
            at = (project, issue, key, value)
            before = sums.get(at)
            sums[at] = (before[0] + count, max(before[1], last)) if before else (count, last)
        return [(*at, *sums[at]) for at in sorted(sums)], moved

    def _place(
        self, project: int, issue: int, key: str, value: str,
        refused: dict[tuple[int, int, str], set[str]], unlimited: set[int],
    ) -> tuple[str, str]:  # fmt: skip
        """Where one tag is counted."""
        keys = self._key_sets.get((project, issue))
        if keys is not None and project not in unlimited and key not in keys:
            if len(keys) >= TAG_KEYS:
                return OTHER, OTHER
            keys.add(key)
        if value in refused.get((project, issue, key), ()):
            return key, OTHER
        return key, value

    def _refused(self, tag: tuple[int, int, str], values: Sequence[str]) -> set[str]:
        """Those new values of a tag for which there is no room."""
        known = room.known_tag_values(*tag, values)
        new = [value for value in values if value not in known and value != OTHER]
        return set(new[max(self._room[tag], 0) :])

    def _learn(self, new: Iterable[tuple[int, int, str, int]]) -> None:
        """What was new; look at the whole where much was."""
        for memory in (self._values, self._room, self._keys, self._key_sets):
            if len(memory) > _MOST:
                memory.clear()
        for project, issue, key, number in new:
            tag = (project, issue, key)
            if tag in self._room:
                self._room[tag] -= number
            else:
                self._values[tag] = self._values.get(tag, 0) + number
                if self._values[tag] >= _LOOK_AFTER:
                    del self._values[tag]
                    known = room.count_tag_values(project, issue, key, TAG_VALUES)
                    self._room[tag] = TAG_VALUES - known
            self._learn_key(project, issue)

    def _learn_key(self, project: int, issue: int) -> None:
        at = (project, issue)
        if at in self._key_sets:
            return
        self._keys[at] = self._keys.get(at, 0) + 1
        if self._keys[at] >= _LOOK_AFTER:
            self._keys[at] = 0
            known = room.tag_keys(project, issue, TAG_KEYS + 1)
            if len(known) > TAG_KEYS - _LOOK_AFTER:
                self._key_sets[at] = set(known)


tags = Tags()
