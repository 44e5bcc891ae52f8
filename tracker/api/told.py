"""Rows as the plain values that the shapes write: one place decides what is told of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings

from tracker import code, origins
from tracker.code import Suspicion
from tracker.domain.event import LEVEL_NAMES
from tracker.models import Activity, EventRow, GroupingKey, Issue, Project
from tracker.origins import Owned
from tracker.readers import TagShare

MESSAGE_IN_LISTS = 1000


def page_url(path: str) -> str:
    """Address of a page for people."""
    return f"{settings.EMBERWATCH_URL}/admin/tracker/{path}"


def project_ref(project: Project) -> dict[str, Any]:
    """A project, named."""
    return {"id": project.pk, "slug": project.slug, "name": project.name}


def assignee(issue: Issue) -> dict[str, Any] | None:
    """Who is responsible. Both sides of the relation are loaded already."""
    if issue.assignee_id is not None and issue.assignee is not None:
        return {"type": "user", "id": issue.assignee_id, "name": issue.assignee.get_username()}
    if issue.assignee_team_id is not None and issue.assignee_team is not None:
        return {
            "type": "team",
            "id": issue.assignee_team_id,
            "name": f"#{issue.assignee_team.slug}",
        }
    return None


def issue_row(issue: Issue, project: Project, environments: Mapping[int, str]) -> dict[str, Any]:
    """An issue in a list; `project` and its relations are loaded already."""
    issue.project = project
    return {
        "id": issue.pk,
        "short_id": issue.short_id,
        "url": page_url(f"issue/{issue.pk}/"),
        "project": project_ref(project),
        "title": issue.title,
        "type": issue.type,
        "message": issue.message[:MESSAGE_IN_LISTS],
        "culprit": issue.culprit,
        "level": issue.level_name,
        "platform": issue.platform,
        "logger": issue.logger,
        "handled": issue.handled,
        "status": issue.status,
        "substatus": issue.substatus,
        "priority": issue.priority_name,
        "assignee": assignee(issue),
        "events": issue.events,
        "users": issue.users,
        "first_seen": issue.first_seen,
        "last_seen": issue.last_seen,
        "first_release": issue.first_release.version if issue.first_release else None,
        "last_release": issue.last_release.version if issue.last_release else None,
        "environments": sorted(environments[n] for n in issue.environments if n in environments),
    }


def issue_detail(
    issue: Issue,
    project: Project,
    environments: Mapping[int, str],
    keys: list[GroupingKey],
    shares: list[TagShare],
) -> dict[str, Any]:
    """An issue alone; its owner and suspects were loaded with it."""
    return {
        **issue_row(issue, project, environments),
        "message": issue.message,
        "resolved_at": issue.resolved_at,
        "resolved_release": issue.resolved_release.version if issue.resolved_release else None,
        "resolution": issue.resolution_text,
        "snooze": issue.snooze_text,
        "snoozed_until": issue.snoozed_until,
        "priority_by_hand": issue.priority_by_hand,
        "trend": issue.trend,
        "reviewed_at": issue.reviewed_at,
        "state_changed_at": issue.state_changed_at,
        "state_why": issue.state_why,
        "tickets": getattr(issue, "tickets_told", []),
        "why": [reason(key) for key in keys],
        "tags": [
            {
                "key": share.key,
                "total": share.total,
                "values": [{"value": v.value, "count": v.count} for v in share.values],
            }
            for share in shares
        ],
        "owner": owner(origins.owned_of(issue)),
        "suspect_commits": suspicion(code.suspicion_of(issue)),
    }


def owner(owned: Owned | None) -> dict[str, Any] | None:
    """The rule that an issue fell under."""
    if owned is None:
        return None
    return {
        "rule": owned.rule, "line": owned.line, "value": owned.value, "owners": list(owned.owners),
    }  # fmt: skip


def suspicion(found: Suspicion | None) -> dict[str, Any] | None:
    """Suspect commits, the likeliest first."""
    if found is None:
        return None
    return {
        "good": found.found.good,
        "bad": found.found.bad,
        "looked": found.found.looked,
        "why": found.found.why,
        "suspects": [
            {
                "sha": one.culprit.sha, "subject": one.culprit.subject,
                "author": one.culprit.author, "committed_at": one.culprit.at,
                "release": one.culprit.release, "confidence": one.culprit.sure.value,
                "reasons": list(one.culprit.reasons), "url": one.link,
            }
            for one in found.suspects
        ],
        "touched": [
            {
                "path": one.touched.path, "line": one.touched.line, "sha": one.touched.sha,
                "author": one.touched.author, "committed_at": one.touched.at,
                "subject": one.touched.subject, "url": one.link,
            }
            for one in found.touched
        ],
    }  # fmt: skip


def reason(key: GroupingKey) -> dict[str, Any]:
    """Why a key's events are in the issue."""
    return {
        "why": key.why,
        "kind": key.kind,
        "version": key.version,
        "hash": bytes(key.hash).hex(),
        "precise": key.precise,
        "events": key.events,
    }


def event_row(
    event: EventRow,
    issue: Issue,
    environments: Mapping[int, str],
    releases: Mapping[int, str],
) -> dict[str, Any]:
    """An event in a list; the issue's project is loaded already."""
    return {
        "event_id": event.event_id.hex,
        "project": project_ref(issue.project),
        "issue": issue.pk,
        "issue_short_id": issue.short_id,
        "received_at": event.received_at,
        "timestamp": event.timestamp,
        "environment": environments.get(event.environment_id, ""),
        "release": releases.get(event.release_id) if event.release_id else None,
        "level": LEVEL_NAMES.get(event.level, "error"),
    }


def comment(entry: Activity) -> dict[str, Any]:
    """A comment; its author is loaded already."""
    return {
        "id": entry.pk,
        "author": entry.actor.get_username() if entry.actor else None,
        "text": entry.data.get("text", ""),
        "created_at": entry.created_at,
    }


def happened(entry: Activity) -> dict[str, Any]:
    """Something that happened; its actor is loaded already."""
    return {
        "id": entry.pk,
        "kind": entry.kind,
        "actor": entry.actor.get_username() if entry.actor else None,
        "data": entry.data,
        "created_at": entry.created_at,
    }
