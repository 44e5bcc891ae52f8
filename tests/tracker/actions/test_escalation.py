"""What is usual is looked up in portions: the turn of the hour is no burst."""

from datetime import UTC, datetime

import pytest

from tracker.actions import escalation
from tracker.domain.escalation import HOUR, Baseline

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
USUAL = Baseline(0, 0, 0)


def test_known_baselines_are_renewed_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [(1, number) for number in range(10)]
    known = dict.fromkeys(names[:6], (NOON, USUAL))
    known[names[6]] = (NOON - 2 * HOUR, USUAL)
    monkeypatch.setattr(escalation, "_known", known)
    monkeypatch.setattr(escalation, "RENEWED", 4)
    assert escalation._to_look_up(names[:6], NOON) == []
    assert escalation._to_look_up(names, NOON) == names[6:]  # too old, or never looked up
    later = NOON + HOUR
    first = escalation._to_look_up(names[:6], later)
    assert len(first) == 4
    known.update(dict.fromkeys(first, (later, USUAL)))
    assert len(escalation._to_look_up(names[:6], later)) == 2
    assert escalation._to_look_up(names[:6], NOON - HOUR) == names[:6]  # the clock was put back
