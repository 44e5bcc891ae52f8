"""Go, stop or wait: each reason alone, and what is not guessed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tracker.domain.release_health import (
    Health,
    Limits,
    Side,
    Word,
    in_order,
    judge,
    predecessor,
)  # fmt: skip
from tracker.domain.versions import Known

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def side(version: str = "1.1", **more: Any) -> Side:
    return Side(**{"version": version, "since": NOW - HOUR, "age": HOUR, **more})


def check(health: Health, name: str) -> bool | None:
    return next(one.ok for one in health.checks if one.name == name)


def test_what_never_arrived_waits():
    assert judge(None, None, 0, 0).verdict == Word.WAIT


def test_nothing_wrong_goes_and_says_what_was_looked_at():
    found = judge(side(events=10), side("1.0", events=9), 0, 0)
    assert found.verdict == Word.GO
    assert "no new issues; no regressed issues; 10 events an hour" in found.why


def test_too_early_to_say_go_but_not_stop():
    young = side(age=timedelta(minutes=2))
    assert judge(young, None, 0, 0).verdict == Word.WAIT
    assert judge(young, None, 1, 0).verdict == Word.STOP


@pytest.mark.parametrize(
    ("new", "back", "limits", "word"),
    [
        (1, 0, Limits(), Word.STOP),
        (0, 1, Limits(), Word.STOP),
        (2, 1, Limits(new_issues=2, regressions=1), Word.GO),
        (3, 1, Limits(new_issues=2, regressions=1), Word.STOP),
    ],
)
def test_issues(new: int, back: int, limits: Limits, word: Word):
    assert judge(side(), None, new, back, limits).verdict == word


@pytest.mark.parametrize(
    ("mine", "theirs", "ok"),
    [(100, 50, True), (101, 40, False), (200, 20, False), (19, 1, True), (20, 9, True),
     (60, 0, False), (1000, 900, True)],
)  # fmt: skip
def test_event_rates(mine: int, theirs: int, ok: bool):
    found = judge(side(events=mine), side("1.0", events=theirs), 0, 0)
    assert check(found, "event_rate") is ok
    assert found.verdict == (Word.GO if ok else Word.STOP)


def test_rates_allow_for_unequal_ages():
    half = side("1.0", events=50, age=HOUR / 2)
    assert check(judge(side(events=110), half, 0, 0), "event_rate") is True
    assert check(judge(side(events=300), half, 0, 0), "event_rate") is False


def test_without_a_predecessor_the_rate_is_not_judged():
    assert check(judge(side(events=10_000), None, 0, 0), "event_rate") is None


@pytest.mark.parametrize(
    ("mine", "theirs", "limit", "ok"),
    [
        ((0, 0), (1000, 1), None, None),
        ((50, 50), (1000, 1), None, None),
        ((1000, 5), (1000, 1), None, True),
        ((1000, 50), (1000, 1), None, False),
        ((1000, 50), (0, 0), None, None),
        ((1000, 50), (0, 0), 0.99, False),
        ((1000, 5), (0, 0), 0.99, True),
    ],
)
def test_crash_free_rates(
    mine: tuple[int, int], theirs: tuple[int, int], limit: float | None, ok: bool | None
):
    before = side("1.0", sessions=theirs[0], crashed=theirs[1])
    now = side(sessions=mine[0], crashed=mine[1])
    found = judge(now, before, 0, 0, Limits(crash_free=limit))
    assert check(found, "crash_free") is ok
    assert (found.verdict == Word.STOP) == (ok is False)


def test_a_percentage_is_never_rounded_up_to_all():
    found = judge(side(sessions=1_000_000, crashed=1), None, 0, 0)
    assert "99.99 % of 1,000,000" in found.checks[3].why


def known(version: str, day: int = 1, *, told: bool = True) -> Known:
    return Known(version, NOW + timedelta(days=day), told)


def test_the_predecessor_is_the_next_older_one():
    others = [known("1.0", 1), known("1.1", 2), known("2.0", 3), known("1.0.5", 4)]
    assert predecessor(known("1.1", 2), others) == known("1.0.5", 4)
    assert predecessor(known("1.0", 1), others) is None
    assert predecessor(known("other@3.0", 5), [known("shop@1.0", 1)]) is None


def test_releases_in_order():
    names = ["1.0", "1.10", "1.2", "2.0-rc1", "2.0", "1.2.1"]
    ordered = in_order([known(name, day) for day, name in enumerate(names)])
    assert [one.version for one in ordered] == ["2.0", "2.0-rc1", "1.10", "1.2.1", "1.2", "1.0"]
