"""Releases: the list, and a page that says what each brought, where it runs and how it fares."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tracker import code, health, origins, release_counts, sessions
from tracker.admin.base import ScopedAdmin
from tracker.admin.release_list import VersionList
from tracker.charts import day_chart
from tracker.domain.release_health import FIRST, in_order
from tracker.domain.trends import DAY, series
from tracker.models import Environment, Issue, Release, ReleaseUse
from tracker.models.issue import IssueQuerySet

DAYS = 14
SHOWN = 20
"""Issues of one kind on the page."""
COMMITS = 20
"""Commits on the page, the newest."""
SESSIONS_OVER = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Listed:
    """Some issues, and where all of them are."""

    title: str
    issues: list[Issue]
    more: bool
    query: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A release in one environment."""

    name: str
    events: int
    first_seen: datetime
    last_seen: datetime


@admin.register(Release)
class ReleaseAdmin(ScopedAdmin[Release]):
    """Releases of the user's teams; they come from events, deploys and tools."""

    team_path = "project__team"
    list_display = (
        "version", "compared", "project", "source", "created_at", "released_at", "issues_link",
    )  # fmt: skip
    list_select_related = ("project__team",)
    list_filter = (("project", admin.RelatedOnlyFieldListFilter), "source")
    search_fields = ("version",)
    ordering = ("-created_at",)
    fields = ("project", "version", "source", "created_at", "released_at", "ignored")
    readonly_fields = ("project", "version", "source", "created_at")
    change_form_template = "admin/tracker/release/change_form.html"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """By version."""
        return VersionList

    @admin.display(description="Compared")
    def compared(self, release: Release) -> str:
        """How it compares to the release below it in the list."""
        return getattr(release, "compared", "")

    @admin.display(description="Issues")
    def issues_link(self, release: Release) -> SafeString:
        """The issues that this release brought."""
        address = reverse("admin:tracker_issue_changelist")
        query = urlencode({"q": _query(release, "first_release")})
        return format_html('<a href="{}?{}">new in it</a>', address, query)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """What is known of the release, above what can be changed of it."""
        release = self.get_object(request, object_id)
        if release is not None and request.method == "GET":
            told = release_context(release, datetime.now(UTC))
            extra_context = {**told, **(extra_context or {})}
        page: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return page


def release_context(release: Release, now: datetime) -> dict[str, Any]:
    """Everything the page says; a fixed number of queries."""
    project = release.project_id
    environments = dict(Environment.objects.filter(project=project).values_list("pk", "name"))
    uses = release_counts.uses(project, [release.pk])
    events = sum(use.events for use in uses)
    of_project = ReleaseUse.objects.filter(project_id=project).aggregate(all=Sum("events"))["all"]
    began, judged = now - DAYS * DAY, health.assess(release, None, now)
    first = health.assess(release, None, now, over=FIRST)
    older, newer = _beside(release)
    deploys = origins.deploys_of(project, began)
    counts = release_counts.by_bucket(project, release.pk, began)
    ran = sessions.figures(project, now - SESSIONS_OVER, now, release_id=release.pk)
    commits = list(release.commits.order_by("position", "pk")[: COMMITS + 1])
    return {
        "commits": code.with_links(project, commits[:COMMITS]),
        "more_commits": len(commits) > COMMITS,
        "release": release,
        "events": events,
        "share": 100 * events / of_project if of_project else None,
        "first_seen": min((use.first_seen for use in uses), default=None),
        "last_seen": max((use.last_seen for use in uses), default=None),
        "places": [
            Place(environments.get(u.environment_id, ""), u.events, u.first_seen, u.last_seen)
            for u in uses
        ],
        "deploys": origins.deploys_of(project, datetime.min.replace(tzinfo=UTC), release.pk),
        "chart": day_chart(series(counts, now, DAY, DAYS), origins.marks_of(deploys)),
        "health": judged.health,
        "first": first.health if judged.side else None,
        "first_over": bool(judged.side and judged.side.age >= FIRST),
        "sessions": ran,
        "crash_free": _percent(ran.crash_free_sessions),
        "crash_free_users": _percent(ran.crash_free_users),
        "older": older,
        "newer": newer,
        "lists": [
            _listed("New in it", judged.new, _query(release, "first_release")),
            _listed("Came back in it", judged.regressed),
            _listed("Resolved in it", health.resolved_in(release)),
        ],
    }


def _listed(title: str, found: IssueQuerySet, query: str = "") -> Listed:
    rows = list(found.select_related("project")[: SHOWN + 1])
    return Listed(title, rows[:SHOWN], len(rows) > SHOWN, urlencode({"q": query}) if query else "")


def _beside(release: Release) -> tuple[Release | None, Release | None]:
    """The next older and the next newer one, by versions where they compare."""
    rows = {
        row.version: row
        for row in Release.objects.filter(project=release.project_id).order_by("-created_at")[
            : health.CANDIDATES
        ]
    }
    rows[release.version] = release
    ordered = [known.version for known in in_order([health.known(row) for row in rows.values()])]
    place = ordered.index(release.version)
    older = rows[ordered[place + 1]] if place + 1 < len(ordered) else None
    return older, rows[ordered[place - 1]] if place else None


def _query(release: Release, name: str) -> str:
    version = release.version.replace("\\", "\\\\").replace('"', '\\"')
    return f'project:{release.project.slug} {name}:"{version}"'


def _percent(share: float | None) -> str:
    """Never rounded up to 100 %; "" without a denominator."""
    return "" if share is None else f"{int(share * 10_000) / 100:g} %"
