"""What a rule is asked about: an activity, or a count that was made of an issue."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct

from alerts.domain import rules
from tracker.domain.event import LEVEL_NAMES
from tracker.models import Activity, Issue

TAKEN = "assigned"
"""Who takes an issue says by it that they are on it."""


class Happening(Struct, frozen=True):
    """The facts of one letter."""

    project_id: int
    issue_id: int | None
    kind: str
    at: datetime
    data: dict[str, Any]
    activity_id: int | None = None
    subject: str = ""
    """What it is about when it is no issue."""
    value: float | None = None
    """What was counted."""


def happening_of(letter: Activity) -> Happening | None:
    """An activity as rules read it; None when it is no news to them."""
    data = letter.data if isinstance(letter.data, dict) else {}
    kind = letter.kind
    if kind == TAKEN:
        if not letter.actor_id or data.get("user") != letter.actor_id:
            return None
        name = str(data.get("name") or "")
        kind, data = rules.ACKNOWLEDGED, {"name": name, "why": f"taken by {name}"}
    if kind == rules.Trigger.PRIORITY and data.get("priority") != "high":
        return None  # of changes of priority only the one to high is news
    subject = ""
    if letter.issue_id is None:
        # What ends is known by what began.
        begun = f"quota_{data.get('percent')}" if kind == rules.CLEARED else kind
        month = str(data.get("month") or f"{letter.created_at:%Y-%m}")[:7]
        subject = f"{begun}:{data.get('key') or ''}:{month}"[:100]
    value = _number(data.get("events")) if kind == rules.NEARLY else None
    return Happening(
        letter.project_id, letter.issue_id, kind, letter.created_at, data, letter.pk, subject, value
    )


def _number(given: object) -> float:
    return float(given) if isinstance(given, int | float) else 0.0


def facts_of(happening: Happening, issue: Issue | None, *, matches: bool = True) -> rules.Letter:
    """A letter as the evaluator reads it."""
    data = happening.data
    return rules.Letter(
        kind=happening.kind,
        at=happening.at,
        level=level_of(issue, data),
        environment=str(data.get("environment") or ""),
        release=str(data.get("release") or ""),
        value=happening.value,
        least=_number(data.get("from")) if happening.kind == rules.NEARLY else None,
        matches=matches,
    )


def level_of(issue: Issue | None, data: dict[str, Any]) -> int:
    """The level of the event that made the letter, else the issue's."""
    level = data.get("level")
    otherwise = issue.level if issue is not None else 40
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    names = {name: number for number, name in LEVEL_NAMES.items()}
    return names.get(level, otherwise) if isinstance(level, str) else otherwise
