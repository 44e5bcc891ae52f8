"""Ways out, one module each: drop a file here and it is a kind of channel."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from alerts.transports.base import Transport

_PLUMBING = {"base", "format", "http"}


@cache
def registry() -> dict[str, Transport]:
    """Every transport by its kind, which is the name of its module."""
    found: dict[str, Transport] = {}
    for info in pkgutil.iter_modules(__path__):
        if info.name not in _PLUMBING:
            module = importlib.import_module(f"{__name__}.{info.name}")
            found[info.name] = module.transport
    return found


def get(kind: str) -> Transport:
    """The transport of a channel's kind. Raises KeyError when its module is gone."""
    return registry()[kind]


def for_people() -> list[str]:
    """Kinds that carry what is for one person; rules tell them nothing."""
    return [kind for kind, each in registry().items() if each.personal]


def choices() -> list[tuple[str, str]]:
    """Kinds and labels."""
    return sorted(
        ((kind, each.label) for kind, each in registry().items()), key=lambda c: c[1].lower()
    )


def addable() -> list[tuple[str, str]]:
    """Those that people add."""
    return [(kind, label) for kind, label in choices() if not registry()[kind].personal]
