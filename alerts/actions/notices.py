"""Turns an issue and a letter into a notice, and finds the people it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from urllib.parse import urlencode

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from alerts.actions.happening import Happening, level_of
from alerts.domain import flow, rules
from alerts.domain.rules import COUNT_NAMES, TRIGGER_NAMES
from alerts.models import QuietHours, Unsubscribed
from alerts.transports.base import Notice
from tracker.domain.event import LEVEL_NAMES
from tracker.models import Issue, Membership, Project, Role, Team, User

HEADLINES = {
    **TRIGGER_NAMES,
    rules.Trigger.MILESTONE: "Many events",
    rules.Counts.EVENTS: "Many events",
    rules.Counts.USERS: "Many users hit",
    rules.Counts.SHARE: "Many of all users hit",
    rules.Counts.DEPLOY: COUNT_NAMES[rules.Counts.DEPLOY],
    "resolved": "Resolved",
    "snoozed": "Snoozed",
    "deleted": "Deleted",
    "merged": "Merged",
    "calmed": "Calmed down",
    "quiet": "Quiet again",
}


def notice_of(issue: Issue, letter: Happening, *, ended: bool = False) -> Notice:
    """What to tell of an issue, as it is now."""
    data = letter.data
    kind = "quiet" if ended and letter.kind in rules.COUNTED else letter.kind
    return Notice(
        title=issue.title or issue.type or issue.message or "(no title)",
        url=issue_url(issue),
        short_id=issue.short_id,
        project=issue.project.name,
        level=LEVEL_NAMES.get(level_of(issue, data), "error"),
        trigger=letter.kind,
        headline=HEADLINES.get(kind, kind),
        why=str(data.get("why") or ""),
        release=str(data.get("release") or ""),
        environment=str(data.get("environment") or ""),
        users=issue.users,
        events=issue.events,
        first_seen=issue.first_seen,
        last_seen=issue.last_seen,
        culprit=issue.culprit,
        owner=_owner(issue),
    )


def notice_of_project(project: Project, letter: Happening) -> Notice:
    """What to tell of a project: a quota, a deploy."""
    data = letter.data
    try:
        url = absolute(reverse("admin:tracker_project_change", args=[project.pk]))
    except NoReverseMatch:
        url = absolute("/admin/")
    return Notice(
        title=str(data.get("title") or HEADLINES.get(letter.kind, letter.kind)),
        url=str(data.get("url") or url),
        short_id=project.slug.upper(),
        project=project.name,
        level="warning",
        trigger=letter.kind,
        headline=HEADLINES.get(letter.kind, letter.kind),
        why=str(data.get("why") or ""),
        release=str(data.get("release") or ""),
        environment=str(data.get("environment") or ""),
        owner=str(project.team),
    )


def list_url(project: Project) -> str:
    """The list of a project's open issues, newest first."""
    query = urlencode({"q": f"is:unresolved project:{project.slug}"})
    try:
        return absolute(f"{reverse('admin:tracker_issue_changelist')}?{query}")
    except NoReverseMatch:
        return absolute(f"/admin/tracker/issue/?{query}")


def absolute(path: str) -> str:
    """A path of ours as an address that works from elsewhere."""
    return str(settings.EMBERWATCH_URL).rstrip("/") + path


def issue_url(issue: Issue) -> str:
    """The page of an issue."""
    try:
        return absolute(reverse("admin:tracker_issue_change", args=[issue.pk]))
    except NoReverseMatch:
        return absolute(f"/admin/tracker/issue/{issue.pk}/change/")


def _owner(issue: Issue) -> str:
    if issue.assignee is not None:
        return issue.assignee.get_full_name() or issue.assignee.username
    return str(issue.assignee_team or issue.project.team)


class People:
    """Who hears of an issue: the assignee, else the team, else the instance's owners."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._teams = {
            team for issue in issues for team in (issue.assignee_team_id, issue.project.team_id)
            if team is not None
        }  # fmt: skip

    def of(self, issue: Issue) -> tuple[str, ...]:
        """Mail addresses, none twice; () when nobody has one."""
        assignee = issue.assignee
        if assignee is not None and assignee.is_active and assignee.alert_address:
            return (assignee.alert_address,)
        for team in (issue.assignee_team_id, issue.project.team_id):
            if team is not None and self._members[team]:
                return tuple(dict.fromkeys(self._members[team]))
        return self._owners

    def of_team(self, team: Team) -> tuple[str, ...]:
        """A team's addresses, else the owners'."""
        self._teams = {team.pk}
        return tuple(dict.fromkeys(self._members[team.pk])) or self._owners

    def quiet(self, address: str) -> flow.Quiet | None:
        """The quiet hours of whom an address belongs to."""
        return self._hours.get(address.lower())

    def has_left(self, project_id: int, address: str) -> bool:
        """Whether the address wants no mail of the project any more."""
        return (project_id, address.lower()) in self._left

    @cached_property
    def _hours(self) -> dict[str, flow.Quiet]:
        found = {}
        for hours in QuietHours.objects.select_related("user"):
            quiet = hours.quiet()
            if quiet is not None and hours.user.alert_address:
                found[hours.user.alert_address.lower()] = quiet
        return found

    @cached_property
    def _left(self) -> set[tuple[int, str]]:
        rows = Unsubscribed.objects.values_list("project_id", "address")
        return {(project, address.lower()) for project, address in rows}

    @cached_property
    def _members(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = defaultdict(list)
        rows = Membership.objects.filter(
            team__in=self._teams, role__in=[Role.TRIAGER, Role.ADMIN], user__is_active=True
        ).select_related("user")
        for row in rows.order_by("pk"):
            if row.user.alert_address:
                found[row.team_id].append(row.user.alert_address)
        return found

    @cached_property
    def _owners(self) -> tuple[str, ...]:
        owners = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
        return tuple(dict.fromkeys(user.alert_address for user in owners if user.alert_address))
