"""What one person may see and do, asked of the database once a request.

`Issue.objects.visible_to(user)` and its siblings say the same (a test holds them
together); pages that need roles, projects and colleagues at once start here.
"""

from dataclasses import dataclass
from functools import cached_property

from tracker.models import Issue, Membership, Project, Role, Team, User
from tracker.models.access import ROLES_AT_LEAST
from tracker.models.issue import IssueQuerySet

COLLEAGUES_SHOWN = 300
"""An assign menu longer than this helps nobody."""


@dataclass(frozen=True, slots=True)
class Assignees:
    """Who can be given an issue."""

    users: tuple[User, ...]
    teams: tuple[Team, ...]


class Access:
    """One person's roles, projects and colleagues."""

    def __init__(self, user: User) -> None:
        self.user = user
        self.is_owner = user.is_superuser and user.is_active

    @classmethod
    def of(cls, user: User) -> "Access":
        """The access of a request's user; kept on the user for the rest of the request."""
        known = user.__dict__.get("_access")
        if isinstance(known, cls):
            return known
        access = cls(user)
        user.__dict__["_access"] = access
        return access

    @cached_property
    def _memberships(self) -> list[Membership]:
        """Of everybody in the user's teams; of all teams for the owner."""
        rows = Membership.objects.select_related("user", "team").order_by("team_id", "user_id")
        if not self.is_owner:
            rows = rows.filter(team__memberships__user=self.user)
        return list(rows)

    @cached_property
    def roles(self) -> dict[int, str]:
        """The user's role per team id. The owner needs none."""
        return {m.team_id: m.role for m in self._memberships if m.user_id == self.user.pk}

    @cached_property
    def projects(self) -> dict[int, Project]:
        """The projects the user may see, by id, with their teams, in the order of names."""
        rows = Project.objects.select_related("team")
        if not self.is_owner:
            rows = rows.filter(team__in=list(self.roles))
        return {project.pk: project for project in rows}

    def role_in(self, team_id: int) -> str | None:
        """The role in a team; the owner is an admin everywhere."""
        return Role.ADMIN if self.is_owner else self.roles.get(team_id)

    def has(self, role: str, team_id: int | None = None) -> bool:
        """Whether the user has at least `role` in the team (without one: in any)."""
        if self.is_owner:
            return True
        enough = ROLES_AT_LEAST[role]
        if team_id is not None:
            return self.roles.get(team_id) in enough
        return any(mine in enough for mine in self.roles.values())

    def issues(self, role: str = Role.VIEWER) -> IssueQuerySet:
        """The issues on which the user may act as `role`."""
        issues: IssueQuerySet = Issue.objects.all()
        if self.is_owner:
            return issues
        return issues.filter(project__in=self.project_ids(role))

    def project_ids(self, role: str = Role.VIEWER) -> list[int]:
        """Ids of the projects in which the user has at least `role`."""
        return [p.pk for p in self.projects.values() if self.has(role, p.team_id)]

    def assignees(self, team_id: int | None = None) -> Assignees:
        """Who can be given issues (of a team); at most 300 people, the user first."""
        users: dict[int, User] = {}
        teams: dict[int, Team] = {}
        for project in self.projects.values():
            if team_id in (None, project.team_id):
                teams[project.team_id] = project.team
        for membership in self._memberships:
            if team_id in (None, membership.team_id):
                teams[membership.team_id] = membership.team
                if membership.user.is_active and len(users) < COLLEAGUES_SHOWN:
                    users[membership.user_id] = membership.user
        if self.is_owner:
            users.setdefault(self.user.pk, self.user)
        ordered = sorted(
            users.values(), key=lambda u: (u.pk != self.user.pk, u.get_username().lower())
        )
        return Assignees(tuple(ordered), tuple(sorted(teams.values(), key=lambda t: t.slug)))
