"""The table of an issue's states and moves, and what counts as a regression.

Every change of state in the product goes through `move`; the check constraints
of the issue table allow exactly the states named here.

    LifecycleError
    └── IllegalMove
"""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


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
    RESOLVED = "resolved"


class Cause(StrEnum):
    """What makes an issue move."""

    TRIAGER_RESOLVED = "triager resolved"
    TRIAGER_REOPENED = "triager reopened"
    CAME_BACK = "came back"
    AGED = "aged"


MOVES: dict[tuple[State, Cause], State] = {
    (State.NEW, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.ONGOING, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.REGRESSED, Cause.TRIAGER_RESOLVED): State.RESOLVED,
    (State.RESOLVED, Cause.TRIAGER_REOPENED): State.ONGOING,
    (State.RESOLVED, Cause.CAME_BACK): State.REGRESSED,
    (State.NEW, Cause.AGED): State.ONGOING,
    (State.REGRESSED, Cause.AGED): State.ONGOING,
}

_COLUMNS: dict[State, tuple[Status, Substatus | None]] = {
    State.NEW: (Status.UNRESOLVED, Substatus.NEW),
    State.ONGOING: (Status.UNRESOLVED, Substatus.ONGOING),
    State.REGRESSED: (Status.UNRESOLVED, Substatus.REGRESSED),
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


class Resolution(Struct, frozen=True):
    """How an issue was resolved."""

    at: datetime
    release: str = ""
    """The newest release the issue had been seen in; "" when none was known."""


class Sighting(Struct, frozen=True):
    """One event of a resolved issue."""

    happened: datetime
    release: str = ""


class Comeback(Struct, frozen=True):
    """Whether an event reopens a resolved issue, and why in a sentence."""

    reopens: bool
    why: str


def judge(resolution: Resolution, sighting: Sighting) -> Comeback:
    """Decide whether a sighting is a regression.

    What happened before the issue was resolved, and merely arrived late, does not reopen it.
    """
    if sighting.happened <= resolution.at:
        return Comeback(False, "happened before it was resolved, arrived late")
    seen = f"seen again in release {sighting.release}" if sighting.release else "seen again"
    if resolution.release and sighting.release:
        same = sighting.release == resolution.release
        fixed = "the same release" if same else f"release {resolution.release}"
        return Comeback(True, f"{seen}; it was resolved while {fixed} was the last one affected")
    return Comeback(True, f"{seen} after it was resolved")
