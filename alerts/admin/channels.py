"""Channels: made in two steps (kind, then its options), tested with a button."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from alerts import transports
from alerts.actions import send_test
from alerts.admin.base import ProjectAdmin, projects_of
from alerts.admin.deliveries import answer_of
from alerts.admin.options import PREFIX, OptionsForm
from alerts.models import Channel, Delivery
from tracker.models import Project, Role

SPEAKING = (
    "window_minutes", "budget_per_hour", "quiet_from", "quiet_to", "digest_at", "timezone",
    "fallback",
)  # fmt: skip
"""When a channel speaks."""
KEPT = ("window_minutes", "budget_per_hour", "digest_at", "timezone")


class ChannelForm(OptionsForm):
    """Options of a transport."""

    kept = KEPT

    class Meta:
        model = Channel
        fields = ("project", "name", "enabled", *SPEAKING)
        widgets: ClassVar[dict[str, forms.Widget]] = {
            name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
            for name in ("quiet_from", "quiet_to", "digest_at")
        }

    def check(self, cleaned: dict[str, Any]) -> None:
        """A fallback of the same project; quiet hours that end."""
        fallback = cleaned.get("fallback")
        project = cleaned.get("project") or getattr(self.instance, "project", None)
        if fallback is not None and fallback.project != project:
            self.add_error("fallback", "Choose a channel of the same project.")
        if bool(cleaned.get("quiet_from")) != bool(cleaned.get("quiet_to")):
            self.add_error("quiet_to", "Quiet hours have a start and an end.")


@admin.register(Channel)
class ChannelAdmin(ProjectAdmin[Channel]):
    """Channels of the user's projects."""

    list_display = ("name", "project", "kind", "enabled", "condition", "last_sent_at")
    list_filter = ("kind", "enabled")
    list_select_related = ("project",)
    search_fields = ("name", "project__name")
    actions = ("test",)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form of the channel's kind, or of the one that is to be added."""
        kind = obj.kind if obj is not None else request.GET.get("kind", "")
        if kind not in transports.registry():
            return super().get_form(request, obj, change, **kwargs)
        if not self._may(request, obj):
            kwargs.setdefault("fields", ["project", "name", "enabled", *SPEAKING])
            return super().get_form(request, obj, change, **kwargs)
        form = ChannelForm.of(kind, transports.get(kind))
        form.base_fields["project"].queryset = self._projects(request)  # type: ignore[attr-defined]
        others = Channel.objects.filter(project__in=projects_of(request, Role.ADMIN))
        if obj is not None:
            others = others.filter(project=obj.project_id).exclude(pk=obj.pk)
        form.base_fields["fallback"].queryset = others  # type: ignore[attr-defined]
        if obj is not None:
            form.base_fields["project"].disabled = True
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """How a channel fares is on its page too."""
        return ("condition",) if obj is not None else ()

    def get_fieldsets(self, request: HttpRequest, obj: Channel | None = None) -> Any:
        """Options below what all channels have."""
        plain = ["project", "name", "enabled", *self.get_readonly_fields(request, obj)]
        kind = obj.kind if obj is not None else request.GET.get("kind", "")
        known = transports.registry().get(kind)
        if known is None or not self._may(request, obj):
            return ((None, {"fields": plain}),)
        options = [PREFIX + option.name for option in known.options]
        speaking = ("When it speaks", {"fields": list(SPEAKING)})
        return ((None, {"fields": plain}), (known.label, {"fields": options}), speaking)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First the kind, then the rest."""
        known = dict(transports.addable())
        if request.GET.get("kind", "") not in known and self.has_add_permission(request):
            context = {
                **self.admin_site.each_context(request),
                "title": "Add a channel",
                "opts": self.opts,
                "kinds": transports.addable(),
            }
            return TemplateResponse(request, "admin/alerts/channel/kinds.html", context)
        return super().add_view(request, form_url, extra_context)

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        """Tell a secret that was made, this once; what was mended is tried at once."""
        if any(name.startswith(PREFIX) for name in form.changed_data):
            obj.paused_until, obj.failures = None, 0
        super().save_model(request, obj, form, change)
        for name, value in getattr(form, "made", {}).items():
            messages.warning(request, f"The {name} of {obj.name}, shown only now: {value}")

    def response_add(
        self, request: HttpRequest, obj: Channel, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Saved; perhaps a test is wanted too."""
        if "_test" in request.POST:
            self._send_test(request, obj)
            address = reverse("admin:alerts_channel_change", args=[obj.pk])
            return HttpResponseRedirect(address)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request: HttpRequest, obj: Channel) -> HttpResponse:
        """Saved; perhaps a test is wanted too."""
        if "_test" in request.POST:
            self._send_test(request, obj)
            return HttpResponseRedirect(request.path)
        return super().response_change(request, obj)

    @admin.action(description="Send a test", permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Channel]) -> None:
        """Send a test through the first five of the chosen channels."""
        for channel in queryset.filter(project__in=projects_of(request, Role.ADMIN))[:5]:
            self._send_test(request, channel)

    @admin.display(description="condition")
    def condition(self, channel: Channel) -> str:
        """Working, failing or paused."""
        if channel.is_paused(timezone.now()):
            until = f"{channel.paused_until:%H:%M} UTC"
            count = f"paused after {channel.failures} failures, tried again at {until}"
            return f"{count}: {channel.last_error}"
        if channel.failures:
            return f"{channel.failures} failures: {channel.last_error}"
        return "works" if channel.last_sent_at else "not used yet"

    def _send_test(self, request: HttpRequest, channel: Channel) -> None:
        delivery = send_test(channel, request.user.get_username())
        answer = answer_of(delivery)
        if delivery.state == Delivery.State.SENT:
            messages.success(request, f"{channel.name}: the test was taken. Answer: {answer}")
        else:
            messages.error(request, f"{channel.name}: the test was not taken. {answer}")

    def _may(self, request: HttpRequest, obj: Channel | None) -> bool:
        return self.has_change_permission(request, obj)

    def _projects(self, request: HttpRequest) -> Any:
        return Project.objects.filter(pk__in=projects_of(request, Role.ADMIN))
