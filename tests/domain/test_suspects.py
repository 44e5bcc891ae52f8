"""Which deploy is suspected, and how sure that is said to be."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tracker.domain.suspects import Rollout, Start, Sure, seen_earlier, span, suspect

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def rollout(number: int, release: str, hours: float, environment: str = "production") -> Rollout:
    """A deploy so many hours before noon."""
    return Rollout(number, release, number, environment, NOON - timedelta(hours=hours))


DEPLOYS = [rollout(1, "1.0", 100), rollout(2, "1.1", 2), rollout(3, "1.2", 1, "staging"),
           rollout(4, "1.2", -1)]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "number", "sure"),
    [
        (Start(NOON, "1.1", "production"), 2, Sure.LIKELY),
        (Start(NOON, "1.1"), 2, Sure.LIKELY),
        (Start(NOON, "1.0", "production"), 1, Sure.POSSIBLE),
        (Start(NOON, "0.9", "production"), 2, Sure.UNLIKELY),
        (Start(NOON, "", "production"), 2, Sure.POSSIBLE),
        (Start(NOON - timedelta(hours=1.5), "", "production"), 2, Sure.LIKELY),
        (Start(NOON, "", "staging"), 3, Sure.LIKELY),
        (Start(NOON), 3, Sure.POSSIBLE),
        (Start(NOON, "1.2", "qa"), None, None),
        (Start(NOON - timedelta(hours=200), "1.0"), None, None),
        (Start(NOON + timedelta(days=30), "7", "staging"), None, None),
        (Start(NOON + timedelta(days=30), "1.2", "staging"), 3, Sure.POSSIBLE),
    ],
)
def test_the_last_one_before_it(start: Start, number: int | None, sure: Sure | None):
    found = suspect(DEPLOYS, start)
    assert (found.rollout.id if found else None) == number
    assert (found.sure if found else None) == sure


def test_it_says_why():
    found = suspect(DEPLOYS, Start(NOON, "1.1", "production", came_back=True))
    assert found is not None
    assert found.why == (
        "it came back 2 hours after the deploy, in the same environment (production), "
        "in the release that was deployed"
    )
    other = suspect(DEPLOYS, Start(NOON, "0.9", "production"))
    assert other is not None and "but in 0.9, not in 1.1" in other.why


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "less than a minute"), (59, "less than a minute"), (60, "1 minute"), (7199, "1 hour"),
     (7200, "2 hours"), (86_400 * 3, "3 days")],
)  # fmt: skip
def test_spans(seconds: int, text: str):
    assert span(timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("firsts", "text"),
    [
        ({"staging": 1, "production": 3}, "first seen in staging 2 days earlier than in production"),
        ({"staging": 2, "production": 3}, "first seen in staging 1 day earlier than in production"),
        ({"qa": 1, "staging": 2, "prod": 9}, "first seen in qa 8 days earlier than in prod"),
        ({"staging": 1, "": 2}, "first seen in staging 1 day earlier than in production"),
        ({"staging": 3, "production": 3}, ""),
        ({"staging": 4, "production": 3}, ""),
        ({"staging": 4}, ""),
        ({"production": 4}, ""),
        ({}, ""),
    ],
)  # fmt: skip
def test_where_it_was_seen_before(firsts: dict[str, int], text: str):
    assert seen_earlier({name: date(2026, 5, day) for name, day in firsts.items()}) == text
