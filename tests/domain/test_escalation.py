"""When an issue escalates against its own baseline, and when it is calm again."""

import math
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import escalation
from tracker.domain.escalation import Baseline

NOW = datetime(2026, 3, 1, 12, 20, tzinfo=UTC)


def test_zeros_are_hours_too() -> None:
    usual = escalation.baseline([100, 120, 80], 166)
    assert (usual.median, usual.mad) == (0.0, 0.0)
    assert usual.escalates_at == 10


def test_a_steady_issue_needs_three_times_and_five_deviations() -> None:
    steady = escalation.baseline([40] * 166, 166)
    assert steady.escalates_at == 120
    noisy = escalation.baseline([20, 60] * 83, 166)
    assert noisy.escalates_at == 40 + 5 * 1.48 * 20
    assert not escalation.escalates(119, steady)
    assert "120 events in 60 minutes; usually 40 an hour" in escalation.escalates(120, steady)


def test_few_events_an_hour_do_not_escalate_by_chance() -> None:
    """Five-minute looks at a week of 25 issues of 1 to 8 events an hour: 0.2 escalate, not 10."""
    expected = 0.0
    for rate in range(1, 9):
        least = math.ceil(escalation.baseline([rate] * 166, 166).escalates_at)
        below = sum(math.exp(-rate) * rate**n / math.factorial(n) for n in range(least))
        expected += (1 - below) * 12 * 24 * 7 * 25 / 8
    assert expected < 0.25
    assert escalation.baseline([3] * 166, 166).escalates_at < 15  # and still soon enough


def test_the_young_have_no_baseline() -> None:
    assert escalation.hours_of(NOW - timedelta(hours=23, minutes=59), NOW) == 0
    assert escalation.hours_of(NOW - timedelta(hours=24), NOW) == 23
    assert escalation.hours_of(NOW - timedelta(days=90), NOW) == 167
    assert not escalation.escalates(1_000, Baseline(0, 0, 0))


def test_calm_takes_two_windows() -> None:
    usual = escalation.baseline([40] * 166, 166)
    assert not escalation.is_calm(10, 60, usual)
    assert not escalation.is_calm(60, 10, usual)
    assert escalation.is_calm(59, 59, usual)


@given(st.lists(st.integers(1, 10_000), max_size=166), st.integers(1, 167), st.integers(0, 99_999))
def test_what_escalates_is_not_calm(counts: list[int], hours: int, last: int) -> None:
    usual = escalation.baseline(counts[:hours], hours)
    assert usual.calm_below <= usual.escalates_at
    if escalation.escalates(last, usual):
        assert last >= 10
        assert not escalation.is_calm(last, 0, usual)
