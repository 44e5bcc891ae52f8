"""The table of an issue's states and moves.

Every change of state in the product goes through `move`; the check constraints
of the issue table allow exactly the states named here. What counts as a comeback
is told by `comebacks`, what ends a snooze by `snooze`.

    LifecycleError
    └── IllegalMove
"""

from enum import StrEnum


class LifecycleError(Exception):
    """Base of what goes wrong with states."""


class IllegalMove(LifecycleError):
    """No such move leads out of that state."""


class Status(StrEnum):
    """What a triager decided, or did not yet."""

    UNRESOLVED = "unresolved"
    RESOLVED = "resolved"
    SNOOZED = "snoozed"


class Substatus(StrEnum):
    """Why an unresolved issue deserves a look."""

    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    ESCALATING = "escalating"


class State(StrEnum):
    """Status and substatus as one word."""

    NEW = "new"
    ONGOING = "ongoing"
    REGRESSED = "regressed"
    ESCALATING = "escalating"
    SNOOZED = "snoozed"
    RESOLVED = "resolved"


class Cause(StrEnum):
    """What makes an issue move."""

    TRIAGER_RESOLVED = "triager resolved"
    TRIAGER_REOPENED = "triager reopened"
    TRIAGER_SNOOZED = "triager snoozed"
    CAME_BACK = "came back"
    WOKE = "woke"
    """What a snooze waited for has happened."""
    ESCALATED = "escalated"
    CALMED = "calmed"
    WENT_QUIET = "went quiet"
    """No events for as many days as the project waits."""
    AGED = "aged"


MOVES: dict[tuple[State, Cause], State] = {
    (State.NEW, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.ONGOING, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.REGRESSED, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.ESCALATING, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.SNOOZED, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.NEW, Cause.WENT_QUIET): State.RESOLVED,
    (State.ONGOING, Cause.WENT_QUIET): State.RESOLVED,
    (State.REGRESSED, Cause.WENT_QUIET): State.RESOLVED,
    (State.ESCALATING, Cause.WENT_QUIET): State.RESOLVED,
    (State.RESOLVED, Cause.TRIAGER_REOPENED): State.ONGOING,
    (State.SNOOZED, Cause.TRIAGER_REOPENED): State.ONGOING,
    (State.RESOLVED, Cause.CAME_BACK): State.REGRESSED,
    (State.NEW, Cause.TRIAGER_SNOOZED): State.SNOOZED,
    (State.ONGOING, Cause.TRIAGER_SNOOZED): State.SNOOZED,
    (State.REGRESSED, Cause.TRIAGER_SNOOZED): State.SNOOZED,
    (State.ESCALATING, Cause.TRIAGER_SNOOZED): State.SNOOZED,
    # Another condition for one that sleeps already.
    (State.SNOOZED, Cause.TRIAGER_SNOOZED): State.SNOOZED,
    (State.SNOOZED, Cause.WOKE): State.ONGOING,
    (State.NEW, Cause.ESCALATED): State.ESCALATING,
    (State.ONGOING, Cause.ESCALATED): State.ESCALATING,
    (State.REGRESSED, Cause.ESCALATED): State.ESCALATING,
    (State.ESCALATING, Cause.CALMED): State.ONGOING,
    (State.NEW, Cause.AGED): State.ONGOING,
    (State.REGRESSED, Cause.AGED): State.ONGOING,
}

_COLUMNS: dict[State, tuple[Status, Substatus | None]] = {
    State.NEW: (Status.UNRESOLVED, Substatus.NEW),
    State.ONGOING: (Status.UNRESOLVED, Substatus.ONGOING),
    State.REGRESSED: (Status.UNRESOLVED, Substatus.REGRESSED),
    State.ESCALATING: (Status.UNRESOLVED, Substatus.ESCALATING),
    State.SNOOZED: (Status.SNOOZED, None),
    State.RESOLVED: (Status.RESOLVED, None),
}
_STATES = {columns: state for state, columns in _COLUMNS.items()}


def move(state: State, cause: Cause) -> State:
    """Where `cause` takes an issue that is in `state`. Raises IllegalMove."""
    try:
        return MOVES[state, cause]
    except KeyError:
        raise IllegalMove(f"an issue that is {state} does not move when {cause}") from None


def sources(cause: Cause) -> tuple[State, ...]:
    """The states that `cause` can lead out of, in the order of the table."""
    return tuple(state for state, known in MOVES if known == cause)


def columns(state: State) -> tuple[str, str | None]:
    """The status and substatus columns of a state."""
    status, substatus = _COLUMNS[state]
    return status.value, substatus.value if substatus else None


def state_of(status: str, substatus: str | None) -> State:
    """The state that two columns mean. Raises IllegalMove for a pair outside the table."""
    try:
        return _STATES[Status(status), Substatus(substatus) if substatus else None]
    except (KeyError, ValueError):
        raise IllegalMove(f"no state has status {status!r} and substatus {substatus!r}") from None
