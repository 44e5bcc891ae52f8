"""How sessions are counted: once each, by their last word. Pure."""

from collections.abc import Iterable

from msgspec import Struct

from tracker.domain.items import SessionUpdate

WELL, ERRORED, ABNORMAL, CRASHED = range(4)
"""Outcomes, worse ones higher; they exclude each other."""

_OUTCOMES = {
    "ok": WELL,
    "exited": WELL,
    "abnormal": ABNORMAL,
    "crashed": CRASHED,
}


class Change(Struct, frozen=True):
    """What an update does to a session that is counted already."""

    seq: int
    outcome: int


def outcome_of(update: SessionUpdate) -> int:
    """What became of a session; errors, or a status that is not known to be good, are errored."""
    outcome = _OUTCOMES.get(update.status, ERRORED)
    return ERRORED if outcome == WELL and update.errors > 0 else outcome


def last_words(updates: Iterable[SessionUpdate]) -> dict[str, tuple[SessionUpdate, Change]]:
    """By session: its first update, which says where it counts, and its latest outcome."""
    found: dict[str, tuple[SessionUpdate, Change]] = {}
    for update in updates:
        now = Change(update.seq, outcome_of(update))
        known = found.get(update.sid)
        found[update.sid] = (known[0], later(known[1], now)) if known else (update, now)
    return found


def later(known: Change, now: Change) -> Change:
    """Which of two words holds: the higher `seq`; without one, a crash is not taken back."""
    if now.seq != known.seq:
        return now if now.seq > known.seq else known
    return now if now.outcome >= known.outcome else known


def crash_free(total: int, crashed: int) -> float | None:
    """Share of sessions (or users) that met no crash; None: there is no denominator."""
    return max(0.0, 1 - crashed / total) if total > 0 else None
