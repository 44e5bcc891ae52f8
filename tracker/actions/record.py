"""Record a batch of events: one transaction, SQL only.

Order: seen? - keys and issues - keys' counts - events - users - tags - rollups -
ledger - issues (locked last) with their lifecycle - Activity - the caller's
`settle`, which deletes the inbox rows.  On commit the bell rings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tracker import release_counts, similar, slots, store
from tracker.actions import caps, names, ownership
from tracker.actions.activity import Entry, write_activity
from tracker.actions.batch import Placed, Prepared, Recorded
from tracker.actions.placing import Founding, Placement, place
from tracker.actions.reactions import Reaction, facts_of, react
from tracker.actions.tally import IssueTally, Tally, add_up, person_of
from tracker.domain import sketch
from tracker.domain.event import LEVELS
from tracker.domain.grouping.similarity import features_of
from tracker.domain.priority import MANY_USERS, Priority
from tracker.domain.sampling import keep
from tracker.domain.titles import title_of
from tracker.domain.words import files_and_functions
from tracker.models import ActivityKind, IssueText, Ledger
from tracker.sql import need_not_wait

_days_made: set[date] = set()


class IssueGone(Exception):
    """An issue was merged or deleted between look-up and lock; nothing was written, try again."""


def record(batch: Sequence[Prepared], settle: Callable[[], None]) -> Recorded:
    """Count, store and group events exactly once each.

    `settle` runs as the last step of the transaction; what it raises undoes everything.
    Two workers may record overlapping batches at the same time. Raises IssueGone.
    """
    environments = names.environments.ids({(p.project_id, p.event.environment) for p in batch})
    releases = names.releases.ids(
        {(p.project_id, p.event.release) for p in batch if p.event.release}
    )
    for day in {p.day for p in batch} - _days_made:
        store.ensure_day(day)
        _days_made.add(day)
    with transaction.atomic():
        need_not_wait()  # lost with a crash, the inbox still has the rows, for they go with it
        fresh = _fresh(batch)
        placement = place(fresh)
        tally = add_up(placement.placed, environments)
        key_ids = store.upsert_keys(_key_rows(placement, tally))
        slots.note(placement.slots, batch[0].day)
        kept = _kept(placement.placed)
        store.copy_events([_event_row(one, key_ids, environments, releases) for one in kept])
        capped = _write_tags(tally, {p.project_id for p in batch if p.keep_all})
        new_people = _write_counts(tally)
        store.add_to_ledger(_ledger_rows(batch, fresh, placement, kept, capped))
        release_counts.add(_of_releases(placement.placed, environments, releases))
        regressed = _write_issues(placement, tally, new_people, releases)
        settle()
    return Recorded(
        counted=len(placement.placed),
        duplicate=len(batch) - len(fresh),
        discarded=len(placement.discarded),
        sampled=len(placement.placed) - len(kept),
        new_issues=len(placement.foundings),
        regressed=regressed,
    )


def _fresh(batch: Sequence[Prepared]) -> list[Prepared]:
    """Those whose id was never seen before, each once, in the order of the batch."""
    first: dict[tuple[int, UUID], Prepared] = {}
    for prepared in batch:
        first.setdefault((prepared.project_id, prepared.event_id), prepared)
    rows = sorted((p.project_id, p.event_id, p.day) for p in first.values())
    new = store.insert_seen(rows)
    return [p for key, p in first.items() if key in new]


def _kept(placed: Sequence[Placed]) -> list[Placed]:
    """Those whose payload is stored: all but the bulk of very noisy issues."""
    threshold = settings.SAMPLE_ABOVE
    latest = {(one.prepared.project_id, one.issue_id): one for one in placed}
    return [
        one
        for one in placed
        if one.prepared.keep_all
        or keep(one.prepared.event_id.bytes, one.before, threshold)
        or latest[one.prepared.project_id, one.issue_id] is one
    ]


def _key_rows(
    placement: Placement, tally: Tally
) -> list[tuple[int, str, bytes, int, str, bool, str, int]]:
    rows = []
    for (project, version, key_hash), used in sorted(placement.keys.items()):
        key = used.key
        events = tally.keys.get((project, version, key_hash), 0)
        rows.append(
            (
                project, version, key_hash, used.issue_id,
                key.kind if key else "", used.precise, key.why if key else "", events,
            )
        )  # fmt: skip
    return rows


def _event_row(
    one: Placed,
    key_ids: dict[tuple[int, bytes], int],
    environments: dict[tuple[int, str], int],
    releases: dict[tuple[int, str], int],
) -> tuple[Any, ...]:
    prepared, event = one.prepared, one.prepared.event
    project = prepared.project_id
    return (
        project,
        prepared.event_id,
        prepared.day,
        one.issue_id,
        key_ids[project, one.via],
        prepared.received,
        datetime.fromtimestamp(event.timestamp, UTC),
        environments[project, event.environment],
        releases.get((project, event.release)),
        LEVELS.get(event.level, 40),
        person_of(event.user_key) if event.user_key else None,
        prepared.dictionary,
        prepared.payload,
        prepared.trace_id,
    )


def _of_releases(
    placed: Sequence[Placed],
    environments: dict[tuple[int, str], int],
    releases: dict[tuple[int, str], int],
) -> Iterator[release_counts.Sighting]:
    for one in placed:
        project, event = one.prepared.project_id, one.prepared.event
        release = releases.get((project, event.release))
        if release is not None:
            yield project, release, environments[project, event.environment], one.prepared.received


def _write_tags(tally: Tally, unlimited: set[int]) -> dict[int, int]:
    """Tags, as far as the caps allow; returns what went under `<other>` per project."""
    rows = [(*key, s.count, s.last) for key, s in sorted(tally.tags.items())]
    return caps.tags.write(rows, unlimited) if rows else {}


def _write_counts(tally: Tally) -> dict[tuple[int, int], set[UUID]]:
    """Users and rollups; returns who is new per (project, issue)."""
    new_people: dict[tuple[int, int], set[UUID]] = {}
    if tally.users:
        people = [(*key, s.first, s.last, s.count) for key, s in sorted(tally.users.items())]
        for project, issue, person in store.upsert_users(people):
            new_people.setdefault((project, issue), set()).add(person)
    long = store.upsert_rollup5m(tally.five_minute_rows(), sketch.FOLD_ABOVE)
    store.set_sketches([row._replace(users=sketch.fold(row.users)) for row in long])
    store.upsert_rollup("tracker_rolluphour", tally.hour_rows())
    store.upsert_rollup("tracker_rollupday", tally.day_rows())
    return new_people


def _ledger_rows(
    batch: Sequence[Prepared],
    fresh: Sequence[Prepared],
    placement: Placement,
    kept: Sequence[Placed],
    capped: dict[int, int],
) -> list[tuple[int, date, str, str, int]]:
    """Sorted additions to the books, under the day of receipt."""
    sums: dict[tuple[int, date, str, str], int] = {}

    def add(prepared: Prepared, kind: str, count: int = 1) -> None:
        key = (prepared.project_id, prepared.day, kind, "")
        sums[key] = sums.get(key, 0) + count

    for prepared in batch:
        add(prepared, Ledger.Kind.DUPLICATE.value)
    for prepared in fresh:
        add(prepared, Ledger.Kind.DUPLICATE.value, -1)
    for prepared in placement.discarded:
        add(prepared, Ledger.Kind.DISCARDED.value)
    for one in placement.placed:
        add(one.prepared, Ledger.Kind.COUNTED.value)
        add(one.prepared, Ledger.Kind.SAMPLED.value)
    for one in kept:
        add(one.prepared, Ledger.Kind.SAMPLED.value, -1)
    for what, numbers in (("issues", placement.overflowed), ("tags", capped)):
        for project, number in numbers.items():
            sums[project, batch[-1].day, Ledger.Kind.CAPPED.value, what] = number
    return [(*key, count) for key, count in sorted(sums.items()) if count]


def _write_issues(
    placement: Placement,
    tally: Tally,
    new_people: dict[tuple[int, int], set[UUID]],
    releases: dict[tuple[int, str], int],
) -> int:
    """Open, lock, count and move issues, with their Activity; returns how many regressed."""
    store.insert_issues([_issue_row(f, releases) for f in placement.foundings.values()])
    store.insert_issue_texts([row for f in placement.foundings.values() for row in _texts(f)])
    similar.insert_features(
        [
            (founding.first.project_id, founding.issue_id, features_of(founding.first.event))
            for founding in placement.foundings.values()
        ]
    )
    rows = store.lock_issues(sorted(tally.issues))
    if len(rows) != len(tally.issues):
        raise IssueGone("an issue went away while its events were being recorded")
    store.add_to_issues(_issue_counts(rows, tally, new_people, releases))
    entries = [_first_seen(founding) for founding in placement.foundings.values()]
    reaction = react(rows, tally, new_people)
    reaction.write()
    write_activity(entries + reaction.entries)
    ownership.own(_arrivals(placement, tally, reaction))
    return reaction.regressed


def _arrivals(placement: Placement, tally: Tally, reaction: Reaction) -> list[tuple[int, Prepared]]:
    """Issues that are new or came back, each with the event that made it so."""
    found = [(founding.issue_id, founding.first) for founding in placement.foundings.values()]
    for entry in reaction.entries:
        if entry.kind == ActivityKind.REGRESSED and entry.issue_id is not None:
            for one in tally.issues[entry.project_id, entry.issue_id].sightings:
                if one.prepared.event.event_id == entry.data["event_id"]:
                    found.append((entry.issue_id, one.prepared))
                    break
    return found


def _issue_counts(
    rows: Sequence[store.IssueRow],
    tally: Tally,
    new_people: dict[tuple[int, int], set[UUID]],
    releases: dict[tuple[int, str], int],
) -> list[tuple[int, int, int, int, int, datetime, int | None, bool, int, list[int]]]:
    """What `add_to_issues` adds, in the order of the locks."""
    found = []
    for row in rows:
        project, issue = row.project_id, row.id
        added = tally.issues[project, issue]
        people = len(new_people.get((project, issue), ()))
        found.append(
            (
                project, issue, len(added.sightings), people, added.level, added.last_seen,
                releases.get((project, added.release)), added.unhandled,
                _priority(row, added, people).value,
                _environments(row, added),
            )
        )  # fmt: skip
    return found


def _environments(row: store.IssueRow, added: IssueTally) -> list[int]:
    """Where the issue is from now on, if its events come from somewhere new."""
    if added.environments.issubset(row.environments):
        return []
    return sorted(added.environments.union(row.environments))


def _priority(row: store.IssueRow, added: IssueTally, people: int) -> Priority:
    """How urgent its events make an issue; who was hit within a day is known while it is young."""
    young = added.last_seen - row.first_seen <= timedelta(hours=24)
    if young and row.users + people >= MANY_USERS:
        return Priority.HIGH
    if row.substatus == "escalating" and added.priority < Priority.HIGH:
        return Priority(added.priority + 10)
    return added.priority


def _issue_row(founding: Founding, releases: dict[tuple[int, str], int]) -> tuple[Any, ...]:
    prepared, event = founding.first, founding.first.event
    about = title_of(event)
    error = event.exceptions[-1] if event.exceptions else None
    return (
        prepared.project_id,
        founding.issue_id,
        LEVELS.get(event.level, 40),
        error.type[:256] if error else "",
        error.value if error else event.message,
        about.culprit,
        prepared.keys.title or about.title,
        event.platform[:64],
        event.logger[:64],
        error.handled if error else None,
        prepared.received,
        releases.get((prepared.project_id, event.release)),
    )


def _texts(founding: Founding) -> list[tuple[int, int, int, str]]:
    project = founding.first.project_id
    files, functions = files_and_functions(founding.first.event)
    texts = ((IssueText.Kind.FILES.value, files), (IssueText.Kind.FUNCTIONS.value, functions))
    return [(project, founding.issue_id, kind, text) for kind, text in texts if text]


def _first_seen(founding: Founding) -> Entry:
    first = founding.first
    why = first.keys.keys[0].why
    return Entry(
        project_id=first.project_id,
        issue_id=founding.issue_id,
        kind=ActivityKind.FIRST_SEEN,
        at=first.received,
        data={**facts_of(first), "why": why},
    )
