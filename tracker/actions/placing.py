"""From grouping keys to issues: one look-up a batch, then the ladder in memory."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from tracker import slots, store
from tracker.actions import caps
from tracker.actions.batch import Placed, Prepared
from tracker.domain.grouping import Key
from tracker.domain.grouping.keys import SLOT, VARYING
from tracker.domain.grouping.resolve import Known, Verdict, apply, resolve
from tracker.slots import SlotId, SlotNote

Shelf = dict[bytes, Known]
"""Known keys of one project and version, by hash."""
Counts = dict[tuple[int, bytes], int]
"""Events counted under (project, key)."""


class Founding(Struct):
    """An issue that this batch opens."""

    issue_id: int
    first: Prepared


class UsedKey(Struct, frozen=True):
    """A key that is to be written: new, or counted under, or now known as precise."""

    issue_id: int
    key: Key | None = None
    """Given when it is new."""
    precise: bool = False


class Shelves(Struct):
    """What the store knows about the keys of a batch, per project."""

    new: dict[int, Shelf]
    """Keys of the version that the project pins."""
    old: dict[tuple[int, str], Shelf]
    """Keys of versions that it was upgraded from, by version."""

    def resolve(self, prepared: Prepared) -> Verdict:
        """Where an event goes, by what is known now."""
        project = prepared.project_id
        known = self.new[project]
        for older in prepared.older:
            verdict = resolve(prepared.keys, known, older, self.old.get((project, older.version)))
            if verdict.issue is not None:
                return verdict
        return resolve(prepared.keys, known)


class Placement(Struct):
    """Where all events of a batch went."""

    placed: list[Placed]
    discarded: list[Prepared]
    foundings: dict[int, Founding]
    keys: dict[tuple[int, str, bytes], UsedKey]
    """By (project, version, hash)."""
    slots: dict[SlotId, SlotNote] = {}
    """What to remember of messages with a word left open."""
    overflowed: dict[int, int] = {}
    """Events per project that opened no issue of their own: it opened too many."""


def place(batch: Sequence[Prepared]) -> Placement:
    """Find or open the issue of each event, in order.

    Runs inside the digest's transaction. New keys are only made while holding the
    project's grouping lock, and after a second look, so no two workers open one issue twice.
    """
    counts: Counts = {}
    shelves = _shelves(batch, counts)
    verdicts = [shelves.resolve(prepared) for prepared in batch]
    creating = sorted({p.project_id for p, v in zip(batch, verdicts, strict=True) if _writes(v)})
    if creating:
        store.lock_grouping(creating)
        theirs = [p for p in batch if p.project_id in set(creating)]
        rooms = caps.rooms_for_issues(theirs)
        spill = [
            caps.overflowing(p)
            for p in theirs
            if rooms.get(p.project_id, len(theirs)) < len(theirs)
        ]
        again = _shelves([*theirs, *spill], counts)
        shelves.new.update(again.new)
        shelves.old.update(again.old)
        return _walk(batch, shelves, counts, rooms)
    return _walk(batch, shelves, counts, {}, verdicts)


def _shelves(batch: Sequence[Prepared], counts: Counts) -> Shelves:
    wanted = {(p.project_id, p.keys.version, key.hash) for p in batch for key in p.keys.keys}
    pinned = {p.project_id: p.keys.version for p in batch}
    open_ = {(p.project_id, p.keys.version, key.hash) for p in batch for key in p.keys.slots}
    wanted |= open_  # those that vary are keys
    older = [(p.project_id, keys) for p in batch for keys in p.older]
    wanted |= {(project, keys.version, key.hash) for project, keys in older for key in keys.keys}
    shelves = Shelves(
        new={project: {} for project in pinned},
        old={(project, keys.version): {} for project, keys in older},
    )
    for slot in slots.find(open_):
        shelves.new[slot.project_id][slot.hash] = Known(
            issue=slot.issue_id, kind=SLOT, members=tuple(slot.members), repeats=slot.repeats
        )
    for row in store.find_keys(sorted(wanted)):
        known = Known(
            issue=row.issue_id,
            kind=row.kind,
            precise=row.precise,
            locked=row.locked,
            discard=row.discard,
        )
        if row.version != pinned[row.project_id]:
            shelves.old[row.project_id, row.version][row.hash] = known
            continue
        counts[row.project_id, row.hash] = row.events
        shelves.new[row.project_id][row.hash] = known
    return shelves


def _writes(verdict: Verdict) -> bool:
    """Whether recording an event would write a key."""
    return verdict.issue is None or bool(verdict.new_keys or verdict.mark_precise or verdict.varies)


def _walk(
    batch: Sequence[Prepared],
    shelves: Shelves,
    counts: Counts,
    rooms: dict[int, int],
    found: Sequence[Verdict] = (),
) -> Placement:
    """Climb the ladder for each event, with what the events before it added.

    `found` is where they go if none of them writes a key: what an earlier one then adds is
    only how often a word came again, which is of interest to messages with such words.
    """
    placement = Placement(placed=[], discarded=[], foundings={}, keys={})
    fresh = iter(() if found else _spare_ids(batch, shelves))
    for number, one in enumerate(batch):
        known = found and not one.keys.slots
        prepared, verdict = one, found[number] if known else shelves.resolve(one)
        if verdict.discard:
            placement.discarded.append(prepared)
            continue
        if verdict.issue is None and prepared.project_id in rooms and not prepared.keep_all:
            prepared = _within(prepared, rooms, placement)
            verdict = shelves.resolve(prepared)
        issue_id = verdict.issue
        if issue_id is None:
            issue_id = next(fresh, None) or store.new_issue_ids(1)[0]
            placement.foundings[issue_id] = Founding(issue_id, prepared)
        _note_keys(placement, prepared, verdict, issue_id, shelves.new[prepared.project_id])
        counted = (prepared.project_id, verdict.via)
        before = counts.get(counted, 0)
        counts[counted] = before + 1
        placement.placed.append(Placed(prepared, issue_id, verdict.via, before))
    return placement


def _within(prepared: Prepared, rooms: dict[int, int], placement: Placement) -> Prepared:
    """An event that would open an issue: as it is, or sent to the overflow issue."""
    project = prepared.project_id
    rooms[project] -= 1
    if rooms[project] >= 0:
        return prepared
    placement.overflowed[project] = placement.overflowed.get(project, 0) + 1
    return caps.overflowing(prepared)


def _spare_ids(batch: Sequence[Prepared], shelves: Shelves) -> list[int]:
    """Numbers for as many new issues as the batch can open at the most, if it opens any."""
    unknown = {
        p.keys.keys[0].hash
        for p in batch
        if p.keys.keys[0].hash not in shelves.new[p.project_id] and shelves.resolve(p).issue is None
    }
    return store.new_issue_ids(len(unknown))


def _note_keys(
    placement: Placement, prepared: Prepared, verdict: Verdict, issue_id: int, shelf: Shelf
) -> None:
    """Put new keys on the shelf and remember all that are to be written."""
    project, version = prepared.project_id, prepared.keys.version
    counted = (project, version, verdict.via)
    if not (_writes(verdict) or verdict.new_words or verdict.repeated):
        if counted not in placement.keys:
            placement.keys[counted] = UsedKey(issue_id)
        return
    apply(verdict, issue_id, shelf)
    for key in verdict.new_keys:
        used = UsedKey(issue_id, key, verdict.is_precise(key))
        placement.keys[project, version, key.hash] = used
    for known_hash in verdict.mark_precise:
        earlier = placement.keys.get((project, version, known_hash))
        new = earlier.key if earlier else None
        placement.keys[project, version, known_hash] = UsedKey(issue_id, new, precise=True)
    if verdict.varies:
        key = next(slot for slot in prepared.keys.slots if slot.hash == verdict.varies)
        placement.keys[project, version, key.hash] = UsedKey(issue_id, replace(key, kind=VARYING))
    placement.keys.setdefault(counted, UsedKey(issue_id))
    _note_slots(placement, project, version, verdict, issue_id)


def _note_slots(
    placement: Placement, project: int, version: str, verdict: Verdict, issue_id: int
) -> None:
    """Remember which words opened issues, and which came again."""
    for name in verdict.new_words:
        note = placement.slots.setdefault((project, version, name), SlotNote())
        note.members = (*note.members, issue_id)
    for name in verdict.repeated:
        placement.slots.setdefault((project, version, name), SlotNote()).repeats += 1
    if verdict.varies:
        placement.slots.setdefault((project, version, verdict.varies), SlotNote()).varies = True
