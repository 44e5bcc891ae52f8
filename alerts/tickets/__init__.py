"""Ticket trackers, one module each: drop a file here and it is a kind of connection."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from alerts.tickets.base import Tracker

_PLUMBING = {"base", "client", "text"}


@cache
def registry() -> dict[str, Tracker]:
    """Every tracker by its kind, which is the name of its module."""
    found: dict[str, Tracker] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name not in _PLUMBING:
            module = importlib.import_module(f"{__name__}.{info.name}")
            found[info.name] = module.tracker
    return found


def get(kind: str) -> Tracker:
    """The tracker of a connection's kind. Raises KeyError when its module is gone."""
    return registry()[kind]


def choices() -> list[tuple[str, str]]:
    """Kinds and labels for a form."""
    return sorted(
        ((kind, each.label) for kind, each in registry().items()), key=lambda c: c[1].lower()
    )
