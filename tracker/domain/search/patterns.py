"""Values in pattern form: `*` is a wildcard, `**` a star that was quoted; and spans of time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

_PIECES = re.compile(r"\*\*|\*|[^*]+")


def literal(text: str) -> str:
    """Text as a pattern that matches only itself."""
    return text.replace("*", "**")


def pieces(value: str) -> Iterator[str | None]:
    """A pattern's texts, with None for each wildcard."""
    for piece in _PIECES.findall(value):
        yield None if piece == "*" else "*" if piece == "**" else piece


def has_wildcard(value: str) -> bool:
    """Whether a pattern may match more than one text."""
    return any(piece is None for piece in pieces(value))


def text_of(value: str) -> str:
    """A pattern as text, for keys that take no wildcards."""
    return "".join("*" if piece is None else piece for piece in pieces(value))


_AGE = re.compile(r"([-+]?)([0-9]{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age_of(text: str) -> tuple[bool, timedelta] | None:
    """Read `-24h` (True: within the last) or `+7d` (False: longer ago); None if it is no span."""
    found = _AGE.fullmatch(text)
    if found is None:
        return None
    return found[1] != "+", timedelta(**{_UNITS[found[3]]: int(found[2])})
