"""Count sessions per release, environment and hour; each once, by its last word."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from msgspec import Struct

from tracker import sessions as rows
from tracker.actions import names
from tracker.domain import sketch
from tracker.domain.items import SessionBucket, SessionUpdate
from tracker.domain.sessions import ABNORMAL, CRASHED, ERRORED, Change, last_words, later
from tracker.sessions import Hour, Seen

Place = tuple[int, int, int, datetime]
"""(project, release, environment, hour)."""


class Told(Struct, frozen=True):
    """Session items of one body."""

    project_id: int
    salt: bytes
    items: tuple[SessionUpdate | SessionBucket, ...]


class Sum(Struct):
    """What is added to an hour."""

    total: int = 0
    errored: int = 0
    abnormal: int = 0
    crashed: int = 0
    users: set[bytes] = set()
    crashed_users: set[bytes] = set()

    def add(self, outcome: int, count: int) -> None:
        """Add to the column of an outcome; those that ended well have none."""
        if outcome == ERRORED:
            self.errored += count
        elif outcome == ABNORMAL:
            self.abnormal += count
        elif outcome == CRASHED:
            self.crashed += count


class Ready(Struct, frozen=True):
    """Session items with the ids of their names."""

    told: tuple[Told, ...]
    environments: dict[tuple[int, str], int]
    releases: dict[tuple[int, str], int]


def prepare(told: Sequence[Told]) -> Ready:
    """Look names up, or make them; outside the digest's transaction."""
    pairs = [(one.project_id, item) for one in told for item in one.items]
    return Ready(
        tuple(told),
        names.environments.ids({(project, item.environment) for project, item in pairs}),
        names.releases.ids({(project, item.release) for project, item in pairs}),
    )


def write(ready: Ready) -> None:
    """Count; the caller holds a transaction."""
    sums: dict[Place, Sum] = {}
    moved: dict[Place, Sum] = {}
    for one in ready.told:
        for item in one.items:
            if isinstance(item, SessionBucket):
                _add_bucket(_at(sums, _place(ready, one, item)), item, one.salt)
    _add_updates(ready, sums, moved)
    if sums:
        rows.add(_hours(sums))
    if moved:
        rows.move(_hours(moved))


def _place(ready: Ready, one: Told, item: SessionUpdate | SessionBucket) -> Place:
    project = one.project_id
    began = datetime.fromtimestamp(item.started, UTC).replace(minute=0, second=0, microsecond=0)
    return (
        project,
        ready.releases[project, item.release],
        ready.environments[project, item.environment],
        began,
    )


def _at(sums: dict[Place, Sum], place: Place) -> Sum:
    found = sums.get(place)
    if found is None:
        found = sums[place] = Sum(users=set(), crashed_users=set())
    return found


def _person(salt: bytes, did: str) -> bytes:
    return hmac.digest(salt, b"did:" + did.encode("utf-8", "replace"), "sha256")[:16]


def _add_bucket(into: Sum, item: SessionBucket, salt: bytes) -> None:
    into.total += item.total
    into.errored += item.errored + item.unhandled
    into.abnormal += item.abnormal
    into.crashed += item.crashed
    if item.did:
        into.users.add(_person(salt, item.did))
        if item.crashed:
            into.crashed_users.add(_person(salt, item.did))


def _add_updates(ready: Ready, sums: dict[Place, Sum], moved: dict[Place, Sum]) -> None:
    """Single sessions: new ones count where they began, known ones change their outcome there."""
    latest: dict[tuple[int, UUID], tuple[Seen, bytes]] = {}
    for one in _by_project(ready.told):
        updates = [item for item in one.items if isinstance(item, SessionUpdate)]
        for sid, (first, word) in last_words(updates).items():
            place = _place(ready, one, first)
            hashed = hashlib.blake2b(sid.encode("utf-8", "replace"), digest_size=16).digest()
            key = (one.project_id, UUID(bytes=hashed))
            person = _person(one.salt, first.did) if first.did else b""
            _, release, environment, began = place
            seen = Seen(*key, word.seq, word.outcome, release, environment, began)
            latest[key] = (seen, person)
    if not latest:
        return
    new = rows.insert([latest[key][0] for key in sorted(latest)])
    for key in new:
        seen, person = latest[key]
        into = _at(sums, (seen.project_id, seen.release_id, seen.environment_id, seen.bucket))
        into.total += 1
        into.add(seen.outcome, 1)
        _add_person(into, person, seen.outcome)
    changes = []
    for known in rows.lock(sorted(latest.keys() - new)):
        seen, person = latest[known.project_id, known.sid]
        word = later(Change(known.seq, known.outcome), Change(seen.seq, seen.outcome))
        if (word.seq, word.outcome) == (known.seq, known.outcome):
            continue
        changes.append((known.project_id, known.sid, word.seq, word.outcome))
        place = (known.project_id, known.release_id, known.environment_id, known.bucket)
        into = _at(moved, place)
        into.add(known.outcome, -1)
        into.add(word.outcome, 1)
        _add_person(into, person, word.outcome)
    rows.change(changes)


def _by_project(told: Sequence[Told]) -> list[Told]:
    """One per project: a session may tell twice in one batch."""
    found: dict[int, Told] = {}
    for one in told:
        known = found.get(one.project_id)
        items = (*known.items, *one.items) if known else one.items
        found[one.project_id] = Told(one.project_id, one.salt, items)
    return list(found.values())


def _add_person(into: Sum, person: bytes, outcome: int) -> None:
    if person:
        into.users.add(person)
        if outcome == CRASHED:
            into.crashed_users.add(person)


def _hours(sums: dict[Place, Sum]) -> list[Hour]:
    """Rows sorted by their key."""
    return [
        Hour(*place, s.total, s.errored, s.abnormal, s.crashed, sketch.log(s.users),
             sketch.log(s.crashed_users))
        for place, s in sorted(sums.items())
    ]  # fmt: skip
