"""The table of moves: complete, closed, and the same as the database's constraint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.lifecycle import (
    MOVES,
    Cause,
    IllegalMove,
    State,
    columns,
    move,
    sources,
    state_of,
)


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


def test_snoozing_and_waking_never_look_like_a_regression() -> None:
    assert move(State.SNOOZED, Cause.WOKE) is State.ONGOING
    assert {end for (_, cause), end in MOVES.items() if end is State.REGRESSED} == {State.REGRESSED}
    assert sources(Cause.CAME_BACK) == (State.RESOLVED,)
    assert sources(Cause.WOKE) == (State.SNOOZED,)


def test_only_triagers_and_quiet_resolve() -> None:
    into = {cause for (_, cause), end in MOVES.items() if end is State.RESOLVED}
    assert into == {Cause.TRIAGER_RESOLVED, Cause.WENT_QUIET}
    assert State.SNOOZED not in sources(Cause.WENT_QUIET)


def test_escalating_is_for_what_is_unresolved_and_ends_as_ongoing() -> None:
    assert set(sources(Cause.ESCALATED)) == {State.NEW, State.ONGOING, State.REGRESSED}
    assert move(State.ESCALATING, Cause.CALMED) is State.ONGOING
