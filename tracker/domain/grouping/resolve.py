"""The ladder: which issue an event belongs to, given what its keys are known for.

Pure, and the same code in the live digest and in a dry run.  The caller looks
up the keys of a whole batch at once, then resolves event by event, applying
each verdict to its map with `apply`.

A stored key is *precise* once an event with a more precise key was counted
under its issue: from then on it serves only events that have nothing better,
and never lets a second known line into the issue.

Words that vary: a *slot* is a message with one word left open. It remembers the issues that
its words opened. When enough words were met, and few of them came again, the word
is data: the slot turns *varying*, takes every further word, and the issues that it remembers
are joined afterwards (`actions.varying`); taking its key out of the issue undoes that.
"""

from collections.abc import Mapping, MutableMapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tracker.domain.grouping.keys import LEVELS, PLAIN_SLOT, SITE, SLOT, SLOTS, VARYING, Key, Keys


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
    members: tuple[int, ...] = ()
    """Of a slot: the issues that its words opened, one for each word."""
    repeats: int = 0
    """Of a slot: how often a word came again."""


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
    new_words: tuple[bytes, ...] = ()
    """Slots, stored or new, that met a word for the first time: the issue is one of theirs."""
    repeated: tuple[bytes, ...] = ()
    """Slots that met a known word again."""
    varies: bytes = b""
    """The slot that turns varying."""

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
        return _by_a_word(keys, known) or Verdict(
            None, keys.keys[0].hash, new, best,
            new_words=tuple(slot.hash for slot in keys.slots),
        )  # fmt: skip
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
    return Verdict(
        issue, _via(keys, known, issue), new, best, mark, repeated=_repeated(keys.slots, known)
    )


ENOUGH_WORDS = {SLOT: 5, PLAIN_SLOT: 12}
"""Words after which they are data: soon where they look like names or codes, else late,
for `failed to load orders`, `… invoices`, `… carts` are bugs of their own."""
MOST_MEMBERS, MOST_REPEATS = 20, 12
"""A slot that came this far is settled: its words are no data."""


def _repeated(slots: tuple[Key, ...], known: Mapping[bytes, Known]) -> tuple[bytes, ...]:
    """Slots with several words: whether one of them comes again tells words from data."""
    return tuple(
        slot.hash
        for slot in slots
        if (row := known.get(slot.hash)) is not None
        and row.kind in SLOTS
        and 1 < len(row.members) < MOST_MEMBERS
        and row.repeats < MOST_REPEATS
    )


def _by_a_word(keys: Keys, known: Mapping[bytes, Known]) -> Verdict | None:
    """The issue of a slot whose word varies, or turns out to by this event."""
    for slot in keys.slots:
        row = known.get(slot.hash)
        if row is None:
            continue
        if row.kind == VARYING:
            return Verdict(row.issue, slot.hash, (), keys.level, discard=row.discard)
        words = len(row.members) + 1
        if (
            row.discard
            or row.locked
            or words < ENOUGH_WORDS[slot.kind]
            or row.repeats > 0.6 * words
        ):
            continue
        return Verdict(row.issue, slot.hash, (), keys.level, varies=slot.hash)
    return None


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
    for name in verdict.new_words:
        row = known.setdefault(name, Known(issue=issue, kind=SLOT))
        if row.kind in SLOTS and len(row.members) < MOST_MEMBERS:
            known[name] = replace(row, members=(*row.members, issue))
    for name in verdict.repeated:
        known[name] = replace(known[name], repeats=known[name].repeats + 1)
    if verdict.varies:
        known[verdict.varies] = replace(known[verdict.varies], kind=VARYING)


def explain(verdict: Verdict, keys: Keys) -> dict[str, Any]:
    """How an event was grouped, JSON-ready, for its page."""
    every = (*keys.keys, *keys.slots)
    via = next((key for key in every if key.hash == verdict.via), keys.keys[0])
    return {"version": keys.version, "kind": via.kind, "why": via.why}
