"""Second factors and passkeys of people: the owner takes away what somebody has lost."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse

from tracker.actions import audit
from tracker.admin._typed import StockAdmin
from tracker.admin.base import access_of, found


@admin.register(Authenticator)
class FactorAdmin(StockAdmin[Any]):
    """For the owner alone; the secrets are on no page. Nobody else learns what there is."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    ordering = ("user__username", "pk")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        return rows if access_of(request).is_owner else rows.none()

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """The factor, if the user is the owner."""
        return found(super().get_object(request, object_id, from_field))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Not found by anybody but the owner."""
        if not access_of(request).is_owner:
            raise Http404("There is no such page.")
        title = {"title": "Second factors and passkeys"}
        return super().changelist_view(request, {**title, **(extra_context or {})})

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and access_of(request).is_owner

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Who took it away is on record; what it was made of is not."""
        audit.record(
            "removed a factor", actor=access_of(request).user, target=obj.user,
            before={"factor": obj.get_type_display()},
            address=request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip
        super().delete_model(request, obj)
