"""Notes under an event's `errors`: what was not mapped, what was looked for, what would help."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from msgspec import Struct

MOST = 5


class Note(Struct, frozen=True):
    """One of them."""

    type: str
    name: str
    """What it is about."""
    value: str


def write(data: dict[str, Any], types: Collection[str], fresh: Sequence[Note]) -> None:
    """Replace the notes of these types; a payload without any is left as it is."""
    before = data.get("errors") or []
    kept = [note for note in before if note.get("type") not in types]
    if not fresh and len(kept) == len(before):
        return
    told = [{"type": n.type, "name": n.name[:200], "value": n.value} for n in fresh[:MOST]]
    if kept or told:
        data["errors"] = kept + told
    else:
        data.pop("errors", None)
