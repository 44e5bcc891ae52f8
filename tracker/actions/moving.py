"""Merge, unmerge, delete: verbs that move rows between issues, or out.

What people and the grouping look at (keys, totals, daily counts) moves at once, in
one transaction; the many rows follow in chunks, each of which moves its counts, so
that the books balance at every moment. The first chunks run at once; a timer does
what is left (`work_off`).

    MovingError
    ├── NothingToMerge
    └── NotItsKeys
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from tracker import moves, payloads, store
from tracker.actions.activity import Entry, write_activity
from tracker.actions.tally import five_minutes
from tracker.actions.triage import Outcome
from tracker.domain import sketch
from tracker.models import ActivityKind, GroupingKey, Issue, Ledger, Move, User

CHUNK = 1_000
"""Rows a transaction moves at the most: about 50 ms."""
AT_ONCE = 3
"""Moves begun before the page answers."""
PATIENCE = 0.6
"""Seconds that this may take: small moves are complete by then."""
RESIDUE = "residue"
"""Kind of a key that only holds a count: events that could not be moved with their key."""


class MovingError(Exception):
    """Base of what goes wrong here; `str()` is for the page."""


class NothingToMerge(MovingError):
    """A merge needs two issues of one project."""


class NotItsKeys(MovingError):
    """An unmerge names keys that are not the issue's, or all of them."""


# -- merge ----------------------------------------------------------------------


def merge(issues: QuerySet[Issue], actor: User | None, now: datetime) -> tuple[Issue, Outcome]:
    """Join issues of one project into the oldest; new events follow at once.

    Raises NothingToMerge.
    """
    ids = list(issues.values_list("pk", flat=True))
    projects = set(issues.values_list("project_id", flat=True))
    if len(projects) > 1:
        raise NothingToMerge("Only issues of one project can be merged.")
    with transaction.atomic():
        if projects:
            store.lock_grouping(sorted(projects))
        rows = list(
            Issue.objects.filter(pk__in=ids).live()
            .order_by("project_id", "pk").select_for_update(no_key=True)
        )  # fmt: skip
        if len(rows) < 2:
            raise NothingToMerge("Choose at least two issues to merge.")
        rows.sort(key=lambda row: (row.first_seen, row.pk))
        survivor, losers = rows[0], rows[1:]
        for loser in losers:
            _join(survivor, loser, now)
        survivor.save(
            update_fields=["events", "first_seen", "last_seen", "environments", "first_release",
                           "last_release", "level"]
        )  # fmt: skip
        titles = {str(loser.pk): loser.title for loser in losers}
        write_activity([_entry(survivor, ActivityKind.MERGED, actor, now, {"issues": titles})])
    _begin(survivor.project_id)
    return survivor, Outcome(tuple(row.pk for row in losers), 0)


def _join(survivor: Issue, loser: Issue, now: datetime) -> None:
    """Keys, totals and days of one issue go to another; its rows are queued."""
    project = survivor.project_id
    moves.repoint_keys(project, loser.pk, survivor.pk)
    moves.move_days(project, loser.pk, survivor.pk)
    survivor.events += loser.events
    if loser.last_seen > survivor.last_seen:
        survivor.last_release_id = loser.last_release_id or survivor.last_release_id
        survivor.level = loser.level
    survivor.last_seen = max(survivor.last_seen, loser.last_seen)
    survivor.environments = sorted({*survivor.environments, *loser.environments})
    Issue.objects.filter(pk=loser.pk).update(merged_into=survivor.pk, events=0, users=0)
    # What was merged into the loser before, and is still on its way, goes on to the survivor.
    Issue.objects.filter(project_id=project, merged_into=loser.pk).update(merged_into=survivor.pk)
    Move.objects.filter(project_id=project, target=loser.pk, done_at=None).update(
        target=survivor.pk
    )
    Move.objects.create(project_id=project, source=loser.pk, target=survivor.pk, created_at=now)


# -- unmerge --------------------------------------------------------------------


def unmerge(issue: Issue, key_ids: Sequence[int], actor: User | None, now: datetime) -> Issue:
    """Take keys out of an issue into one of their own, and lock them there.

    Stored events follow; what was sampled away or expired stays where it was counted.
    Raises NotItsKeys.
    """
    with transaction.atomic():
        store.lock_grouping([issue.project_id])
        keys = list(issue.keys.exclude(kind=RESIDUE))
        chosen = [key for key in keys if key.pk in set(key_ids)]
        if not chosen or len(chosen) != len(set(key_ids)):
            raise NotItsKeys("These grouping keys are not this issue's; reload the page.")
        if len(chosen) == len(keys):
            raise NotItsKeys("An issue keeps at least one key; leave one of them.")
        fresh = _split_off(issue, chosen, now)
        data = {"issue": fresh.pk, "title": fresh.title, "keys": [key.why for key in chosen]}
        write_activity([_entry(issue, ActivityKind.UNMERGED, actor, now, data)])
        data = {"from": issue.pk, "title": issue.title}
        write_activity([_entry(fresh, ActivityKind.UNMERGED, actor, now, data)])
    _begin(issue.project_id)
    fresh.refresh_from_db()
    return fresh


def _split_off(issue: Issue, chosen: Sequence[GroupingKey], now: datetime) -> Issue:
    """A new issue with the keys, and residues that hold their counts until events follow."""
    fresh = Issue.objects.create(
        project_id=issue.project_id, status="unresolved", substatus="ongoing", level=issue.level,
        type=issue.type, message=issue.message, culprit=issue.culprit, title=issue.title,
        platform=issue.platform, logger=issue.logger, handled=issue.handled,
        first_seen=issue.last_seen, last_seen=issue.last_seen, state_changed_at=now,
    )  # fmt: skip
    for key in chosen:
        residue = GroupingKey.objects.create(
            project_id=issue.project_id, version=key.version, issue=issue, kind=RESIDUE,
            hash=blake2b(bytes(key.hash) + RESIDUE.encode(), digest_size=16,
                         salt=str(key.pk)[-16:].encode()).digest(),
            why=f"events of “{key.why}” that are no longer stored", events=key.events,
        )  # fmt: skip
        key.issue, key.locked, key.events = fresh, True, 0
        key.save(update_fields=["issue", "locked", "events"])
        Move.objects.create(
            project_id=issue.project_id, source=issue.pk, target=fresh.pk, key=key.pk,
            residue=residue.pk, created_at=now,
        )  # fmt: skip
    return fresh


# -- delete ---------------------------------------------------------------------


def delete(
    issues: QuerySet[Issue], actor: User | None, now: datetime, *, discard: bool = False
) -> Outcome:
    """Delete issues with their events; with `discard`, drop (and count) what comes later too."""
    with transaction.atomic():
        projects = sorted(set(issues.values_list("project_id", flat=True)))
        store.lock_grouping(projects)
        rows = list(
            Issue.objects.filter(pk__in=list(issues.values_list("pk", flat=True))).live()
            .order_by("project_id", "pk").select_for_update(no_key=True)
        )  # fmt: skip
        ids = [row.pk for row in rows]
        keys = GroupingKey.objects.filter(project_id__in=projects, issue_id__in=ids)
        if discard:
            keys.update(discard=True)
        else:
            keys.delete()
        Issue.objects.filter(pk__in=ids).update(deleted_at=now)
        Move.objects.bulk_create(
            Move(project_id=row.project_id, source=row.pk, created_at=now) for row in rows
        )
        data = {"discard": discard}
        write_activity([_entry(row, ActivityKind.DELETED, actor, now, data) for row in rows])
    for project in projects:
        _begin(project)
    return Outcome(tuple(ids), 0)


# -- the rows -------------------------------------------------------------------


def sources_of(issue: Issue) -> list[int]:
    """Where an issue's rows are: its own id, and those merged into it that are still moving."""
    return issue.sources()


def _begin(project_id: int) -> None:
    """Do the first chunks now, so that small merges are complete when the page answers."""
    until = time.monotonic() + PATIENCE
    for move in Move.objects.filter(project_id=project_id, done_at=None).order_by("pk")[:AT_ONCE]:
        while time.monotonic() < until:
            if step(move.pk):
                break


def work_off(deadline: datetime, clock: Any) -> int:
    """Do what is left until `deadline`; returns how many moves were finished."""
    finished = 0
    for move in Move.objects.filter(done_at=None).order_by("pk")[:100]:
        while clock() < deadline:
            if step(move.pk):
                finished += 1
                break
    return finished


def step(move_id: int) -> bool:
    """One chunk of one move; True when nothing is left of it."""
    with transaction.atomic():
        move = (
            Move.objects.filter(pk=move_id, done_at=None)
            .select_for_update(skip_locked=True)
            .first()
        )
        if move is None:
            return True
        if move.target is None:
            left = _delete_chunk(move)
        elif move.key is None:
            left = _merge_chunk(move, move.target)
        else:
            left = _unmerge_chunk(move, move.target, move.key)
        if not left:
            move.done_at = datetime.now(UTC)
            move.save(update_fields=["done_at"])
        return not left


def _merge_chunk(move: Move, target: int) -> bool:
    project, source = move.project_id, move.source
    moved, new = moves.move_users(project, source, target, CHUNK)
    if not moved:
        _fold_dense(project, source)
        for table in moves.COUNT_TABLES:
            moved += moves.move_counts(table, project, source, target, CHUNK)
            if moved:
                break
    if not moved:
        moved = moves.move_events(project, source, target, CHUNK)
    if new:
        moves.add_to_issue(project, target, 0, new)
    return bool(moved)


def _fold_dense(project: int, source: int) -> None:
    """Registers can't be appended: they are merged with the target's when it is next folded, so
    hand them over as a log of entries that sets the same registers.
    """
    rows = [
        store.Sketched(project, source, bucket, environment, sketch.as_log(bytes(users)))
        for environment, bucket, users in moves.dense_sketches(project, source)
    ]
    store.set_sketches(rows)


def _unmerge_chunk(move: Move, target: int, key: int) -> bool:
    project, source = move.project_id, move.source
    gone = moves.move_events_of_key(project, source, key, target, CHUNK)
    if not gone:
        moves.drop_empty_counts(project, source)
        if move.residue is not None:
            GroupingKey.objects.filter(project_id=project, pk=move.residue, events__lte=0).delete()
        return False
    new, left = _recount(project, source, target, gone)
    if move.residue is not None:
        moves.add_to_key(move.residue, project, -len(gone))
    moves.add_to_key(key, project, len(gone))
    for issue, events, users in sorted([(source, -len(gone), -left), (target, len(gone), new)]):
        moves.add_to_issue(project, issue, events, users)
    _describe(target, gone)
    return True


def _recount(project: int, source: int, target: int, gone: Sequence[moves.Gone]) -> tuple[int, int]:
    """Users, tags and buckets of moved events, off the source and onto the target.

    Returns (people new to the target, people who left the source).
    """
    people: dict[Any, list[Any]] = {}
    tags: dict[tuple[str, str], list[Any]] = {}
    five: dict[tuple[datetime, int], list[bytes | None]] = {}
    for row in gone:
        person = row.user_key
        bucket = five_minutes(row.received_at.astimezone(UTC))
        five.setdefault((bucket, row.environment_id), []).append(person.bytes if person else None)
        if person is not None:
            people.setdefault((person, row.environment_id), []).append(row.received_at)
        for name, value in _tags(row):
            tags.setdefault((name, value), []).append(row.received_at)
    new = left = 0
    if people:
        new = len(store.upsert_users([
            (project, target, person, environment, min(at), max(at), len(at))
            for (person, environment), at in sorted(people.items())
        ]))  # fmt: skip
        sums: dict[Any, int] = {}
        for (person, _), at in people.items():
            sums[person] = sums.get(person, 0) + len(at)
        left = moves.take_off_users([(project, source, p, n) for p, n in sorted(sums.items())])
    store.upsert_tags(sorted(
        (project, issue, name, value, sign * len(at), max(at))
        for issue, sign in ((source, -1), (target, 1)) for (name, value), at in tags.items()
    ))  # fmt: skip
    _move_buckets(project, source, target, five)
    return new, left


def _move_buckets(
    project: int, source: int, target: int, five: dict[tuple[datetime, int], list[bytes | None]]
) -> None:
    hours: dict[tuple[int, datetime, int], int] = {}
    days: dict[tuple[int, datetime, int], int] = {}
    rows = []
    for (bucket, environment), people in five.items():
        for issue, sign in ((source, -1), (target, 1)):
            entries = sketch.log([p for p in people if p] if sign > 0 else [])
            rows.append((project, issue, bucket, environment, sign * len(people), entries))
            hour, day = bucket.replace(minute=0), bucket.replace(hour=0, minute=0)
            for sums, start in ((hours, hour), (days, day)):
                at = (issue, start, environment)
                sums[at] = sums.get(at, 0) + sign * len(people)
    store.upsert_rollup5m(sorted(rows), sketch.FOLD_ABOVE)
    for table, sums in (("tracker_rolluphour", hours), ("tracker_rollupday", days)):
        store.upsert_rollup(table, sorted((project, *at, n) for at, n in sums.items()))


def _tags(row: moves.Gone) -> list[tuple[str, str]]:
    """The SDK's tags of a stored event; derived ones can't be told from the payload alone."""
    tags = payloads.unpack(row.payload, row.dictionary).get("tags")
    if isinstance(tags, dict):
        return [(str(name), str(value)) for name, value in tags.items()]
    pairs = tags if isinstance(tags, list) else []
    return [(str(p[0]), str(p[1])) for p in pairs if isinstance(p, list) and len(p) == 2]


def _describe(target: int, gone: Sequence[moves.Gone]) -> None:
    """First, last, environments, releases and level of what was taken out."""
    issue = Issue.objects.get(pk=target)
    newest, oldest = gone[0], gone[-1]
    first = min(row.received_at for row in gone)
    issue.environments = sorted({*issue.environments, *(row.environment_id for row in gone)})
    if issue.events <= len(gone):  # the first chunk, which is the newest
        issue.first_seen, issue.last_seen = first, max(row.received_at for row in gone)
        issue.level, issue.last_release_id = newest.level, newest.release_id
    issue.first_seen = min(issue.first_seen, first)
    issue.first_release_id = oldest.release_id or issue.first_release_id
    issue.save(update_fields=["environments", "first_seen", "last_seen", "level", "last_release",
                              "first_release"])  # fmt: skip


def _delete_chunk(move: Move) -> bool:
    project, source = move.project_id, move.source
    rows: list[tuple[date, int]] = moves.delete_events(project, source, CHUNK)
    if rows:
        kind = Ledger.Kind.DELETED.value
        store.add_to_ledger([(project, day, kind, "", number) for day, number in rows])
        return True
    # The row itself stays as a tombstone: its Activity is still to be told and audited.
    return bool(moves.delete_counts(project, source, CHUNK))


def _entry(
    issue: Issue, kind: str, actor: User | None, now: datetime, data: dict[str, Any]
) -> Entry:
    return Entry(issue.project_id, issue.pk, kind, now, data, actor.pk if actor else None)
