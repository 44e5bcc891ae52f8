"""Path mappings of a repository that a build tool tells, beside those that people wrote."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from msgspec import Struct

from tracker import suspected
from tracker.actions import audit
from tracker.actions.repositories import MOST_MAPPINGS
from tracker.domain.code_paths import read_rules
from tracker.models import Repository, User

MOST_TOLD = 300
"""Pairs that one call may tell."""


class Mapped(Struct, frozen=True):
    """What became of one pair."""

    stack: str
    source: str
    status: str
    """created, updated, unchanged or error."""
    detail: str = ""


def tell(
    row: Repository, pairs: Sequence[tuple[str, str]], actor: User, now: datetime, where: str = ""
) -> list[Mapped]:  # fmt: skip
    """Add pairs (prefix in stacks, prefix in the repository), or change those of the same prefix.

    What people wrote stays, comments and order included. `where`: the address of who asks.
    """
    with transaction.atomic():
        row = Repository.objects.select_for_update().get(pk=row.pk)
        before = row.mappings
        done = [_put(row, stack.strip(), source.strip() or "/") for stack, source in pairs]
        if row.mappings != before:
            row.save(update_fields=["mappings"])
            audit.record(
                "changed", actor=actor, target=row, before={"mappings": before},
                after={"mappings": row.mappings}, address=where, now=now,
            )  # fmt: skip
            suspected.hurry([row.project_id], now)
    return done


def _put(row: Repository, stack: str, source: str) -> Mapped:
    line = f"{stack} => {source}"
    rules, problems = read_rules(line)
    if problems or not rules or "\n" in line:
        why = problems[0][1] if problems else "a prefix is one line that does not begin with #"
        return Mapped(stack, source, "error", why)
    lines = row.mappings.splitlines()
    for place, old in enumerate(lines):
        known, _ = read_rules(old)
        if known and known[0].stack == rules[0].stack:
            if known[0] == rules[0]:
                return Mapped(stack, source, "unchanged")
            lines[place] = line
            row.mappings = "\n".join(lines)
            return Mapped(stack, source, "updated")
    text = "\n".join([*lines, line])
    _, problems = read_rules(text)
    if problems or len(text) > MOST_MAPPINGS:
        return Mapped(stack, source, "error", problems[0][1] if problems else "there are too many")
    row.mappings = text
    return Mapped(stack, source, "created")
