"""Writes a ticket of an issue: the four answers of its page, the stack, suspects, a way back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from alerts.actions.notices import issue_url
from alerts.models import TicketLink
from alerts.tickets.base import Draft
from alerts.tickets.text import Block, Code, Items, Line, Span
from tracker import code, origins, readers
from tracker.code import Linked, Suspicion
from tracker.domain.anatomy import Anatomy, ExceptionView, dissect
from tracker.domain.suspects import Sure
from tracker.domain.trends import DAY, trend
from tracker.models import Issue
from tracker.payloads import PayloadError, unpack

FRAMES = 12
"""Calls of each exception, the most recent first."""
LINKS = 3
"""Exceptions of a chain."""
SUSPECTS = 3
DAYS = 14
EARLIER = timedelta(minutes=10)
"""Clocks differ: the ticket may seem older than its order."""


def marker_of(link: TicketLink) -> str:
    """One word, for searches that know only words."""
    return f"ew{link.marker.hex}"


def draft_of(link: TicketLink, now: datetime) -> Draft:
    """The ticket that a link asks for, with the issue as it is now."""
    issue = load(link.issue_id, now)
    title = issue.title or issue.type or issue.message or issue.short_id
    return Draft(
        title=title,
        body=(*_body(issue, now), _footer(link)),
        marker=marker_of(link),
        since=link.asked_at - EARLIER,
    )


def load(issue_id: int, now: datetime) -> Issue:
    """An issue with all that is told of it. Raises Issue.DoesNotExist."""
    rows = readers.with_environment_names(Issue.objects.with_sources())
    rows = code.with_code(origins.with_origin(rows, now - DAYS * DAY))
    return rows.select_related("project", "first_release", "last_release", "assignee").get(
        pk=issue_id
    )


def _body(issue: Issue, now: datetime) -> Iterator[Block]:
    yield Line(
        (
            Span(issue.short_id, "link", issue_url(issue)),
            Span(" in the project "),
            Span(issue.project.name, "code"),
        )
    )
    if issue.message:
        yield Line((Span("Message: "), Span(issue.message, "code")))
    yield Items(tuple(_answers(issue, now)))
    stack = top_of_stack(_anatomy(issue))
    if stack:
        yield Code(stack)
    suspicion = code.suspicion_of(issue)
    if suspicion is not None:
        yield from _suspects(suspicion)


def _suspects(suspicion: Suspicion) -> Iterator[Block]:
    """Commits that may have brought it, and who last wrote its line; of strangers, so code."""
    found = suspicion.found
    listed = [one for one in suspicion.suspects if one.culprit.sure is not Sure.UNLIKELY]
    if listed:
        spans = [Span("Suspect commits", "bold")]
        if found.good and found.bad:
            spans += [Span(" between "), Span(found.good, "code"), Span(" and "),
                      Span(found.bad, "code")]  # fmt: skip
        yield Line((*spans, Span(":")))
        yield Items(tuple(_suspect(one) for one in listed[:SUSPECTS]))
    for touch in suspicion.touched[:1]:
        last = touch.touched
        yield Line((
            Span("Last touched", "bold"), Span(": "), Span(f"{last.path}:{last.line}", "code"),
            Span(" by "), Span(last.author, "code"), Span(f" on {last.at:%Y-%m-%d}, "),
            _commit(last.sha, touch.link),
        ))  # fmt: skip


def _suspect(one: Linked) -> Line:
    culprit = one.culprit
    spans = [Span(f"{culprit.sure.value}: "), _commit(culprit.sha, one.link), Span(" "),
             Span(culprit.subject or "(no words)", "code"), Span(" by "),
             Span(culprit.author, "code")]  # fmt: skip
    if culprit.reasons:
        spans += [Span(", which "), Span("; ".join(culprit.reasons), "code")]
    return Line(tuple(spans))


def _commit(sha: str, link: str) -> Span:
    return Span(sha[:10], "link", link) if link else Span(sha[:10], "code")


def _answers(issue: Issue, now: datetime) -> Iterator[Line]:
    """Who is hit, new or old, since which deploy, getting worse; what strangers named is code."""
    names = readers.environment_names(issue)
    where = ", ".join(names[n] or "no environment" for n in issue.environments if n in names)
    hit = f"{issue.users:,} user{_s(issue.users)}, {issue.events:,} event{_s(issue.events)}"
    yield _answer("Who is hit", hit, where and " in ", where)
    moment = "%Y-%m-%d %H:%M UTC"
    fresh = "new, " if now - issue.first_seen < DAY else ""
    seen = (
        f"first seen {issue.first_seen.strftime(moment)}, last {issue.last_seen.strftime(moment)}"
    )
    yield _answer("New or old", fresh + seen)
    suspect = origins.origin_of(issue, readers.history(issue), names).suspect
    release = issue.first_release.version if issue.first_release else ""
    if suspect is not None:
        sure = f"{suspect.sure.value} that of {suspect.rollout.at.strftime(moment)} with "
        yield _answer("Since which deploy", sure, "", suspect.rollout.release)
    elif release:
        yield _answer("Since which release", "", "", release)
    hours = readers.hourly([issue], now - DAYS * DAY)[issue.pk]
    found = trend(hours, issue.first_seen, now)
    yield _answer("Getting worse?", f"{found.direction}: {found.sentence}")
    if issue.culprit:
        yield _answer("Where", "", "", issue.culprit)


def _answer(question: str, ours: str, joint: str = "", theirs: str = "") -> Line:
    spans = [Span(question, "bold"), Span(f": {ours}{joint}")]
    return Line((*spans, Span(theirs, "code")) if theirs else tuple(spans))


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _footer(link: TicketLink) -> Line:
    who = link.asked_by.get_username() if link.asked_by else ""
    spans = [Span("Made from Emberwatch")]
    if who:
        spans += [Span(" by "), Span(who, "code")]
    elif link.rule is not None:
        spans += [Span(" by the rule "), Span(link.rule.name, "code")]
    # The marker is the last word of its line, in code: no markup touches it.
    return Line((*spans, Span(". Reference: "), Span(marker_of(link), "code")))


def comeback_of(issue: Issue, why: str, release: str) -> tuple[Block, ...]:
    """What a ticket hears when its issue has come back."""
    spans = [
        Span("It came back: "),
        Span(issue.short_id, "link", issue_url(issue)),
        Span(f" has {issue.events:,} event{_s(issue.events)} by now"),
    ]
    if release:
        spans += [Span(", the latest in "), Span(release, "code")]
    if why:
        spans += [Span(" ("), Span(why, "code"), Span(")")]
    return (Line((*spans, Span("."))),)


# --- The stack -----------------------------------------------------------------------------------


def _anatomy(issue: Issue) -> Anatomy:
    event = readers.latest_event(issue)
    if event is None:
        return dissect({})
    try:
        return dissect(unpack(bytes(event.payload), event.dictionary))
    except PayloadError:
        return dissect({})


def top_of_stack(anatomy: Anatomy) -> str:
    """The newest exceptions with their most recent calls; of the application's, the line."""
    links = list(anatomy.exceptions) or list(anatomy.threads[:1])
    lines = [line for place, link in enumerate(links[:LINKS]) for line in _link(link, place)]
    if len(links) > LINKS:
        lines.append(f"… caused by {len(links) - LINKS} more")
    if not lines and anatomy.message is not None:
        lines = anatomy.message.full.splitlines()[:20]
    return "\n".join(lines)


def _link(link: ExceptionView, place: int) -> Iterator[str]:
    if place:
        yield ""
        yield f"{link.relation or 'caused by'}:"
    value = " ".join(link.value.full.split())[:500]
    yield ": ".join(part for part in (link.type[:200], value) if part) or "Stack"
    frames = [frame for run in link.runs for frame in run.frames]
    for frame in frames[:FRAMES]:
        whose = "" if frame.in_app else "(library) "
        yield f"  {whose}{frame.function[:200]} ({frame.place[:200]})"
        if frame.in_app:
            yield from (f"      {line.text.strip()[:200]}" for line in frame.lines if line.hit)
    if len(frames) > FRAMES:
        yield f"  … {len(frames) - FRAMES} more"
