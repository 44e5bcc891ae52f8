"""Environments: what each sent, when it was last heard of, and which are in menus."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from tracker.actions import announce
from tracker.admin.base import ScopedAdmin
from tracker.domain.search import Term, literal
from tracker.environments import DAYS, Counted, lately
from tracker.models import Environment


class CountedList(ChangeList):
    """A page of environments, each with what it sent."""

    def get_results(self, request: HttpRequest) -> None:
        """Two queries more, for the rows of the page."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        counts = lately({row.project_id for row in rows}, datetime.now(UTC))
        for row in rows:
            row.counted = counts.get(row.pk, Counted())
        self.result_list = rows


@admin.register(Environment)
class EnvironmentAdmin(ScopedAdmin[Environment]):
    """Environments come from events and deploys; hiding one takes it out of menus."""

    team_path = "project__team"
    list_display = (
        "__str__", "project", "last_seen", "of_day", "of_fortnight", "issues", "first_seen",
        "shown",
    )  # fmt: skip
    list_select_related = ("project__team",)
    list_filter = ("hidden", ("project", admin.RelatedOnlyFieldListFilter))
    search_fields = ("name",)
    ordering = ("project__name", "name")
    fields = ("project", "name", "hidden", "first_seen")
    readonly_fields = ("project", "name", "first_seen")
    actions = ("hide", "show")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """With counts."""
        return CountedList

    @admin.display(description="Last event")
    def last_seen(self, row: Environment) -> str:
        """How long ago, to the hour or day that is counted."""
        last = _counted(row).last
        if last is None:
            return f"none in {DAYS} days"
        now = datetime.now(UTC)
        hours = int((now - last).total_seconds() // 3600)
        if hours < 1:
            return "within the hour"
        return f"{timesince(last, now, depth=1)} ago"

    @admin.display(description="24 hours")
    def of_day(self, row: Environment) -> str:
        """Events."""
        return f"{_counted(row).day:,}"

    @admin.display(description="14 days")
    def of_fortnight(self, row: Environment) -> str:
        """Events."""
        return f"{_counted(row).fortnight:,}"

    @admin.display(description="Issues")
    def issues(self, row: Environment) -> SafeString:
        """Those that wait there."""
        term = Term("env", (literal(row.name or "none"),))
        query = urlencode({"q": f"is:unresolved project:{row.project.slug} {term}"})
        where = reverse("admin:tracker_issue_changelist")
        return format_html('<a href="{}?{}">unresolved there</a>', where, query)

    @admin.display(description="In menus", boolean=True)
    def shown(self, row: Environment) -> bool:
        """Not hidden."""
        return not row.hidden

    @admin.action(description="Hide from menus", permissions=["change"])
    def hide(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """Take them out of menus and side-by-side charts; all is counted as before."""
        self._set(request, rows, hidden=True)

    @admin.action(description="Show in menus", permissions=["change"])
    def show(self, request: HttpRequest, rows: QuerySet[Environment]) -> None:
        """Put them back."""
        self._set(request, rows, hidden=False)

    def _set(self, request: HttpRequest, rows: QuerySet[Environment], *, hidden: bool) -> None:
        done = refused = 0
        for row in rows.select_related("project__team"):
            if not self.has_change_permission(request, row):
                refused += 1
            elif row.hidden != hidden:
                announce.hide(row, hidden)
                word = "Hidden." if hidden else "Shown."
                self.log_change(request, row, word)
                done += 1
        word = "hidden" if hidden else "shown"
        messages.success(request, f"{done} {'is' if done == 1 else 'are'} {word} now.")
        if refused:
            messages.warning(request, f"{refused} belong to teams that you do not administer.")


def _counted(row: Environment) -> Counted:
    found: Counted = getattr(row, "counted", Counted())
    return found
