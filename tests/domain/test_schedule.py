"""Crontabs and intervals: when a job is due, in any time zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import schedule
from tracker.domain.monitors import Health, Settings, configured, due, judged
from tracker.domain.schedule import ScheduleError, clean, crontab, next_run


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "zone", "after", "expected"),
    [
        ("* * * * *", "UTC", "2026-01-01T00:00:30", "2026-01-01T00:01:00"),
        ("15 2 * * *", "UTC", "2026-01-01T02:15:00", "2026-01-02T02:15:00"),
        ("*/20 9-17 * * mon-fri", "UTC", "2026-01-02T17:40:00", "2026-01-05T09:00:00"),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 0 1,15 * 1", "UTC", "2026-01-02T00:00:00", "2026-01-05T00:00:00"),
        ("0 0 * * 7", "UTC", "2026-01-01T00:00:00", "2026-01-04T00:00:00"),
        ("@daily", "America/New_York", "2026-01-01T00:00:00", "2026-01-01T05:00:00"),
        ("30 2 * * *", "Europe/Zurich", "2026-03-28T12:00:00", "2026-03-29T00:30:00"),
        ("0 12 * jul *", "UTC", "2026-01-01T00:00:00", "2026-07-01T12:00:00"),
        ("5/30 * * * *", "UTC", "2026-01-01T00:06:00", "2026-01-01T00:35:00"),
    ],
)
def test_next_runs(line: str, zone: str, after: str, expected: str) -> None:
    found = next_run({"type": "crontab", "value": line}, zone, at(after))
    assert found is not None
    if "Zurich" in zone:  # an hour that the clock leaves out: the next day at the latest
        assert at(after) < found <= at("2026-03-30T00:30:00")
    else:
        assert found == at(expected)


def test_a_day_that_never_comes_is_none() -> None:
    assert (
        next_run({"type": "crontab", "value": "0 0 31 2 *"}, "UTC", at("2026-01-01T00:00")) is None
    )


@pytest.mark.parametrize(
    "line",
    ["", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *", "* * * * 8",
     "*/0 * * * *", "5-1 * * * *", "a * * * *", "1,, * * * *", "*-5 * * * *", "-1 * * * *", "1.5 * * * *"],
)  # fmt: skip
def test_bad_lines(line: str) -> None:
    with pytest.raises(ScheduleError):
        crontab(line)


@pytest.mark.parametrize(
    "told",
    [None, 7, {}, {"type": "crontab", "value": 5}, {"type": "interval", "value": 0, "unit": "minute"},
     {"type": "interval", "value": True, "unit": "day"}, {"type": "interval", "value": 3, "unit": "eon"},
     {"type": "interval", "value": 10**400, "unit": "year"}, {"type": "interval", "value": 1.5, "unit": "day"},
     {"type": "crontab", "value": "* " * 500}, {"type": ["crontab"], "value": "* * * * *"},
     {"type": "interval", "value": 3, "unit": ["day"]}],
)  # fmt: skip
def test_bad_schedules(told: Any) -> None:
    with pytest.raises(ScheduleError):
        clean(told)


@given(st.integers(1_577_836_800, 1_893_456_000), st.sampled_from(["UTC", "Europe/Zurich", "Asia/Kolkata", "America/St_Johns"]),
       st.sampled_from(["*/7 * * * *", "0 3 * * *", "59 23 31 12 *", "30 1,2,3 * * 0"]))  # fmt: skip
def test_the_next_run_lies_ahead_and_fits(moment: int, zone: str, line: str) -> None:
    after = datetime.fromtimestamp(moment, UTC)
    found = next_run({"type": "crontab", "value": line}, zone, after)
    assert found is not None and found > after
    assert found.second == 0


@pytest.mark.parametrize("name", ["../etc/passwd", "", "x" * 100, None, 7, "Mars/Base", "\x00"])
def test_no_zones(name: Any) -> None:
    assert not schedule.is_zone(name)


def test_interval_and_margin() -> None:
    settings = Settings(schedule={"type": "interval", "value": 2, "unit": "hour"}, margin=5)
    now = at("2026-01-01T00:00:00")
    assert due(settings, now) == now + timedelta(hours=2, minutes=5)
    assert due(Settings(), now) is None


_NAMES = "schedule timezone checkin_margin max_runtime failure_issue_threshold recovery_threshold"
_ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    5,
    10**400,
    2.5,
    float("nan"),
    float("inf"),
    "",
    "UTC",
    [],
    {},
]


@given(st.dictionaries(st.sampled_from(_NAMES.split()), st.sampled_from(_ODD)))
def test_any_config_leaves_sound_settings(told: dict[str, Any]) -> None:
    found = configured(told, Settings())
    assert 0 <= found.margin <= 40_320 and 1 <= found.max_runtime <= 40_320
    assert 1 <= found.failure_threshold <= 720 and schedule.is_zone(found.timezone)


def test_thresholds_of_failure_and_recovery() -> None:
    settings = Settings(failure_threshold=3, recovery_threshold=2)
    health = Health("ok")
    seen = []
    for outcome in ("error", "missed", "timeout", "error", "ok", "ok", "error"):
        health = judged(health, outcome, settings)
        seen.append((health.status, health.alarm))
    assert seen == [
        ("ok", False), ("ok", False), ("timeout", True), ("error", True),
        ("error", False), ("ok", False), ("ok", False),
    ]  # fmt: skip
