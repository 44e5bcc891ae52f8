"""Connections to ticket trackers: made in two steps, tested with a button."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from alerts import tickets
from alerts.actions import ticket_hooks
from alerts.actions import tickets as verbs
from alerts.actions.notices import absolute
from alerts.admin.base import ProjectAdmin
from alerts.admin.options import PREFIX, OptionsForm
from alerts.models import TicketConnection, TicketLink, TicketUser
from tracker.access import Access
from tracker.models import Project, Role, Team, User

PLAIN = ("team", "project", "name", "enabled")
BEHAVIOUR = ("resolves", "closes", "comeback", "assigns", "budget_per_hour")
KEPT = ("comeback", "budget_per_hour")


class ConnectionForm(OptionsForm):
    """Options of a tracker."""

    kept = KEPT

    class Meta:
        model = TicketConnection
        fields = (*PLAIN, *BEHAVIOUR)

    def check(self, cleaned: dict[str, Any]) -> None:
        """A project of the team."""
        team = cleaned.get("team") or getattr(self.instance, "team", None)
        project = cleaned.get("project")
        if project is not None and project.team != team:
            self.add_error("project", "Choose a project of the team.")


class TicketUserInline(admin.TabularInline):  # type: ignore[type-arg]
    """Who people are over there."""

    model = TicketUser
    fields = ("user", "login")
    extra = 1

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Colleagues, no others."""
        if db_field.name == "user":
            known = Access.of(request.user).assignees().users  # type: ignore[arg-type]
            kwargs["queryset"] = User.objects.filter(pk__in=[user.pk for user in known])
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the pop-ups beside each choice."""
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        for name in ("add", "change", "delete", "view"):
            if hasattr(field.widget, f"can_{name}_related"):
                setattr(field.widget, f"can_{name}_related", False)
        return field

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the connection."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Admins of the team."""
        return _may(request, Role.ADMIN, obj)

    has_add_permission = has_change_permission
    has_delete_permission = has_change_permission


def teams_of(request: HttpRequest, role: str) -> set[int]:
    """Ids of the teams in which the request's user has at least `role`."""
    access = Access.of(request.user)  # type: ignore[arg-type]
    if access.is_owner:
        return set(Team.objects.values_list("pk", flat=True))
    return {pk for pk in access.roles if access.has(role, pk)}


def _may(request: HttpRequest, role: str, connection: TicketConnection | None = None) -> bool:
    """Whether the user has at least `role` in the connection's team; without one: in any."""
    access = Access.of(request.user)  # type: ignore[arg-type]
    return access.has(role, connection.team_id if connection is not None else None)


@admin.register(TicketConnection)
class TicketConnectionAdmin(ProjectAdmin[TicketConnection]):
    """Connections of the user's teams."""

    project_path = "team"
    list_display = ("name", "kind", "team", "project", "enabled", "condition", "last_heard_at")
    list_filter = ("kind", "enabled")
    list_select_related = ("team", "project")
    inlines = (TicketUserInline,)
    change_form_template = "admin/alerts/ticketconnection/change_form.html"
    change_list_template = "admin/alerts/ticketconnection/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TicketConnection]:
        """Of teams in which the user triages."""
        rows = TicketConnection.objects.select_related("team", "project")
        return rows.filter(team__in=teams_of(request, Role.TRIAGER))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever triages somewhere."""
        return _may(request, Role.TRIAGER)

    def has_view_permission(
        self, request: HttpRequest, obj: TicketConnection | None = None
    ) -> bool:
        """Triagers of the team."""
        return _may(request, Role.TRIAGER, obj)

    def has_change_permission(
        self, request: HttpRequest, obj: TicketConnection | None = None
    ) -> bool:
        """Admins of the team."""
        return _may(request, Role.ADMIN, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Admins of any team."""
        return _may(request, Role.ADMIN)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form of the connection's kind, or of the one that is to be added."""
        kind = obj.kind if obj is not None else request.GET.get("kind", "")
        if kind not in tickets.registry() or not self.has_change_permission(request, obj):
            kwargs.setdefault("fields", [*PLAIN, *BEHAVIOUR])
            return super().get_form(request, obj, change, **kwargs)
        form: Any = ConnectionForm.of(kind, tickets.get(kind))
        mine = teams_of(request, Role.ADMIN)
        projects = Project.objects.filter(team__in=[obj.team_id] if obj else mine)
        form.base_fields["team"].queryset = Team.objects.filter(pk__in=mine)
        form.base_fields["project"].queryset = projects
        form.base_fields["team"].disabled = obj is not None
        if obj is None and len(mine) == 1:
            form.base_fields["team"].initial = next(iter(mine))
        return form

    def get_fieldsets(self, request: HttpRequest, obj: TicketConnection | None = None) -> Any:
        """Options below what all connections have."""
        kind = obj.kind if obj is not None else request.GET.get("kind", "")
        known = tickets.registry().get(kind)
        behaviour = ("Both ways", {"fields": list(BEHAVIOUR)})
        if known is None or not self.has_change_permission(request, obj):
            return ((None, {"fields": list(PLAIN)}), behaviour)
        options = [PREFIX + option.name for option in known.options]
        return ((None, {"fields": list(PLAIN)}), (known.label, {"fields": options}), behaviour)

    def get_inline_instances(
        self, request: HttpRequest, obj: TicketConnection | None = None
    ) -> Any:
        """People once there is a connection."""
        return super().get_inline_instances(request, obj) if obj is not None else []

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """First the kind, then the rest."""
        unknown = request.GET.get("kind", "") not in tickets.registry()
        if unknown and self.has_add_permission(request):
            context = {
                **self.admin_site.each_context(request), "title": "Connect a tracker",
                "opts": self.opts, "kinds": tickets.choices(),
            }  # fmt: skip
            template = "admin/alerts/ticketconnection/kinds.html"
            return TemplateResponse(request, template, context)
        return super().add_view(request, form_url, extra_context)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With the kinds, for an empty page."""
        more = {"kinds": tickets.choices(), "may_add": self.has_add_permission(request)}
        return super().changelist_view(request, {**more, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *rest: Any, **more: Any) -> Any:
        """With what to do over there."""
        row = self.get_object(request, object_id)
        if row is not None:
            known = tickets.registry().get(row.kind)
            url = hook_url(row)
            failed = row.links.filter(state=TicketLink.State.FAILED).count()
            more["extra_context"] = {
                "connection": row, "tracker": known, "failed": failed, "hook_url": url,
                "steps": [step.replace("{url}", url) for step in known.hook_steps] if known else [],
                "has_secret": "hook_secret" in row.known_secrets(),
            }  # fmt: skip
        return super().change_view(request, object_id, *rest, **more)

    def save_model(
        self, request: HttpRequest, obj: TicketConnection, form: Any, change: bool
    ) -> None:
        """Tell a secret that was made, this once."""
        super().save_model(request, obj, form, change)
        for value in getattr(form, "made", {}).values():
            messages.warning(request, f"The webhook secret of {obj}, shown only now: {value}")

    def response_add(
        self, request: HttpRequest, obj: TicketConnection, post_url_continue: Any = None
    ) -> HttpResponse:
        """On to the page that says how the tracker calls us; tested at once."""
        self._test(request, obj)
        return HttpResponseRedirect(reverse("admin:alerts_ticketconnection_change", args=[obj.pk]))

    def response_change(self, request: HttpRequest, obj: TicketConnection) -> HttpResponse:
        """Saved; perhaps a test is wanted too, or the webhook, or what failed once more."""
        if "_test" in request.POST:
            self._test(request, obj)
        elif "_hook" in request.POST:
            self._start(request, obj)
        elif "_retry" in request.POST:
            done = verbs.retry(TicketLink.objects.filter(connection=obj))
            messages.success(request, f"{len(done)} tried again.")
        else:
            return super().response_change(request, obj)
        return HttpResponseRedirect(request.path)

    @admin.display(description="condition")
    def condition(self, connection: TicketConnection) -> str:
        """Working, failing, or resting."""
        held = connection.held_until
        if held is not None and held > timezone.now():
            return f"rests until {held:%H:%M:%S} UTC: {connection.last_error}"
        if connection.failures:
            return f"{connection.failures} failures: {connection.last_error}"
        return "works" if connection.last_ok_at else "not used yet"

    def _test(self, request: HttpRequest, connection: TicketConnection) -> None:
        try:
            messages.success(request, f"{connection}: {verbs.test(connection)}")
        except verbs.TicketError as error:
            messages.error(request, f"{connection} can't be used yet: {error}.")

    def _start(self, request: HttpRequest, connection: TicketConnection) -> None:
        try:
            ticket_hooks.start(connection, hook_url(connection), timezone.now())
        except verbs.TicketError as error:
            messages.error(request, f"The webhook was not made: {error}.")
        else:
            messages.success(request, "The webhook was made.")


def hook_url(connection: TicketConnection) -> str:
    """Where the tracker is to call."""
    return absolute(reverse("alerts-ticket-call", args=[connection.uid]))
