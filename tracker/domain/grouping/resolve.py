"""The ladder: which issue an event belongs to, given what its keys are known for.

Pure, and the same code in the live digest and in a dry run.  The caller looks
up the keys of a whole batch at once, then resolves event by event, applying
each verdict to its map with `apply`.

A stored key is *precise* once an event with a more precise key was counted
under its issue: from then on it serves only events that have nothing better,
and never lets a second known line into the issue.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tracker.domain.grouping.keys import LEVELS, SITE, Key, Keys


class Known(Struct, frozen=True, gc=False):
    """What the store knows about one key: a row of GroupingKey."""

    issue: int
    kind: str
    locked: bool = False
    """Unmerged by a person: matches exactly, is never adopted by more precise keys."""
    discard: bool = False
    """Events of this key are dropped and counted."""
    precise: bool = False
    """An event with a more precise key was counted here; see the module."""


class Verdict(Struct, frozen=True):
    """Where an event goes and what to store with it."""

    issue: int | None
    """None: open a new one."""
    via: bytes
    """Hash of the key that the event is counted under."""
    new_keys: tuple[Key, ...]
    """To store on that issue."""
    level: int
    """Level of the event's most precise key."""
    mark_precise: tuple[bytes, ...] = ()
    """Stored keys of that issue whose `precise` turns true."""
    discard: bool = False
    """The issue was discarded: drop the event, count it, store nothing."""

    def known(self, key: Key, issue: int) -> Known:
        """The row that a new key of this verdict becomes."""
        return Known(issue=issue, kind=key.kind, precise=self.is_precise(key))

    def is_precise(self, key: Key) -> bool:
        """`precise` of a new key's row."""
        return LEVELS[key.kind] > self.level


def resolve(
    keys: Keys,
    known: Mapping[bytes, Known],
    older: Keys | None = None,
    known_older: Mapping[bytes, Known] | None = None,
) -> Verdict:
    """Climb from the most precise key down; `older` are the keys of the versions that the
    project comes from, consulted only when no key of the new version is known. What is known
    of them stands in `known_older` (without it: in `known`), since two versions may share a hash.

    An event takes the issue of its most precise key; a less precise one it may
    adopt only while no other known line or place lives there.
    """
    best = keys.level
    found = _climb(keys, known)
    if found is None and older is not None:
        found = _climb(older, known if known_older is None else known_older)
    new = tuple(key for key in keys.keys if key.hash not in known)
    if found is None:  # the most precise key is unknown, else it had matched
        return Verdict(None, keys.keys[0].hash, new, best)
    issue, row = found
    if row.discard:
        return Verdict(issue, _via(keys, known, issue), (), best, discard=True)
    mark = tuple(
        key.hash
        for key in keys.keys
        if (stored := known.get(key.hash)) is not None
        and stored.issue == issue
        and not stored.precise
        and LEVELS[stored.kind] > best
    )
    return Verdict(issue, _via(keys, known, issue), new, best, mark)


def _climb(keys: Keys, known: Mapping[bytes, Known]) -> tuple[int, Known] | None:
    best = keys.level
    for key in keys.keys:
        row = known.get(key.hash)
        if row is not None and (LEVELS[key.kind] <= best or _may_adopt(key, row, keys, known)):
            return row.issue, row
    return None


def _may_adopt(key: Key, row: Known, keys: Keys, known: Mapping[bytes, Known]) -> bool:
    """Whether a more precise event may take over the issue that `row` belongs to: nothing
    as precise as the event is known there, and where a line is known the message agrees.
    """
    if row.locked or (key.kind == SITE and keys.level < LEVELS[SITE]):
        return False
    level = LEVELS[key.kind]
    for other in keys.keys:
        stored = known.get(other.hash)
        if (
            stored is not None
            and stored.precise
            and stored.issue == row.issue
            and LEVELS[other.kind] == level
        ):
            return False
    return True


def _via(keys: Keys, known: Mapping[bytes, Known], issue: int) -> bytes:
    """The most precise key that is, or will be, stored on the issue."""
    for key in keys.keys:
        row = known.get(key.hash)
        if row is None or row.issue == issue:
            return key.hash
    return keys.keys[0].hash


def apply(verdict: Verdict, issue: int, known: MutableMapping[bytes, Known]) -> None:
    """Make `known` say what the store will say once `verdict` is written for `issue`."""
    for key in verdict.new_keys:
        known[key.hash] = verdict.known(key, issue)
    for name in verdict.mark_precise:
        known[name] = replace(known[name], precise=True)


def explain(verdict: Verdict, keys: Keys) -> dict[str, Any]:
    """How an event was grouped, JSON-ready, for its page."""
    via = next((key for key in keys.keys if key.hash == verdict.via), keys.keys[0])
    return {"version": keys.version, "kind": via.kind, "why": via.why}
