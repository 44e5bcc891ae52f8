"""Check-ins and the clock: keep monitors' status, and turn failures into events of issues.

A failure is first noted on the monitor's row (`alarm`), in the transaction of the fact;
`raise_alarms` then records it as an event like any other, and takes the note away in the
same transaction. A process that dies between the two loses nothing. A recovery is noted
likewise (`recovered`), and `settle_recoveries` resolves the issue.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from django.db import transaction
from msgspec import Struct

from tracker import payloads, store
from tracker.actions import resolving
from tracker.actions.activity import Entry, write_activity
from tracker.actions.batch import Prepared
from tracker.actions.record import record
from tracker.actions.transition import Origin
from tracker.domain.event import Event
from tracker.domain.grouping import keys_of
from tracker.domain.items import CheckInReport
from tracker.domain.monitors import BAD, Health, Settings, configured, due, judged, overdue
from tracker.models import CheckIn, GroupingKey, Issue, Ledger, Monitor, Project

MOST_MONITORS = 200
"""Per project; check-ins of more are dropped and counted."""
KEPT = 200
"""Check-ins of a monitor that are kept."""
BATCH = 100
_NAMES = UUID("6d6f6e69-746f-7273-0000-000000000000")
_TEXTS = {
    "error": "The job said that it failed",
    "missed": "The job did not check in when it should have",
    "timeout": "The job did not end in time",
}
MISSED_LETTER = "check_in_missed"
"""Kind of the Activity of each failure, beside the event that it is."""
_SAID = {"ok": "ok", "error": "error", "in_progress": "in_progress"}


class Told(Struct, frozen=True):
    """A check-in of a project."""

    project_id: int
    received: datetime
    report: CheckInReport


def write(told: Sequence[Told]) -> dict[int, int]:
    """Note check-ins; the caller holds a transaction. Returns dropped ones per project."""
    dropped: dict[int, int] = {}
    for one in sorted(told, key=_key):
        monitor = _monitor(one)
        if monitor is None:
            dropped[one.project_id] = dropped.get(one.project_id, 0) + 1
        else:
            _check_in(monitor, one)
    return dropped


def _key(one: Told) -> tuple[int, str, str]:
    """The order that rows are locked in; check-ins of one monitor stay in theirs."""
    return one.project_id, one.report.slug, one.report.environment


def _monitor(one: Told) -> Monitor | None:
    """The monitor, locked; made when the check-in brings its configuration."""
    report = one.report
    name = {
        "project_id": one.project_id,
        "slug": report.slug,
        "environment": report.environment[:64],
    }
    monitor = Monitor.objects.select_for_update().filter(**name).first()
    if monitor is None:
        sibling = Monitor.objects.filter(project_id=one.project_id, slug=report.slug).first()
        if report.config is None and sibling is None:
            return None
        if Monitor.objects.filter(project_id=one.project_id).count() >= MOST_MONITORS:
            return None
        if not Project.objects.filter(pk=one.project_id).exists():
            return None
        start = settings_of(sibling) if sibling else Settings()
        made = Monitor(**name, **msgspec.structs.asdict(start))
        Monitor.objects.bulk_create([made], ignore_conflicts=True)
        monitor = Monitor.objects.select_for_update().get(**name)
    if report.config is not None:
        for field, value in msgspec.structs.asdict(
            configured(report.config, settings_of(monitor))
        ).items():
            setattr(monitor, field, value)
    return monitor


def settings_of(monitor: Monitor) -> Settings:
    """A monitor's configuration."""
    fields = ("schedule", "timezone", "margin", "max_runtime")
    thresholds = ("failure_threshold", "recovery_threshold")
    return Settings(**{name: getattr(monitor, name) for name in (*fields, *thresholds)})


def _check_in(monitor: Monitor, one: Told) -> None:
    """One run's word: a new row, or what an earlier word of the same run becomes."""
    report, now = one.report, one.received
    status = _SAID.get(report.status, "unknown")
    run = _run(monitor, report)
    if run is None:
        if not monitor.pk:
            return
        run = CheckIn(monitor=monitor, check_in_id=UUID(hex=report.check_in_id), started_at=now)
    elif run.finished_at is not None and status == "in_progress":
        return  # its beginning, told late
    first_end = status in {"ok", "error"} and run.status != status
    run.status = status
    run.release = report.release or run.release
    run.trace_id = report.trace_id or run.trace_id
    if report.duration is not None:
        run.duration = report.duration
    if status != "in_progress":
        run.finished_at = now
        if run.duration is None and run.pk:
            run.duration = (now - run.started_at).total_seconds()
    run.save()
    settings = settings_of(monitor)
    monitor.last_check_in_at = now
    monitor.release = report.release or monitor.release
    monitor.due_at = due(settings, now)
    if status == "in_progress":
        monitor.running, monitor.overdue_at = run.check_in_id, overdue(settings, run.started_at)
    elif monitor.running == run.check_in_id:
        monitor.running = monitor.overdue_at = None
    if first_end:
        _judge(monitor, status, run.check_in_id)
    monitor.save()


def _run(monitor: Monitor, report: CheckInReport) -> CheckIn | None:
    """The run that a check-in is about; all zeros mean the open one."""
    runs = CheckIn.objects.filter(monitor=monitor)
    if report.check_in_id.strip("0"):
        return runs.filter(check_in_id=UUID(hex=report.check_in_id)).first()
    return runs.filter(status="in_progress").order_by("-pk").first()


def _judge(monitor: Monitor, outcome: str, cause: UUID) -> None:
    """A run ended: what that makes of the monitor."""
    before = Health(monitor.status, monitor.failures, monitor.successes)
    after = judged(before, outcome, settings_of(monitor))
    monitor.status = after.status
    monitor.failures, monitor.successes = after.failures, after.successes
    if after.status in BAD:
        monitor.recovered = False
    elif before.status in BAD:
        monitor.recovered = True
    if after.alarm and not monitor.muted:
        monitor.alarm = outcome
        monitor.alarm_id = uuid5(_NAMES, f"{monitor.pk} {cause} {outcome}")


def watch(now: datetime) -> int:
    """Note runs that are missed or take too long by now; returns how many."""
    found = 0
    while True:
        with transaction.atomic():
            late = list(
                Monitor.objects.select_for_update(skip_locked=True)
                .filter(due_at__lte=now)
                .order_by("due_at")[:BATCH]
            )
            for monitor in late:
                _miss(monitor, now)
            slow = list(
                Monitor.objects.select_for_update(skip_locked=True)
                .filter(overdue_at__lte=now)
                .order_by("overdue_at")[:BATCH]
            )
            for monitor in slow:
                _give_up(monitor, now)
        found += len(late) + len(slow)
        if len(late) < BATCH and len(slow) < BATCH:
            return found


def _miss(monitor: Monitor, now: datetime) -> None:
    expected = monitor.due_at
    if expected is None:
        return
    run = uuid5(_NAMES, f"{monitor.pk} {expected.isoformat()}")
    CheckIn.objects.bulk_create(
        [CheckIn(monitor=monitor, check_in_id=run, status="missed", started_at=expected)],
        ignore_conflicts=True,
    )
    monitor.due_at = due(settings_of(monitor), now)
    _judge(monitor, "missed", run)
    monitor.save()


def _give_up(monitor: Monitor, now: datetime) -> None:
    run = monitor.running
    monitor.running = monitor.overdue_at = None
    if run is not None:
        open_runs = CheckIn.objects.filter(monitor=monitor, check_in_id=run, status="in_progress")
        if open_runs.update(status="timeout", finished_at=now):
            _judge(monitor, "timeout", run)
    monitor.save()


def raise_alarms(now: datetime) -> int:
    """Record noted failures as events; returns how many."""
    raised = 0
    waiting = Monitor.objects.exclude(alarm="").select_related("project").order_by("pk")
    for monitor in waiting[:BATCH]:
        if monitor.alarm_id is None:
            continue
        prepared = _prepared(monitor, monitor.alarm_id, now)

        row = (monitor.project_id, now.date(), Ledger.Kind.ACKNOWLEDGED.value, "", 1)

        def settle(
            one: Monitor = monitor, event: Prepared = prepared, row: tuple[Any, ...] = row
        ) -> None:
            store.add_to_ledger([row])
            mine = Monitor.objects.filter(pk=one.pk, alarm_id=one.alarm_id)
            if mine.update(alarm="", alarm_id=None):
                _tell(one, event, now)

        record([prepared], settle)
        raised += 1
    return raised


def _tell(monitor: Monitor, event: Prepared, now: datetime) -> None:
    """Write the letter of a failure, for an issue that nobody has put aside."""
    open_ones = (
        Issue.objects.live()
        .unresolved()
        .filter(project=monitor.project_id, pk__in=_holders(monitor, event))
    )
    data = {
        "why": f"{_TEXTS[monitor.alarm]}: {monitor.slug}",
        "environment": monitor.environment,
        "release": monitor.release,
    }
    numbers = open_ones.order_by("pk").values_list("pk", flat=True)
    write_activity([
        Entry(monitor.project_id, number, MISSED_LETTER, now, data) for number in numbers
    ])  # fmt: skip


def _holders(monitor: Monitor, event: Prepared) -> set[int]:
    """Issues that hold the keys of a monitor's failures."""
    version = monitor.project.grouping_version
    wanted = [(monitor.project_id, version, key.hash) for key in event.keys.keys]
    return {row.issue_id for row in store.find_keys(wanted)}


def settle_recoveries(now: datetime) -> int:
    """Resolve the issues of monitors that are well again; returns how many.

    Not while the same job fails in another environment, nor when a person merged the issue with
    others: the monitor speaks for itself alone.
    """
    done = 0
    waiting = Monitor.objects.filter(recovered=True, alarm="").select_related("project")
    for monitor in waiting.order_by("pk")[:BATCH]:
        with transaction.atomic():
            mine = Monitor.objects.filter(pk=monitor.pk, recovered=True, alarm="")
            if not mine.update(recovered=False) or not monitor.auto_resolve:
                continue
            sick = Monitor.objects.filter(
                project=monitor.project_id, slug=monitor.slug, status__in=BAD
            )
            issue = None if sick.exists() else _issue_of(monitor, now)
            if issue is not None:
                why = f"{monitor.slug} checked in again"
                rows = Issue.objects.filter(project=monitor.project_id, pk=issue)
                done += len(resolving.resolve_recovered(rows, why, now).changed)
    return done


def _issue_of(monitor: Monitor, now: datetime) -> int | None:
    """The issue that holds a monitor's failures and nothing else."""
    monitor.alarm = "missed"  # any: all failures of a monitor are one issue; not saved
    prepared = _prepared(monitor, _NAMES, now)
    issues = _holders(monitor, prepared)
    if len(issues) != 1:
        return None
    [issue] = issues
    others = GroupingKey.objects.filter(
        project=monitor.project_id, issue=issue, version=monitor.project.grouping_version
    ).exclude(hash__in=[key.hash for key in prepared.keys.keys])
    return None if others.exists() else issue


def _prepared(monitor: Monitor, event_id: UUID, now: datetime) -> Prepared:
    """The event that a monitor's failure is."""
    text = f"{_TEXTS[monitor.alarm]}: {monitor.slug}"
    tags = (("monitor.slug", monitor.slug), ("monitor.status", monitor.alarm))
    facts = {
        "event_id": event_id.hex,
        "timestamp": now.timestamp(),
        "level": "error",
        "platform": "other",
        "logger": "monitor",
        "environment": monitor.environment,
        "release": monitor.release,
    }
    project = monitor.project
    fingerprint = ("monitor", monitor.slug)
    data = {
        **facts,
        "logentry": {"formatted": text},
        "tags": [list(pair) for pair in tags],
        "fingerprint": list(fingerprint),
        "contexts": {
            "monitor": {
                "slug": monitor.slug,
                "status": monitor.alarm,
                "failures_in_a_row": monitor.failures,
                "schedule": monitor.schedule,
                "timezone": monitor.timezone,
            }
        },
    }
    event = Event(
        **facts,  # type: ignore[arg-type]
        received=now.timestamp(),
        message=text,
        title=f"Cron failure: {monitor.slug}",
        fingerprint=fingerprint,
        tags=tags,
    )
    return Prepared(
        project_id=monitor.project_id,
        event_id=event_id,
        received=now,
        event=event,
        keys=keys_of(event, project.grouping_version),
        older=Origin(project.previous_grouping_versions).keys(event),
        payload=payloads.pack(data, project.dictionary),
        dictionary=project.dictionary,
        keep_all=True,
    )


def prune(now: datetime) -> int:
    """Keep each monitor's newest check-ins only; returns how many went."""
    del now
    gone = 0
    for pk in Monitor.objects.values_list("pk", flat=True).iterator():
        rows = CheckIn.objects.filter(monitor_id=pk).order_by("-pk")
        edge = rows.values_list("pk", flat=True)[KEPT - 1 : KEPT].first()
        if edge is not None:
            gone += CheckIn.objects.filter(monitor_id=pk, pk__lt=edge).delete()[0]
    return gone
