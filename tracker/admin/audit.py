"""The audit log, for the owner to read: newest first, never to be changed."""

import json
from typing import Any

from django.contrib import admin
from django.utils.html import format_html

from tracker.admin.base import OwnersLog
from tracker.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(OwnersLog[AuditEntry]):
    """Who did what to what, before and after, from where."""

    list_display = ("at", "who", "action", "what", "address")
    list_filter = ("action",)
    search_fields = ("actor_name", "label", "kind", "address")
    search_help_text = "Person, thing or address"
    ordering = ("-at", "-id")
    fields = ("at", "who", "action", "kind", "label", "address", "was", "became")
    readonly_fields = fields
    heading = "Audit log"

    @admin.display(description="who", ordering="actor_name")
    def who(self, row: AuditEntry) -> str:
        """By the name they had then."""
        return row.actor_name

    @admin.display(description="what")
    def what(self, row: AuditEntry) -> str:
        """Sort and name of the thing."""
        return f"{row.kind} {row.label}".strip()

    @admin.display(description="before")
    def was(self, row: AuditEntry) -> str:
        """Values before."""
        return _pretty(row.before)

    @admin.display(description="after")
    def became(self, row: AuditEntry) -> str:
        """Values after."""
        return _pretty(row.after)


def _pretty(values: dict[str, Any]) -> str:
    if not values:
        return "(nothing)"
    return format_html("<pre>{}</pre>", json.dumps(values, indent=2, ensure_ascii=False))
