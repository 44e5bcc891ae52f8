"""One issue with one of its events: what the page says about them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString

from tracker import code, environments, event_extras, origins, readers
from tracker.access import Access
from tracker.admin.issue_list import PRIORITY_NAMES, badge
from tracker.admin.issue_moves import moving_context
from tracker.charts import day_chart
from tracker.domain import snooze
from tracker.domain.anatomy import Anatomy, dissect
from tracker.domain.retell import as_trace
from tracker.domain.trends import DAY, Trend, series, trend
from tracker.models import Activity, ActivityKind, EventRow, Issue, Role
from tracker.models.issue import resolution_text
from tracker.payloads import PayloadError, unpack
from tracker.retelling import markdown_of

DAYS = 14
FRESH = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Headline:
    """The four answers of the header."""

    trend: Trend
    chart: SafeString
    is_new: bool
    """First seen within a day."""
    same_release: bool
    """All events are of one release."""


@dataclass(frozen=True, slots=True)
class Happening:
    """One entry of the history."""

    at: datetime
    who: str
    what: str
    text: str
    kind: str


def detail_context(
    issue: Issue, event: EventRow | None, access: Access, now: datetime
) -> dict[str, Any]:
    """Everything the page shows; seven queries beyond the issue, event, roles and projects."""
    project = issue.project
    data = _unpacked(event)
    anatomy = code.shown(issue, event, dissect(data))
    past = readers.history(issue)
    names = readers.environment_names(issue)
    shares = readers.tag_shares(issue)
    origin = origins.origin_of(issue, past, names)
    return {
        "issue": issue,
        "project": project,
        "badge": badge(issue),
        "headline": headline(issue, past, now, origins.marks_of(origin.rollouts)),
        "origin": origin,
        "suspicion": code.suspicion_of(issue),
        "places": environments.of_issue(issue, names, now),
        "snoozed": snoozed(issue),
        "event": event,
        "event_hex": event.event_id.hex if event else "",
        "event_environment": names.get(event.environment_id, "") if event else "",
        "event_release": data.get("release") or "",
        "event_transaction": data.get("transaction") or "",
        "walk": readers.neighbours(issue, event) if event else readers.Neighbours(),
        "beside": event_extras.beside(event) if event else event_extras.Beside(),
        "anatomy": anatomy,
        "has_originals": any(link.originals for link in anatomy.exceptions),
        "unreadable": bool(event) and not data,
        "trace": as_trace(anatomy, str(data.get("platform") or issue.platform)),
        "markdown": markdown_of(issue, anatomy, data),
        "environments": [names[n] or "no environment" for n in issue.environments if n in names],
        "tag_shares": shares,
        "constant_tags": [share for share in shares if share.is_constant],
        **moving_context(issue, access),
        "history": [told(entry) for entry in past],
        "assignees": access.assignees(project.team_id),
        "priorities": PRIORITY_NAMES,
        "can_triage": access.has(Role.TRIAGER, project.team_id),
        "levels": sorted({crumb.level for crumb in anatomy.crumbs}),
        "categories": sorted({crumb.category for crumb in anatomy.crumbs})[:60],
        "wants_review": bool(badge(issue))
        and issue.status == "unresolved"
        and issue.reviewed_at is None,
    }


def snoozed(issue: Issue) -> dict[str, Any] | None:
    """What a snoozed issue waits for, and how far it is where something is counted."""
    state = issue.snooze_state
    if state is None:
        return None
    return {"text": snooze.sentence(state), "progress": snooze.progress(state)}


def headline(
    issue: Issue, past: list[Activity], now: datetime, deploys: list[tuple[datetime, str]]
) -> Headline:
    """New or old, which release, getting worse; `deploys` are marks of the chart."""
    hours = readers.hourly([issue], now - DAYS * DAY)[issue.pk]
    days = series(hours, now, DAY, DAYS)
    marks = [(entry.created_at, _MARKS[entry.kind]) for entry in past if entry.kind in _MARKS]
    if issue.first_release:
        marks.append((issue.first_seen, issue.first_release.version))
    return Headline(
        trend=trend(hours, issue.first_seen, now),
        chart=day_chart(days, [*marks, *deploys]),
        is_new=now - issue.first_seen < FRESH,
        same_release=issue.first_release_id == issue.last_release_id,
    )


_MARKS = {
    ActivityKind.RESOLVED.value: "resolved",
    ActivityKind.REGRESSED.value: "regressed",
    ActivityKind.REOPENED.value: "reopened",
}


def _unpacked(event: EventRow | None) -> dict[str, Any]:
    if event is None:
        return {}
    try:
        return unpack(bytes(event.payload), event.dictionary)
    except PayloadError:
        return {}  # the page says so and shows everything else


def event_text(event: EventRow) -> str:
    """The stack trace of a stored event."""
    data = _unpacked(event)
    anatomy: Anatomy = dissect(data)
    return as_trace(anatomy, str(data.get("platform") or "")) + "\n"


_DONE = {
    ActivityKind.FIRST_SEEN.value: "first seen",
    ActivityKind.REGRESSED.value: "came back",
    ActivityKind.RESOLVED.value: "resolved it",
    ActivityKind.REOPENED.value: "reopened it",
    ActivityKind.COMMENTED.value: "commented",
    ActivityKind.MERGED.value: "merged others into it",
    ActivityKind.UNMERGED.value: "took some events out",
    ActivityKind.SNOOZED.value: "snoozed it",
    ActivityKind.WOKEN.value: "woke up",
    ActivityKind.ESCALATED.value: "is escalating",
    ActivityKind.CALMED.value: "calmed down",
    ActivityKind.REVIEWED.value: "reviewed it",
    ActivityKind.DELETED.value: "deleted it",
    ActivityKind.ACKNOWLEDGED.value: "is on it",
}


_UNDONE = {
    ActivityKind.RESOLVED.value: "resolved",
    ActivityKind.REOPENED.value: "reopened",
    ActivityKind.SNOOZED.value: "snoozed",
    ActivityKind.ASSIGNED.value: "assigned",
    ActivityKind.PRIORITISED.value: "the priority",
    ActivityKind.REVIEWED.value: "reviewed",
}


def told(entry: Activity) -> Happening:
    """An Activity row in words."""
    data = entry.data if isinstance(entry.data, dict) else {}
    who = entry.actor.get_username() if entry.actor else ""
    what = _DONE.get(entry.kind, entry.kind.replace("_", " "))
    text = str(data.get("text") or data.get("why") or "")
    if entry.kind == ActivityKind.ASSIGNED:
        name = str(data.get("name") or "")
        what = f"assigned it to {name}" if name else "took the assignee away"
        text = str(data.get("why") or "")
        if who and name == who:
            what = "took it"
    elif not who and entry.kind == ActivityKind.RESOLVED:
        what = "resolved"
    if entry.kind == ActivityKind.RESOLVED and resolution_text(data):
        what += f" {resolution_text(data)}"
    elif entry.kind == ActivityKind.PRIORITISED:
        name = str(data.get("priority") or "")
        what = (
            "had its priority computed again" if name == "computed" else f"made it {name} priority"
        )
    elif entry.kind == ActivityKind.ACKNOWLEDGED:
        text = ""  # the same for people elsewhere
    elif entry.kind == ActivityKind.TICKET:
        what = str(data.get("what") or "ticket")
    elif entry.kind == ActivityKind.UNDONE:
        what = f"took back: {_UNDONE.get(str(data.get('verb')), 'a change')}"
    release = str(data.get("release") or "")
    if release and entry.kind in (ActivityKind.FIRST_SEEN, ActivityKind.REGRESSED):
        what += f" in {release}"
    return Happening(entry.created_at, who, what, text, entry.kind)
