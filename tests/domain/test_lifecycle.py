"""The table of moves: complete, closed, and the same as the database's constraint."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.lifecycle import (
    MOVES,
    Cause,
    IllegalMove,
    Resolution,
    Sighting,
    State,
    columns,
    judge,
    move,
    sources,
    state_of,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("state", State)
def test_columns_and_state_are_two_names_of_one_thing(state: State) -> None:
    assert state_of(*columns(state)) == state


@given(st.lists(st.sampled_from(Cause), max_size=30))
def test_whatever_happens_the_state_stays_in_the_table(causes: list[Cause]) -> None:
    state = State.NEW
    for cause in causes:
        if (state, cause) in MOVES:
            state = move(state, cause)
            columns(state)
        else:
            with pytest.raises(IllegalMove):
                move(state, cause)


@pytest.mark.parametrize("cause", Cause)
def test_sources_are_the_states_that_can_move(cause: Cause) -> None:
    assert all((state, cause) in MOVES for state in sources(cause))
    assert sources(cause)


def test_every_state_can_be_left_and_new_is_never_returned_to() -> None:
    assert {state for state, _ in MOVES} == set(State)
    assert State.NEW not in MOVES.values()


@pytest.mark.parametrize(
    ("status", "substatus"),
    [("resolved", "new"), ("unresolved", None), ("gone", None), ("unresolved", "odd")],
)
def test_pairs_outside_the_table_are_refused(status: str, substatus: str | None) -> None:
    with pytest.raises(IllegalMove):
        state_of(status, substatus)


@pytest.mark.parametrize(
    ("seconds", "reopens"), [(-3600, False), (-1, False), (0, False), (1, True), (86400, True)]
)
def test_only_what_happened_after_the_resolution_reopens(seconds: int, reopens: bool) -> None:
    sighting = Sighting(NOON + timedelta(seconds=seconds))
    assert judge(Resolution(NOON), sighting).reopens is reopens


@pytest.mark.parametrize(
    ("fixed", "seen", "words"),
    [
        ("1.0", "1.1", ["1.1", "1.0"]),
        ("1.0", "1.0", ["the same release"]),
        ("", "1.1", ["1.1", "after it was resolved"]),
        ("1.0", "", ["after it was resolved"]),
    ],
)
def test_the_reason_names_both_releases(fixed: str, seen: str, words: list[str]) -> None:
    why = judge(Resolution(NOON, fixed), Sighting(NOON + timedelta(hours=1), seen)).why
    assert all(word in why for word in words)
