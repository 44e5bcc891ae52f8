"""Tickets on the pages of issues: made, linked, unlinked there; and the list of all tickets."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from alerts.actions import tickets as verbs
from alerts.admin.base import LogAdmin, LogInline, issue_link
from alerts.admin.connections import teams_of
from alerts.models import TicketConnection, TicketJob, TicketLink
from tracker.access import Access
from tracker.admin.base import access_of
from tracker.admin.verbs import chosen
from tracker.asides import aside, bulk_page, mark
from tracker.models import Issue, Role
from tracker.models.issue import IssueQuerySet

_TOLD = JSONObject(
    id="pk", key="key", url="url", state="state", word="remote_state", error="error", title="title",
    who="assignee",
)  # fmt: skip


@aside(order=1)
def tickets(request: HttpRequest, issue: Issue, access: Access, now: datetime) -> str:
    """The rail's block: an issue's tickets, and where one can be made. One query."""
    links = TicketLink.objects.filter(issue=issue.pk, connection=OuterRef("pk")).order_by("pk")
    rows = list(
        TicketConnection.objects.filter(
            Q(team=issue.project.team_id) | Q(pk__in=TicketLink.objects.filter(
                issue=issue.pk).values("connection"))
        ).annotate(told=ArraySubquery(links.values(one=_TOLD)))
    )  # fmt: skip
    told: dict[int, list[dict[str, Any]]] = {row.pk: getattr(row, "told", []) for row in rows}
    found = [{**one, "connection": row} for row in rows for one in told[row.pk]]
    open_to = [row for row in rows if row.enabled and verbs.is_for(row, issue)]
    can = access.has(Role.TRIAGER, issue.project.team_id)
    context = {
        "issue": issue, "links": found, "can_triage": can,
        "makes": [row for row in open_to if not told[row.pk]] if can else [],
        "connections": open_to if can else [],
        "can_connect": access.has(Role.ADMIN, issue.project.team_id) and not rows,
    }  # fmt: skip
    if not found and not context["connections"] and not context["can_connect"]:
        return ""
    return render_to_string("admin/alerts/ticketlink/rail.html", context, request)


def badges() -> ArraySubquery:
    """The tickets of each issue of the list."""
    rows = TicketLink.objects.filter(
        issue=OuterRef("pk"), state__in=[TicketLink.State.OPEN, TicketLink.State.CLOSED]
    )
    return ArraySubquery(
        rows.order_by("pk").values(one=JSONObject(key="key", url="url", state="state"))[:5]
    )


def ask_page(request: HttpRequest, issues: IssueQuerySet) -> HttpResponse:
    """Choose where tickets of the chosen issues are to be made; then ask for them."""
    access = access_of(request)
    rows = list(issues.live().select_related("project").order_by("first_seen", "pk"))
    teams = {row.project.team_id for row in rows}
    fitting = TicketConnection.objects.filter(team__in=teams, enabled=True).order_by("name")
    picked = request.POST.get("connection", "")
    if picked.isdecimal():
        connection = fitting.filter(pk=int(picked)).first()
        if connection is None:
            raise Http404("There is no such connection.")
        asked = verbs.ask(rows, connection, access.user, datetime.now(UTC))
        _said(request, asked, connection)
        return redirect(request.get_full_path())
    context = {
        **admin.site.each_context(request), "title": "Make tickets", "rows": rows,
        "opts": Issue._meta, "connections": list(fitting), "back": request.get_full_path(),
        "can_connect": any(access.has(Role.ADMIN, team) for team in teams),
    }  # fmt: skip
    return TemplateResponse(request, "admin/alerts/ticketlink/ask.html", context)


mark("tickets_told", badges)
bulk_page("ticket", "Make tickets …", ask_page)


def _said(request: HttpRequest, asked: verbs.Asked, connection: TicketConnection) -> None:
    done, left = len(asked.links), asked.skipped
    rest = f" {left} left out: they have one there, or it is not for their project." if left else ""
    if done:
        text = f"{done} ticket{'' if done == 1 else 's'} on the way to {connection}.{rest}"
        messages.success(request, text)
    else:
        messages.warning(request, f"No ticket was asked for.{rest}")


class JobInline(LogInline):
    """What was done over there."""

    model = TicketJob
    fields = ("kind", "state", "attempts", "last_status", "last_error", "created_at", "done_at")
    ordering = ("-pk",)


@admin.register(TicketLink)
class TicketLinkAdmin(LogAdmin[TicketLink]):
    """Tickets of the user's projects, newest first."""

    list_display = ("name", "about", "connection", "state", "assignee", "synced_at", "error")
    list_filter = ("state",)
    list_select_related = ("connection", "issue__project")
    search_fields = ("key", "title")
    ordering = ("-pk",)
    fields = (
        "address", "about", "connection", "state", "remote_state", "title", "assignee", "made",
        "asked_by", "rule", "asked_at", "synced_at", "error",
    )  # fmt: skip
    readonly_fields = fields
    inlines = (JobInline,)

    def get_urls(self) -> list[URLPattern]:
        """What the forms of the rail post to."""

        def page(route: str, view: Any, name: str) -> URLPattern:
            wrapped = self.admin_site.admin_view(require_POST(view))
            made: URLPattern = path(route, wrapped, name=f"alerts_ticketlink_{name}")
            return made

        return [
            page("make/<int:issue_id>/", self.make_view, "make"),
            page("link/<int:issue_id>/", self.link_view, "link"),
            page("<int:link_id>/do/", self.do_view, "do"),
            *super().get_urls(),
        ]

    def make_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """Ask for a ticket of one issue."""
        issue, connection = self._chosen(request, issue_id)
        asked = verbs.ask([issue], connection, access_of(request).user, datetime.now(UTC))
        _said(request, asked, connection)
        return redirect("admin:tracker_issue_change", issue_id)

    def link_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """Link a ticket that exists."""
        issue, connection = self._chosen(request, issue_id)
        address, user = request.POST.get("address", ""), access_of(request).user
        try:
            row = verbs.link(issue, connection, address, user, datetime.now(UTC))
        except verbs.TicketError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"Linked {row.key}.")
        return redirect("admin:tracker_issue_change", issue_id)

    def do_view(self, request: HttpRequest, link_id: int) -> HttpResponse:
        """Unlink, try again, or look at a ticket."""
        access, now = access_of(request), datetime.now(UTC)
        row = TicketLink.objects.filter(pk=link_id).select_related("connection").first()
        if row is None:
            raise Http404("There is no such ticket.")
        chosen(access, [row.issue_id])  # 404 or 403 unless the user triages it
        action = request.POST.get("action", "")
        if action == "unlink":
            verbs.unlink(row, access.user, now)
            messages.success(request, "Unlinked; the ticket itself stays as it is.")
        elif action == "retry" and verbs.retry(TicketLink.objects.filter(pk=row.pk)):
            messages.success(request, "It is tried again.")
        elif action == "look" and row.remote_id:
            verbs.queue(row.connection, [row.pk], TicketJob.Kind.LOOK)
            messages.success(request, "It is looked at.")
        else:
            messages.warning(request, "Nothing done: it is so already.")
        return redirect("admin:tracker_issue_change", row.issue_id)

    @admin.display(description="ticket", ordering="key")
    def name(self, link: TicketLink) -> str:
        """Its key, or that it has none yet."""
        return link.key or "(none yet)"

    @admin.display(description="ticket")
    def address(self, link: TicketLink) -> str:
        """A link to it."""
        if not link.url:
            return self.name(link)
        return format_html('<a href="{}" rel="noopener nofollow">{}</a>', link.url, link.key)

    @admin.display(description="issue")
    def about(self, link: TicketLink) -> str:
        """The issue."""
        return issue_link(link.issue)

    def _chosen(self, request: HttpRequest, issue_id: int) -> tuple[Issue, TicketConnection]:
        """The issue and the connection that were posted, if the user triages both."""
        issues = chosen(access_of(request), [issue_id])
        issue = issues.live().select_related("project").filter(pk=issue_id).first()
        number = request.POST.get("connection", "")
        connections = TicketConnection.objects.filter(
            team__in=teams_of(request, Role.TRIAGER), enabled=True
        )
        connection = connections.filter(pk=int(number) if number.isdecimal() else 0).first()
        if issue is None or connection is None or not verbs.is_for(connection, issue):
            raise Http404("There is no such issue or connection.")
        return issue, connection


__all__ = ["TicketLinkAdmin", "ask_page", "badges", "tickets"]
