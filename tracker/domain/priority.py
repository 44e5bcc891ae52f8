"""How urgent an issue is, computed; what a person chose sticks, and is no business of this module.

high    fatal, or unhandled in production, or many people hit within a day
low     at most a warning, or never seen in production
medium  the rest; escalating lifts by one step
"""

from __future__ import annotations

import re
from enum import IntEnum

from msgspec import Struct

MANY_USERS = 50
"""People hit within 24 hours that make any issue urgent."""


_PRODUCTION = re.compile(r"(?:live|prod(?:uction)?)(?:[^a-z]|$)", re.IGNORECASE)


class Priority(IntEnum):
    """As stored, so that a higher number is more urgent."""

    LOW = 10
    MEDIUM = 20
    HIGH = 30


class Facts(Struct, frozen=True):
    """What is known of an issue."""

    level: int = 40
    unhandled: bool = False
    production: bool = True
    """Seen there, or in events that do not say where."""
    users_24h: int = 0
    escalating: bool = False


def priority_of(facts: Facts) -> Priority:
    """The computed priority."""
    found = _base(facts)
    if facts.escalating and found < Priority.HIGH:
        return Priority(found + 10)
    return found


def _base(facts: Facts) -> Priority:
    if facts.users_24h >= MANY_USERS or facts.level >= 50:
        return Priority.HIGH
    if facts.unhandled and facts.production:
        return Priority.HIGH
    if facts.level <= 30 or not facts.production:
        return Priority.LOW
    return Priority.MEDIUM


def is_production(environment: str) -> bool:
    """Whether an environment's name means production; events that name none are taken for it."""
    return not environment.strip() or bool(_PRODUCTION.match(environment.strip()))
