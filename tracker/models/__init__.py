"""The tables of the tracker; import models from here."""

from tracker.models.access import ApiToken, Membership, Role, Team, User
from tracker.models.activity import Activity, ActivityKind
from tracker.models.attachment import Attachment
from tracker.models.audit import AuditEntry
from tracker.models.bulk import BulkJob
from tracker.models.commit import Commit
from tracker.models.deploy import Deploy
from tracker.models.dictionary import PayloadDictionary
from tracker.models.event import EventRow, EventSeen
from tracker.models.feedback import Feedback
from tracker.models.filters import InboundFilters
from tracker.models.invitation import Invitation
from tracker.models.issue import GroupingKey, GroupingSlot, Issue, IssueTag, IssueUser
from tracker.models.ledger import Ledger
from tracker.models.monitor import CheckIn, Monitor
from tracker.models.move import Move
from tracker.models.ownership import IssueOwner, OwnershipRules
from tracker.models.project import Environment, Project, ProjectKey, Release
from tracker.models.release_use import Release5m, ReleaseUse
from tracker.models.removal import PersonRemoval
from tracker.models.repository import IssueSuspects, ReleaseHead, Repository
from tracker.models.rollup import Rollup5m, RollupDay, RollupHour
from tracker.models.rules import GroupingRules, IssueFeatures
from tracker.models.saved_view import SavedView
from tracker.models.session import SessionHour, SessionSeen
from tracker.models.symbols import Artifact, ArtifactBundle, DebugFile, MissingMap, UploadChunk
from tracker.models.text import IssueText
from tracker.models.undo import Undo

__all__ = [
    "Activity",
    "ActivityKind",
    "ApiToken",
    "Artifact",
    "ArtifactBundle",
    "Attachment",
    "AuditEntry",
    "BulkJob",
    "CheckIn",
    "Commit",
    "DebugFile",
    "Deploy",
    "Environment",
    "EventRow",
    "EventSeen",
    "Feedback",
    "GroupingKey",
    "GroupingRules",
    "GroupingSlot",
    "InboundFilters",
    "Invitation",
    "Issue",
    "IssueFeatures",
    "IssueOwner",
    "IssueSuspects",
    "IssueTag",
    "IssueText",
    "IssueUser",
    "Ledger",
    "Membership",
    "MissingMap",
    "Monitor",
    "Move",
    "OwnershipRules",
    "PayloadDictionary",
    "PersonRemoval",
    "Project",
    "ProjectKey",
    "Release",
    "Release5m",
    "ReleaseHead",
    "ReleaseUse",
    "Repository",
    "Role",
    "Rollup5m",
    "RollupDay",
    "RollupHour",
    "SavedView",
    "SessionHour",
    "SessionSeen",
    "Team",
    "Undo",
    "UploadChunk",
    "User",
]
