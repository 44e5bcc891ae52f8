"""A project's overview: does it get worse, what is new, where, since which release."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_GET

from tracker import overview
from tracker.admin.base import access_of
from tracker.charts import day_chart, sparkline
from tracker.domain.trends import DAY, HOUR, series
from tracker.models import Project, Role
from tracker.panels import panels_of


class OverviewPages:
    """The overview's address and view, for the admin of projects."""

    admin_site: Any
    opts: Any
    _project: Callable[[HttpRequest, int], Project]

    def overview_urls(self) -> list[URLPattern]:
        """Below the project's address."""
        view = self.admin_site.admin_view(require_GET(self.overview_view))
        return [path("<int:project_id>/overview/", view, name="tracker_project_overview")]

    def overview_view(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """At most twelve queries in all."""
        project = self._project(request, project_id)
        now = datetime.now(UTC)
        context = {
            **self.admin_site.each_context(request),
            **overview_context(project, now),
            "title": project.name, "opts": self.opts, "now": now,
            "can_change": access_of(request).has(Role.ADMIN, project.team_id),
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/project/overview.html", context)


def overview_context(project: Project, now: datetime) -> dict[str, Any]:
    """Everything the page shows; five queries, and those of the panels."""
    counted = overview.events_of(project.pk, now)
    turned = overview.turned(project.pk, now)
    names = overview.named(project.pk, now)
    days = series(counted.all_days(), now, DAY, overview.DAYS)
    hours = series(counted.all_hours(), now, HOUR, overview.HOURS)
    new = series(turned.new, now, DAY, overview.DAYS)
    regressed = series(turned.regressed, now, DAY, overview.DAYS)
    panels = panels_of(project.pk, now)
    return {
        "project": project,
        "days": days,
        "hours": hours,
        "change": overview.change(days),
        "chart": day_chart(days, names.marks, width=1180, height=150),
        "people": overview.people(project.pk, now),
        "new": new,
        "new_spark": sparkline(new, 180, 30, _said(new, "new issues")),
        "new_today": turned.new_today,
        "regressed": regressed,
        "regressed_spark": sparkline(regressed, 180, 30, _said(regressed, "regressions")),
        "regressed_today": turned.regressed_today,
        "hour_spark": sparkline(hours, 180, 30),
        "rising": overview.rising(project.pk, now),
        "sides": [
            (side, sparkline(side.day, 120, 24))
            for side in overview.side_by_side(counted, names.environments, now)
        ],
        "releases": names.releases,
        "panels": panels,
        "banners": [text for panel in panels for text in panel.banners],
    }


def _said(days: Any, what: str) -> str:
    return f"{days.total:,} {what} in {len(days.counts)} days, at most {days.peak:,} a day"
