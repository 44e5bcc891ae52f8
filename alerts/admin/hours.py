"""Quiet hours and personal notices: everybody sets their own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from alerts.admin.base import _ModelAdmin
from alerts.models import QuietHours


@admin.register(QuietHours)
class QuietHoursAdmin(_ModelAdmin[QuietHours]):
    """The user's own row."""

    change_form_template = "admin/alerts/quiethours/change_form.html"
    fieldsets = (
        ("Tell me", {"fields": ("on_assigned", "on_mentioned", "slack_member")}),
        ("Quiet hours: only pages come through", {"fields": ("start", "end", "timezone")}),
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Straight to one's own: a list of one row says nothing."""
        own = self.get_queryset(request).values_list("pk", flat=True).first()
        if own is None:
            return HttpResponseRedirect(reverse("admin:alerts_quiethours_add"))
        return HttpResponseRedirect(reverse("admin:alerts_quiethours_change", args=[own]))

    def response_post_save_add(self, request: HttpRequest, obj: QuietHours) -> HttpResponseRedirect:
        """Back to all of the alerts."""
        return HttpResponseRedirect(reverse("admin:app_list", args=["alerts"]))

    response_post_save_change = response_post_save_add

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:  # fmt: skip
        """Under a name that is one's own."""
        context = {"title": "My notifications", **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuietHours]:
        """One's own."""
        return super().get_queryset(request).filter(user=request.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Everybody who is in."""
        return request.user.is_active

    def has_view_permission(self, request: HttpRequest, obj: QuietHours | None = None) -> bool:
        """One's own."""
        return obj is None or obj.user_id == request.user.pk

    def has_change_permission(self, request: HttpRequest, obj: QuietHours | None = None) -> bool:
        """One's own."""
        return self.has_view_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: QuietHours | None = None) -> bool:
        """One's own."""
        return self.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever has none yet."""
        return not QuietHours.objects.filter(user=request.user.pk).exists()

    def save_model(self, request: HttpRequest, obj: QuietHours, form: Any, change: bool) -> None:
        """For oneself."""
        if not change:
            obj.user_id = int(request.user.pk or 0)
        super().save_model(request, obj, form, change)
