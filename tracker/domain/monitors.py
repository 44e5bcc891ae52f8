"""What check-ins and the clock do to a monitor. Pure."""

from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from tracker.domain import schedule

BAD = frozenset({"error", "missed", "timeout"})
_MOST_MINUTES = 40_320


class Settings(Struct, frozen=True):
    """A monitor's configuration."""

    schedule: dict[str, Any] | None = None
    timezone: str = "UTC"
    margin: int = 1
    max_runtime: int = 30
    failure_threshold: int = 1
    recovery_threshold: int = 1


def configured(told: dict[str, Any], before: Settings) -> Settings:
    """The configuration after a check-in's `monitor_config`; what can't be read stays as it was."""
    try:
        plan: dict[str, Any] | None = schedule.clean(told.get("schedule"))
    except schedule.ScheduleError:
        plan = before.schedule
    zone = told.get("timezone")
    return Settings(
        schedule=plan,
        timezone=zone if isinstance(zone, str) and schedule.is_zone(zone) else before.timezone,
        margin=_count(told.get("checkin_margin"), before.margin, 0, _MOST_MINUTES),
        max_runtime=_count(told.get("max_runtime"), before.max_runtime, 1, _MOST_MINUTES),
        failure_threshold=_count(
            told.get("failure_issue_threshold"), before.failure_threshold, 1, 720
        ),
        recovery_threshold=_count(
            told.get("recovery_threshold"), before.recovery_threshold, 1, 720
        ),
    )


def _count(told: Any, before: int, low: int, high: int) -> int:
    if isinstance(told, bool) or not isinstance(told, int | float) or not low <= told <= high:
        return before
    return int(told)


def due(settings: Settings, after: datetime) -> datetime | None:
    """When the next run will count as missed: its time and the margin; None: never."""
    if settings.schedule is None:
        return None
    try:
        run = schedule.next_run(settings.schedule, settings.timezone, after)
    except (schedule.ScheduleError, OverflowError):
        return None
    return run + timedelta(minutes=max(settings.margin, 1)) if run else None


def overdue(settings: Settings, started: datetime) -> datetime:
    """When a run that began will count as too long."""
    return started + timedelta(minutes=settings.max_runtime)


class Health(Struct, frozen=True):
    """A monitor's status and how it got there."""

    status: str
    failures: int = 0
    successes: int = 0
    alarm: bool = False
    """The failure is to become an event."""


def judged(before: Health, outcome: str, settings: Settings) -> Health:
    """The health after a run ended in `outcome`: `ok`, `error`, `missed` or `timeout`.

    From `failure_threshold` failures in a row on, each is an event of the monitor's issue; the
    status turns back to ok after `recovery_threshold` successes in a row.
    """
    if outcome in BAD:
        failures = before.failures + 1
        enough = failures >= settings.failure_threshold
        return Health(outcome if enough else before.status, failures, 0, alarm=enough)
    successes = before.successes + 1
    well = before.status not in BAD or successes >= settings.recovery_threshold
    failures = 0
    return Health("ok" if well else before.status, failures, successes)
