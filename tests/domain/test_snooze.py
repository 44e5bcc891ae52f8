"""What a snooze waits for: counted from the snooze, decided at the triggering event."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.snooze import (
    BadSnooze,
    Hit,
    Snooze,
    Until,
    check,
    from_json,
    is_over,
    progress,
    sentence,
    to_json,
    watch,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def hits(*seconds: float, new: bool = False) -> list[Hit]:
    return [Hit(NOON + timedelta(seconds=s), new) for s in seconds]


@given(st.lists(st.integers(0, 30), max_size=20), st.integers(1, 100))
def test_n_more_events_wake_at_the_nth_in_whatever_batches(sizes: list[int], count: int) -> None:
    state, seen = Snooze(Until.EVENTS, NOON, count=count), 0
    for size in sizes:
        before = seen
        state, waking = watch(state, hits(*range(before + 1, before + size + 1)))
        if waking:
            assert before + waking.index + 1 == count
            assert f"{count:,} event" in waking.why
            return
        seen += size
        assert progress(state) == (seen, count)
    assert seen < count


def test_what_came_in_before_the_snooze_does_not_count() -> None:
    state, waking = watch(Snooze(Until.NEXT, NOON), hits(-5, 0))
    assert waking is None and state.events == 0
    _, waking = watch(state, hits(-1, 0, 1))
    assert waking is not None and waking.index == 2


def test_people_count_once_and_only_new_ones() -> None:
    state = Snooze(Until.USERS, NOON, count=3)
    state, waking = watch(state, hits(1, 2, new=True) + hits(3, 4))
    assert waking is None and progress(state) == (2, 3)
    _, waking = watch(state, hits(5) + hits(6, new=True))
    assert waking is not None and waking.index == 1 and "3 more people" in waking.why


@pytest.mark.parametrize(
    ("gap", "count", "wakes_at"), [(60, 5, 4), (100, 5, None), (1, 300, 299), (59, 6, 5)]
)
def test_a_rate_looks_back_over_its_minutes_only(
    gap: int, count: int, wakes_at: int | None
) -> None:
    state = Snooze(Until.RATE, NOON, count=count, minutes=5)
    state, waking = watch(state, hits(*range(1, 1 + gap * 400, gap)))
    assert (waking.index if waking else None) == wakes_at
    assert len(state.window) <= 61


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=80), st.integers(1, 20))
def test_a_rate_is_never_missed(seconds: list[int], count: int) -> None:
    seconds = sorted(seconds)
    state = Snooze(Until.RATE, NOON, count=count, minutes=10)
    exact = next(
        (n for n, s in enumerate(seconds)
         if sum(1 for t in seconds[: n + 1] if t > s - 600) >= count), None,
    )  # fmt: skip
    _, waking = watch(state, hits(*seconds))
    if exact is not None:
        assert waking is not None and waking.index <= exact
    if waking is not None:  # at most a slot of ten seconds too early
        last = seconds[waking.index]
        assert sum(1 for t in seconds[: waking.index + 1] if t > last - 610) >= count


def test_time_ends_any_snooze_at_the_first_event_after_it() -> None:
    end = NOON + timedelta(minutes=1)
    state = Snooze(Until.EVENTS, NOON, until=end, count=100)
    state, waking = watch(state, hits(30))
    assert waking is None and not is_over(state, NOON)
    _, waking = watch(state, hits(59, 60))
    assert waking is not None and waking.index == 1 and "until 2026-01-01 12:01 UTC" in waking.why
    assert is_over(state, end)


def test_progress_is_said_in_words() -> None:
    assert sentence(Snooze(Until.EVENTS, NOON, count=100, events=41)) == "41 of 100 events"
    assert sentence(Snooze(Until.USERS, NOON, count=5)) == "0 of 5 more people"
    assert sentence(Snooze(Until.NEXT, NOON)) == "until the next event"
    rate = Snooze(Until.RATE, NOON, count=9, minutes=5, window=((0, 2), (5, 1)))
    assert sentence(rate) == "3 of 9 events in 5 minutes"
    timed = Snooze(Until.TIME, NOON, until=NOON + timedelta(days=1))
    assert sentence(timed) == "until 2026-01-02 12:00 UTC"


def test_the_column_holds_everything() -> None:
    state = Snooze(Until.RATE, NOON, NOON + timedelta(1), 5, 10, 3, 2, ((60, 1), (70, 2)))
    assert from_json(to_json(state)) == state


@pytest.mark.parametrize(
    "bad",
    [
        Snooze(Until.TIME, NOON),
        Snooze(Until.TIME, NOON, until=NOON),
        Snooze(Until.EVENTS, NOON),
        Snooze(Until.EVENTS, NOON, count=-1),
        Snooze(Until.USERS, NOON, count=10**10),
        Snooze(Until.RATE, NOON, count=5),
        Snooze(Until.RATE, NOON, count=5, minutes=10_081),
        Snooze(Until.NEXT, NOON, until=NOON + timedelta(days=4000)),
    ],
)
def test_nonsense_is_refused(bad: Snooze) -> None:
    with pytest.raises(BadSnooze):
        check(bad)
