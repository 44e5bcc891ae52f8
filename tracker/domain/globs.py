"""Patterns of ownership rules, matched without backtracking that a pattern could blow up."""

from __future__ import annotations

from collections.abc import Sequence


def glob(pattern: str, text: str) -> bool:
    """Whether `*` (any run) and `?` (any one character) make `pattern` all of `text`.

    At worst len(pattern) * len(text) steps: only the last star is ever tried again.
    """
    at, here, star, mark = 0, 0, -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, mark = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            mark += 1
            at, here = star + 1, mark
        else:
            return False
    return not pattern[at:].strip("*")


def segments(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """The same for paths in pieces: `**` is any number of them, the others are globs."""
    reachable = {0}
    for part in path:
        reachable = _beyond_stars(pattern, reachable)
        step = set()
        for at in reachable:
            if at == len(pattern):
                continue
            if pattern[at] == "**":
                step.add(at)
            elif glob(pattern[at], part):
                step.add(at + 1)
        if not step:
            return False
        reachable = step
    return len(pattern) in _beyond_stars(pattern, reachable)


def _beyond_stars(pattern: Sequence[str], reachable: set[int]) -> set[int]:
    """Places of the pattern reached also by letting `**` stand for nothing."""
    found = set(reachable)
    for at in sorted(reachable):
        while at < len(pattern) and pattern[at] == "**":
            at += 1
            found.add(at)
    return found
