"""Invitations in the admin: made by admins of a team, shown once, withdrawn by deleting."""

from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tracker.access import Access
from tracker.actions import invitations
from tracker.admin.base import ScopedAdmin, access_of
from tracker.models import Invitation, Role


@admin.register(Invitation)
class InvitationAdmin(ScopedAdmin[Invitation]):
    """Those of the teams that the user administers; the link is shown when it is made."""

    list_display = ("meant_for", "team", "role", "invited_by", "state", "created_at")
    list_select_related = ("team", "invited_by", "accepted_by")
    ordering = ("-created_at",)
    fields = ("team", "role", "email")

    @admin.display(description="For")
    def meant_for(self, row: Invitation) -> str:
        """Whom it is for."""
        return row.email or "anybody with the link"

    @admin.display(description="State")
    def state(self, row: Invitation) -> str:
        """What became of it."""
        if row.accepted_at is not None:
            return f"accepted by {row.accepted_by}" if row.accepted_by else "accepted"
        if row.expires_at <= datetime.now(UTC):
            return "expired"
        return f"pending until {row.expires_at:%Y-%m-%d %H:%M} UTC"

    def scope(self, access: Access) -> dict[str, Any]:
        mine = [team for team, role in access.roles.items() if role == Role.ADMIN]
        return {"team__in": mine}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and access_of(request).has(Role.ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return access_of(request).has(Role.ADMIN, obj.team_id if obj else None)

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """What it grants is settled when it is made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        """Withdrawing one that was not used; used ones are history."""
        if obj is not None and obj.accepted_at is not None:
            return False
        return self.has_view_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"role": Role.TRIAGER, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        """Made by the verb, which alone sees the secret."""
        made, secret = invitations.invite(
            access_of(request).user, obj.team, obj.role, datetime.now(UTC), email=obj.email
        )
        obj.pk, obj.expires_at = made.pk, made.expires_at
        path = reverse("account_invitation", args=[secret])
        request.META["emberwatch.secret"] = str(settings.EMBERWATCH_URL).rstrip("/") + path

    def response_add(
        self, request: HttpRequest, obj: Invitation, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the link: on this answer only, not in a session or message."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Send this link", "opts": self.opts, "invitation": obj,
            "link": request.META.get("emberwatch.secret", ""),
        }  # fmt: skip
        answer = TemplateResponse(request, "admin/tracker/invitation/made.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, "The invitation was withdrawn: its link leads nowhere now.")
        return HttpResponseRedirect(reverse("admin:tracker_invitation_changelist"))
