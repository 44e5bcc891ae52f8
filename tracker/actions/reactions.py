"""What a batch of events does to issues that were resolved or snoozed.

Costs nothing where no issue of the batch is either. Decisions are pure
(`comebacks`, `snooze`); here they meet the rows that the digest has locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Struct

from tracker import states
from tracker.actions.activity import Entry
from tracker.actions.batch import Placed, Prepared
from tracker.actions.tally import Tally
from tracker.domain import snooze
from tracker.domain.comebacks import Comeback, How, Resolution, Sighting, judge
from tracker.domain.lifecycle import Cause, columns, move, state_of
from tracker.domain.versions import Known
from tracker.models import ActivityKind
from tracker.store import IssueRow

People = Mapping[tuple[int, int], set[UUID]]
"""Who is new to an issue, by (project, issue)."""
Releases = Mapping[int, Mapping[str, Known]]
"""By project and version."""


class Reaction(Struct):
    """What is to be written."""

    states: list[dict[str, Any]]
    seen: list[dict[str, Any]]
    """How far snoozes are, and what was kept resolved."""
    entries: list[Entry]
    regressed: int = 0

    def write(self) -> None:
        """Set the columns of the locked rows; the caller writes the entries."""
        states.put(states.STATE, self.states)
        states.put(("state_why", "resolution", "snooze"), self.seen)


def react(rows: Sequence[IssueRow], tally: Tally, new_people: People) -> Reaction:
    """Decide what the events of a batch mean to its issues. One query at the most."""
    reaction = Reaction([], [], [])
    resolved = [row for row in rows if row.resolved_at is not None]
    if resolved:
        resolutions = _resolutions(resolved)
        known = _known(resolved, resolutions, tally)
        for row in resolved:
            sightings = tally.issues[row.project_id, row.id].sightings
            resolution = resolutions[row.id]
            _come_back(reaction, row, resolution, sightings, known.get(row.project_id, {}))
    for row in rows:
        if row.snooze is not None:
            key = (row.project_id, row.id)
            _watch(reaction, row, tally.issues[key].sightings, new_people.get(key, set()))
    return reaction


# -- resolved ---------------------------------------------------------------------------


def resolution_of(
    at: datetime, data: Mapping[str, Any] | None, last_release: str = ""
) -> Resolution:
    """Read the column. `last_release` is for issues resolved before there was one."""
    if not data:
        return Resolution(at, last_release)
    return Resolution(
        at=at,
        release=data.get("release", ""),
        how=How(data["how"]),
        fixes=tuple(data.get("fixes", ())),
        affected=tuple(data.get("affected", ())),
    )


def _resolutions(rows: Iterable[IssueRow]) -> dict[int, Resolution]:
    old = [r.resolved_release_id for r in rows if not r.resolution and r.resolved_release_id]
    names = {found.id: found.known.version for found in states.releases_by_id(old)}
    return {
        row.id: resolution_of(
            row.resolved_at, row.resolution, names.get(row.resolved_release_id or 0, "")
        )
        for row in rows
        if row.resolved_at is not None
    }


def _known(
    rows: Iterable[IssueRow], resolutions: Mapping[int, Resolution], tally: Tally
) -> Releases:
    """All releases that will be compared."""
    wanted: set[tuple[int, str]] = set()
    for row in rows:
        sightings = tally.issues[row.project_id, row.id].sightings
        seen = {one.prepared.event.release for one in sightings}
        resolution = resolutions[row.id]
        wanted |= {(row.project_id, v) for v in {resolution.release, *resolution.fixes, *seen} if v}
    known: dict[int, dict[str, Known]] = {}
    for found in states.releases_by_version(wanted):
        known.setdefault(found.project_id, {})[found.known.version] = found.known
    return known


def _come_back(
    reaction: Reaction, row: IssueRow, resolution: Resolution,
    sightings: Sequence[Placed], known: Mapping[str, Known],
) -> None:  # fmt: skip
    """Reopen by the first event that does; else note what was seen."""
    kept = unknown = 0
    last: Comeback | None = None
    for one in sightings:
        event = one.prepared.event
        happened = datetime.fromtimestamp(event.timestamp, UTC)
        verdict = judge(resolution, Sighting(happened, event.release), known)
        if verdict.reopens:
            _reopen(reaction, row, resolution, one.prepared, verdict)
            return
        if not verdict.late:
            kept, unknown, last = kept + 1, unknown + verdict.unknown, verdict
    if last is not None:
        data = {**msgspec.to_builtins(_plain(resolution)), **(row.resolution or {})}
        data["kept"] = data.get("kept", 0) + kept
        data["unknown"] = data.get("unknown", 0) + unknown
        why = kept_why(last, data["unknown"])
        reaction.seen.append(
            {"project_id": row.project_id, "id": row.id, "state_why": why, "resolution": data,
             "snooze": None}
        )  # fmt: skip


def _plain(resolution: Resolution) -> dict[str, Any]:
    return {"how": resolution.how.value, "release": resolution.release}


def kept_why(verdict: Comeback, unknown: int) -> str:
    """What to show of an event that did not reopen."""
    if not verdict.unknown:
        return verdict.why
    reason = verdict.why.removeprefix("kept resolved: ")
    return f"kept resolved: {snooze.plural(unknown, 'event')} since, {reason}"


def _reopen(
    reaction: Reaction, row: IssueRow, resolution: Resolution, prepared: Prepared, verdict: Comeback
) -> None:
    told = {
        "resolved_how": resolution.how.value,
        "resolved_release": verdict.against or resolution.release,
        "method": verdict.method.value,
    }
    _wake_up(reaction, row, Cause.CAME_BACK, prepared, verdict.why, ActivityKind.REGRESSED, told)
    reaction.regressed += 1


# -- snoozed ----------------------------------------------------------------------------


def _watch(
    reaction: Reaction, row: IssueRow, sightings: Sequence[Placed], new_people: set[UUID]
) -> None:
    """Count events towards what the snooze waits for; wake at the one that fulfils it."""
    asleep = snooze.from_json(row.snooze)
    after, waking = snooze.watch(asleep, _hits(sightings, new_people))
    data = snooze.to_json(after)
    if waking is None:
        if after != asleep:
            reaction.seen.append(
                {"project_id": row.project_id, "id": row.id, "state_why": "", "resolution": None,
                 "snooze": data}
            )  # fmt: skip
        return
    prepared = sightings[waking.index].prepared
    data.pop("window", None)
    told = {"snooze": data}
    _wake_up(reaction, row, Cause.WOKE, prepared, waking.why, ActivityKind.WOKEN, told)


def _hits(sightings: Sequence[Placed], new_people: set[UUID]) -> list[snooze.Hit]:
    """Each event, and whether it is the first of somebody who had not been hit before."""
    waiting = set(new_people)
    hits = []
    for one in sightings:
        key = one.prepared.event.user_key
        person = UUID(bytes=key) if key and waiting else None
        new = person is not None and person in waiting
        hits.append(snooze.Hit(one.prepared.received, new))
        if person is not None:
            waiting.discard(person)
    return hits


# -- both -------------------------------------------------------------------------------


def _wake_up(
    reaction: Reaction, row: IssueRow, cause: Cause, prepared: Prepared,
    why: str, kind: str, told: dict[str, Any],
) -> None:  # fmt: skip
    """Back among the unresolved, to be looked at."""
    status, substatus = columns(move(state_of(row.status, row.substatus), cause))
    reaction.states.append(
        {"project_id": row.project_id, "id": row.id, "status": status, "substatus": substatus,
         "state_changed_at": prepared.received, "state_why": why}
    )  # fmt: skip
    data = {**facts_of(prepared), "why": why, **told}
    reaction.entries.append(Entry(row.project_id, row.id, kind, prepared.received, data))


def facts_of(prepared: Prepared) -> dict[str, Any]:
    """What Activity tells of the event that made it."""
    event = prepared.event
    return {
        "event_id": event.event_id,
        "release": event.release,
        "environment": event.environment,
        "level": event.level,
    }
