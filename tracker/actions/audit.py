"""Write the audit log: who did what to what, before and after, from which address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from ipaddress import ip_address
from typing import Any

from django.db.models import Model
from django.utils import timezone

from tracker.models import AuditEntry, User

HIDDEN = "(hidden)"
_SECRET = re.compile(
    r"passw|secret|token|hash|salt|credential|api_?key|private|config|webhook", re.IGNORECASE
)
_LONGEST = 2_000


def record(
    action: str, *, actor: User | None, target: Model | None = None, label: str = "",
    before: Mapping[str, Any] | None = None, after: Mapping[str, Any] | None = None,
    address: str = "", now: datetime | None = None,
) -> AuditEntry:  # fmt: skip
    """Add an entry, in the caller's transaction if there is one.

    `actor` None: the command line or the product itself. Values are made plain and cut;
    those of fields that are called like a secret are never written.
    """
    project = getattr(target, "project_id", None)
    if target is not None and target._meta.label == "tracker.Project":
        project = target.pk
    return AuditEntry.objects.create(
        at=now or timezone.now(),
        actor=actor,
        actor_name=actor.get_username() if actor else "Emberwatch",
        action=action,
        kind=str(target._meta.verbose_name) if target is not None else "",
        object_id=str(target.pk) if target is not None else "",
        label=(label or (str(target) if target is not None else "")).replace("\x00", "")[:200],
        project_id=project,
        before=_plain(before or {}),
        after=_plain(after or {}),
        address=_address(address),
    )


def _address(text: str) -> str | None:
    try:
        return str(ip_address(text))
    except ValueError:
        return None  # a unix socket, or nobody's


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: HIDDEN if _SECRET.search(name) and value not in (None, "") else _value(value)
        for name, value in values.items()
    }


def _value(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return _plain({str(name): inner for name, inner in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(each) for each in value][:100]
    if isinstance(value, (bytes, memoryview)):
        return HIDDEN
    return str(value).replace("\x00", "")[:_LONGEST]
