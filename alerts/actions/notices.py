"""Turns an issue and a letter into a notice, and finds the people it is for."""

from __future__ import annotations

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
from tracker.models import Issue, IssueOwner, Membership, Project, Role, Team, User

HEADLINES = {
    **TRIGGER_NAMES,
    rules.Trigger.MILESTONE: "Many events",
    rules.Trigger.CHECK_IN: "A job fails",
    rules.Counts.EVENTS: "Many events",
    rules.Counts.USERS: "Many users hit",
    rules.Counts.SHARE: "Many of all users hit",
    rules.Counts.DEPLOY: COUNT_NAMES[rules.Counts.DEPLOY],
    rules.ACKNOWLEDGED: "Acknowledged",
    rules.CLEARED: "Quota has room again",
    "resolved": "Resolved",
    "snoozed": "Snoozed",
    "deleted": "Deleted",
    "merged": "Merged",
    "calmed": "Calmed down",
    "quiet": "Quiet again",
}


def notice_of(issue: Issue, letter: Happening, *, owner: str, ended: bool = False) -> Notice:
    """What to tell of an issue, as it is now; `owner` is whose it is, in words."""
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
        owner=owner,
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


class People:
    """Who hears of an issue: its assignee, else whom the ownership rules name, else the project's
    team, else the instance's owners. Nobody hears of what they may not see.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        self._issues = list(issues)
        self._teams: dict[int, list[Membership]] = {}

    def of(self, issue: Issue) -> tuple[str, ...]:
        """Mail addresses, none twice; () when nobody has one."""
        person = issue.assignee or self._owner_user(issue)
        if person is not None and self.sees(person, issue.project) and person.alert_address:
            return (person.alert_address,)
        owned = self._rule(issue)
        teams = (issue.assignee_team_id, owned.team_id if owned else None, issue.project.team_id)
        for team in teams:
            found = self._addresses(team, issue.project) if team is not None else ()
            if found:
                return found
        return self._owners

    def owner(self, issue: Issue) -> str:
        """Whose an issue is, in words."""
        person = issue.assignee or self._owner_user(issue)
        if person is not None:
            return person.get_full_name() or person.username
        owned = self._rule(issue)
        named = " ".join(owned.owners) if owned and owned.team_id else ""
        return str(issue.assignee_team or named or issue.project.team)

    def sees(self, person: User, project: Project) -> bool:
        """Whether somebody may see a project: an owner, or a member of its team."""
        if not person.is_active:
            return False
        return person.is_superuser or any(
            row.user_id == person.pk for row in self._members(project.team_id)
        )

    def _rule(self, issue: Issue) -> IssueOwner | None:
        """What the ownership rules said of an issue that nobody was given."""
        if issue.assignee_id or issue.assignee_team_id:
            return None
        return self._ruled.get(issue.pk)

    def _owner_user(self, issue: Issue) -> User | None:
        owned = self._rule(issue)
        return self._named.get(owned.user_id or 0) if owned is not None else None

    @cached_property
    def _ruled(self) -> dict[int, IssueOwner]:
        free = [i for i in self._issues if not (i.assignee_id or i.assignee_team_id)]
        rows = IssueOwner.objects.filter(
            project_id__in={issue.project_id for issue in free},
            issue_id__in=[issue.pk for issue in free],
        )
        return {row.issue_id: row for row in rows}

    @cached_property
    def _named(self) -> dict[int, User]:
        ids = {row.user_id for row in self._ruled.values() if row.user_id}
        return User.objects.in_bulk(ids) if ids else {}

    def of_team(self, team: Team) -> tuple[str, ...]:
        """A team's addresses, else the owners'."""
        return self._addresses(team.pk) or self._owners

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

    def _addresses(self, team: int, project: Project | None = None) -> tuple[str, ...]:
        """Addresses of a team's triagers and admins, of those who may see the project."""
        found = [row.user for row in self._members(team) if row.role in (Role.TRIAGER, Role.ADMIN)]
        if project is not None and team != project.team_id:
            found = [user for user in found if self.sees(user, project)]
        return tuple(dict.fromkeys(user.alert_address for user in found if user.alert_address))

    def _members(self, team: int) -> list[Membership]:
        """Active members of a team; those of all issues' teams are asked for at once."""
        if team not in self._teams:
            wanted = {team}
            if not self._teams:
                wanted |= {issue.project.team_id for issue in self._issues}
                wanted |= {i.assignee_team_id for i in self._issues if i.assignee_team_id}
                wanted |= {row.team_id for row in self._ruled.values() if row.team_id}
            self._teams |= {each: [] for each in wanted}
            rows = Membership.objects.filter(team__in=wanted, user__is_active=True)
            for row in rows.select_related("user").order_by("pk"):
                self._teams[row.team_id].append(row)
        return self._teams[team]

    @cached_property
    def _owners(self) -> tuple[str, ...]:
        owners = User.objects.filter(is_superuser=True, is_active=True).order_by("pk")
        return tuple(dict.fromkeys(user.alert_address for user in owners if user.alert_address))
