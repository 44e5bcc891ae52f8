"""Decisions in words for people: the evaluator writes kinds, outcomes and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from alerts.domain import rules
from tracker.domain.event import LEVELS

OUTCOMES: dict[str, str] = {
    rules.Outcome.OPEN: "Told",
    rules.Outcome.REOPEN: "Told again: it came back",
    rules.Outcome.UPDATE: "Told again: it goes on",
    rules.Outcome.QUIET: "Kept quiet",
    rules.Outcome.ACK: "Acknowledged",
    rules.Outcome.CLOSE: "Ended",
    rules.Outcome.PASS: "Not told",
}
KINDS: dict[str, str] = {
    **rules.TRIGGER_NAMES,
    **rules.COUNT_NAMES,
    "resolved": "Resolved",
    "snoozed": "Snoozed",
    "deleted": "Deleted",
    rules.CLEARED: "Quota has room again",
    rules.ACKNOWLEDGED: "Acknowledged",
    rules.CALMED: "Calmed down",
    rules.NEARLY: "Nearly escalating",
}
_LEVELS = {str(number): name for name, number in LEVELS.items()}


def kind_in_words(kind: str) -> str:
    """What happened, or was counted."""
    return KINDS.get(kind, kind)


def check_in_words(check: Mapping[str, Any]) -> str:
    """What was looked at, what was seen and what was wanted."""
    name, saw, wanted = (str(check.get(key, "")) for key in ("name", "saw", "wanted"))
    if name == "level":
        least = wanted.removeprefix(">= ")
        return f"level: {_LEVELS.get(saw, saw)} (wanted {_LEVELS.get(least, least)} or above)"
    if name == "trigger":
        saw = kind_in_words(saw)
        wanted = ", ".join(kind_in_words(each) for each in wanted.split(", "))
    if wanted.startswith(">= "):
        wanted = f"at least {wanted.removeprefix('>= ')}"
    return f"{kind_in_words(name)}: {saw} (wanted {wanted})"
