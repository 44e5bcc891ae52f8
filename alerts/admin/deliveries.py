"""The delivery log: every notice, its attempts and answers; the dead can be sent again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import display_for_value
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from alerts import wake
from alerts.actions import replay
from alerts.admin.base import LogAdmin, issue_link, projects_of
from alerts.domain.text import one_line
from alerts.models import Delivery
from tracker.models import Role


@admin.register(Delivery)
class DeliveryAdmin(LogAdmin[Delivery]):
    """Deliveries of the user's projects, newest first."""

    project_path = "channel__project"
    list_display = (
        "created_at", "state", "kind", "channel", "issue", "attempts", "answer", "next_attempt",
    )  # fmt: skip
    list_filter = ("state", "kind", "page")
    list_select_related = ("channel__project", "incident__issue__project")
    ordering = ("-pk",)
    actions = ("send_again",)
    fields = (
        "channel", "issue", "kind", "seq", "state", "attempts", "answer", "told", "recipients",
        "created_at", "next_attempt", "sent_at",
    )  # fmt: skip
    readonly_fields = fields

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With a banner over letters that were given up."""
        if request.method == "GET":
            dead = len(self.get_queryset(request).dead().values_list("pk", flat=True)[:1_000])  # type: ignore[attr-defined]
            if dead:
                shown = f"{dead}+" if dead >= 1_000 else str(dead)
                messages.warning(
                    request,
                    format_html(
                        'Given up: {}. <a href="?state__exact=dead">Show them</a>, choose, and '
                        "send them again when what was wrong is mended.", shown,
                    ),
                )  # fmt: skip
        return super().changelist_view(request, extra_context)

    def has_replay_permission(self, request: HttpRequest) -> bool:
        """Admins of a project send again."""
        return bool(projects_of(request, Role.ADMIN))

    @admin.action(description="Send again (dead and not sent)", permissions=["replay"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> None:
        """Queue what was given up."""
        mine = queryset.filter(channel__project__in=projects_of(request, Role.ADMIN))
        ids = replay(Delivery.objects.filter(pk__in=mine.values("pk")))
        for delivery_id in ids:
            if not wake.deliver(delivery_id):
                break
        messages.success(request, f"Queued again: {len(ids)}.")

    @admin.display(description="issue")
    def issue(self, delivery: Delivery) -> str:
        """The issue it is about."""
        return issue_link(delivery.incident.issue if delivery.incident else None)

    @admin.display(description="answer")
    def answer(self, delivery: Delivery) -> str:
        """What the receiver said, or why it was not asked."""
        return answer_of(delivery) or "-"

    @admin.display(description="next attempt")
    def next_attempt(self, delivery: Delivery) -> Any:
        """When it is tried (again); nothing when it is settled."""
        waits = delivery.state in {Delivery.State.QUEUED, Delivery.State.RETRY}
        return display_for_value(delivery.next_attempt_at, "-") if waits else "-"

    @admin.display(description="told")
    def told(self, delivery: Delivery) -> str:
        """The notice in a line."""
        notice = delivery.content.get("notice", {})
        return one_line(f"{notice.get('headline', '')}: {notice.get('title', '')}", 200)

    @admin.display(description="recipients")
    def recipients(self, delivery: Delivery) -> str:
        """Mail addresses, with a tick where it arrived."""
        reached = set(delivery.reached)
        names = delivery.content.get("recipients", [])
        return ", ".join(f"{name} ✓" if name in reached else str(name) for name in names) or "-"


def answer_of(delivery: Delivery) -> str:
    """What the receiver said: the status, and the error unless it begins with that."""
    status, error = delivery.last_status, one_line(delivery.last_error, 120)
    return error if status and f" {status}" in error else f"{status} {error}".strip()
