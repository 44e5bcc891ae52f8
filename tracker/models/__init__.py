"""The tables of the tracker; import models from here."""

from tracker.models.access import ApiToken, Membership, Role, Team, User
from tracker.models.activity import Activity, ActivityKind
from tracker.models.event import EventRow, EventSeen
from tracker.models.issue import GroupingKey, Issue, IssueTag, IssueUser
from tracker.models.ledger import Ledger
from tracker.models.project import Environment, Project, ProjectKey, Release
from tracker.models.rollup import Rollup5m, RollupDay, RollupHour

__all__ = [
    "Activity",
    "ActivityKind",
    "ApiToken",
    "Environment",
    "EventRow",
    "EventSeen",
    "GroupingKey",
    "Issue",
    "IssueTag",
    "IssueUser",
    "Ledger",
    "Membership",
    "Project",
    "ProjectKey",
    "Release",
    "Role",
    "Rollup5m",
    "RollupDay",
    "RollupHour",
    "Team",
    "User",
]
