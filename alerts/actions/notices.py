"""Turns an issue and a letter into a notice, and finds the people it is for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from django.conf import settings
from django.urls import NoReverseMatch, reverse

from alerts.domain.rules import TRIGGER_NAMES
from alerts.transports.base import Notice
from tracker.domain.event import LEVEL_NAMES
from tracker.models import Activity, Issue, Membership, Role, Team, User

HEADLINES = {**TRIGGER_NAMES, "resolved": "Resolved"}


def notice_of(issue: Issue, letter: Activity) -> Notice:
    """What to tell of an issue, as it is now."""
    data = letter.data if isinstance(letter.data, dict) else {}
    return Notice(
        title=issue.title or issue.type or issue.message or "(no title)",
        url=issue_url(issue),
        short_id=issue.short_id,
        project=issue.project.name,
        level=LEVEL_NAMES.get(level_of(issue, letter), "error"),
        trigger=letter.kind,
        headline=HEADLINES.get(letter.kind, letter.kind),
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


def level_of(issue: Issue, letter: Activity) -> int:
    """The level of the event that made the letter, else the issue's."""
    level = letter.data.get("level") if isinstance(letter.data, dict) else None
    if isinstance(level, int) and not isinstance(level, bool):
        return level
    names = {name: number for number, name in LEVEL_NAMES.items()}
    return names.get(level, issue.level) if isinstance(level, str) else issue.level


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
