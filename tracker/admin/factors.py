"""Second factors and passkeys of people: the owner takes away what somebody has lost."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.http import HttpRequest

from tracker.actions import audit
from tracker.admin.base import OwnersLog, access_of


@admin.register(Authenticator)
class FactorAdmin(OwnersLog[Any]):
    """For the owner alone; the secrets are on no page. Nobody else learns what there is."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    ordering = ("user__username", "pk")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")
    heading = "Second factors and passkeys"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Taking away is all that the owner does with them."""
        return self.has_module_permission(request)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Who took it away is on record; what it was made of is not."""
        audit.record(
            "removed a factor", actor=access_of(request).user, target=obj.user,
            before={"factor": obj.get_type_display()},
            address=request.META.get("REMOTE_ADDR", ""),
        )  # fmt: skip
        super().delete_model(request, obj)
