"""Buckets without gaps, and the word for a trend."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.trends import DAY, HOUR, Direction, floor_to, series, trend

NOW = datetime(2026, 3, 10, 12, 34, tzinfo=UTC)
OLD = NOW - 30 * DAY


def steady(days: int, each_hour: int) -> dict[datetime, int]:
    start = floor_to(NOW, HOUR)
    return {start - n * HOUR: each_hour for n in range(24 * days)}


def test_a_series_ends_with_the_present_bucket_and_has_no_gaps():
    found = series({floor_to(NOW, HOUR): 3, NOW - 5 * HOUR: 2}, NOW, HOUR, 24)
    assert len(found.counts) == 24 and found.counts[-1] == 3 and found.total == 5
    assert list(found.starts())[-1] == (floor_to(NOW, HOUR), 3)


def test_hours_add_up_to_days():
    found = series(steady(3, 2), NOW, DAY, 14)
    assert found.counts[-2] == 48 and found.counts[-1] == 26 and found.peak == 48


@given(st.dictionaries(st.integers(-2000, 2000), st.integers(1, 9), max_size=50))
def test_a_series_counts_what_lies_inside_once(hours):
    counts = {floor_to(NOW, HOUR) + n * HOUR: c for n, c in hours.items()}
    found = series(counts, NOW, HOUR, 24)
    assert found.total == sum(c for n, c in hours.items() if -24 < n <= 0)


def test_trends_have_words():
    usual = steady(9, 2)
    assert trend(usual, OLD, NOW).direction is Direction.STEADY
    hot = {**usual, floor_to(NOW, HOUR): 500}
    assert trend(hot, OLD, NOW).direction is Direction.RISING
    quiet = {h: c for h, c in usual.items() if h < NOW - 25 * HOUR}
    assert trend(quiet, OLD, NOW).direction is Direction.QUIET
    low = {**quiet, floor_to(NOW, HOUR): 3}
    assert trend(low, OLD, NOW).direction is Direction.FALLING
    assert trend(usual, NOW - timedelta(hours=30), NOW).direction is Direction.NEW


def test_one_event_after_silence_is_no_rise_of_infinity():
    found = trend({floor_to(NOW, HOUR): 1}, OLD, NOW)
    assert found.factor == 2.0 and found.usual == 0.0
    assert found.sentence == "1 in 24 h, usually 0 a day"


def test_a_young_issue_is_compared_with_the_days_it_has():
    hours = {floor_to(NOW, HOUR) - n * HOUR: 1 for n in range(72)}
    assert trend(hours, NOW - 72 * HOUR, NOW).usual > 20
