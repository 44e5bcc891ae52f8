"""The audit log, for the owner to read: newest first, never to be changed."""

import json
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.html import format_html

from tracker.admin._typed import StockAdmin
from tracker.admin.base import access_of, found
from tracker.models import AuditEntry


@admin.register(AuditEntry)
class AuditEntryAdmin(StockAdmin[AuditEntry]):
    """Who did what to what, before and after, from where."""

    list_display = ("at", "actor_name", "action", "what", "address")
    list_filter = ("action",)
    search_fields = ("actor_name", "label", "kind", "address")
    search_help_text = "Person, thing or address"
    ordering = ("-at", "-id")
    fields = ("at", "actor_name", "action", "kind", "label", "address", "was", "became")
    readonly_fields = fields
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50

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

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Not found by anybody but the owner."""
        if not access_of(request).is_owner:
            raise Http404("There is no such page.")
        return super().changelist_view(request, {"title": "Audit log", **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows if access_of(request).is_owner else rows.none()

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> AuditEntry | None:
        """The entry, if the user is the owner."""
        return found(super().get_object(request, object_id, from_field))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and access_of(request).is_owner

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _pretty(values: dict[str, Any]) -> str:
    if not values:
        return "(nothing)"
    return format_html("<pre>{}</pre>", json.dumps(values, indent=2, ensure_ascii=False))
