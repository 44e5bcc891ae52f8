"""A project's ownership rules with history and undo, and what they say of issues.

OwnershipError
├── RulesChanged    somebody saved meanwhile
├── TooLong         more text than is kept
└── NoSuchRevision
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec
import structlog
from django.db import transaction
from django.db.models import Q

from tracker import owners, payloads
from tracker.actions import triage
from tracker.actions.activity import Entry, write_activity
from tracker.actions.batch import Prepared
from tracker.actions.common import TriageError
from tracker.domain.ownership import Facts, Match, Problem, Rule, facts_of, parse, unknown_owners
from tracker.domain.owning import Book, Known, Pool, book_of, first_known, winner
from tracker.models import ActivityKind, Issue, OwnershipRules, Project, Team, User

MOST_TEXT = 300_000
"""Characters of rules: five thousand lines of sixty."""

log = structlog.get_logger(__name__)


class OwnershipError(Exception):
    """Base of what goes wrong here; `str()` is for the page."""


class RulesChanged(OwnershipError):
    """Somebody saved after the page was loaded."""


class TooLong(OwnershipError):
    """More text than is kept."""


class NoSuchRevision(OwnershipError):
    """A revision that the project never had."""


# -- revisions ------------------------------------------------------------------


def latest(project: Project) -> OwnershipRules | None:
    """The revision that holds; None when there never was one."""
    return OwnershipRules.objects.current([project.pk]).first()


def problems_of(project: Project, text: str) -> tuple[tuple[Rule, ...], list[Problem]]:
    """The rules of a text, and what is wrong with it by line: unreadable, or unknown owners."""
    read = parse(text)
    pool = pools_of([project])[project.pk]
    unknown = unknown_owners(read.rules, pool.people.keys(), pool.teams.keys())
    return read.rules, sorted([*read.problems, *unknown], key=lambda problem: problem.line)


def save(
    project: Project, text: str, assign: bool, actor: User | None, now: datetime, base: int | None
) -> OwnershipRules | None:
    """Make a new revision; None when nothing changed. Lines with problems are kept and not used.

    `base` is the number of the revision that was edited (0: none; None: whatever holds).
    Raises RulesChanged, TooLong.
    """
    text = _tidied(text)
    if len(text) > MOST_TEXT:
        raise TooLong(f"Rules have at most {MOST_TEXT:,} characters; these have {len(text):,}.")
    with transaction.atomic():
        before = _locked_latest(project)
        if base is not None and base != (before.number if before else 0):
            raise RulesChanged(
                "Somebody saved other rules meanwhile. Yours are still below: compare them with "
                "the history, then save again."
            )
        return _revise(project, before, text, assign, actor, now, None)


def restore(
    project: Project, number: int, actor: User | None, now: datetime
) -> OwnershipRules | None:
    """Bring the text of a revision back as a new one (0: no rules); the switch stays as it is.

    Raises NoSuchRevision.
    """
    old = OwnershipRules.objects.filter(project=project, number=number).first()
    if old is None and number != 0:
        raise NoSuchRevision("The project never had this revision.")
    with transaction.atomic():
        before = _locked_latest(project)
        assign = before.assign if before else False
        return _revise(project, before, old.text if old else "", assign, actor, now, number)


def _tidied(text: str) -> str:
    lines = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    # Leading lines stay: their numbers are what pages speak of.
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")


def _locked_latest(project: Project) -> OwnershipRules | None:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return latest(project)


def _revise(
    project: Project, before: OwnershipRules | None, text: str, assign: bool,
    actor: User | None, now: datetime, restored: int | None,
) -> OwnershipRules | None:  # fmt: skip
    if (text, assign) == ((before.text, before.assign) if before else ("", False)):
        return None
    row = OwnershipRules.objects.create(
        project=project, number=before.number + 1 if before else 1, text=text, assign=assign,
        author=actor, created_at=now, restored=restored,
    )  # fmt: skip
    data = {"revision": row.number, "restored": restored, "assign": assign}
    kind = ActivityKind.OWNERSHIP_CHANGED
    write_activity([Entry(project.pk, None, kind, now, data, actor.pk if actor else None)])
    return row


# -- who may own ----------------------------------------------------------------


def pools_of(projects: Collection[Project]) -> dict[int, Pool]:
    """Who may own issues of each project: people who see it, and teams with one of them."""
    team_ids = {project.team_id for project in projects}
    people: dict[int, dict[str, int]] = {team: {} for team in team_ids}
    rows = User.objects.filter(is_active=True).filter(
        Q(is_superuser=True) | Q(memberships__team__in=team_ids)
    )
    for user, name, mail, is_owner, team in rows.order_by("-pk").values_list(
        "pk", "username", "email", "is_superuser", "memberships__team"
    ):
        for seen in team_ids if is_owner else {team} & team_ids:
            people[seen].update({word.lower(): user for word in (mail, name) if word})
    ids = {user for pool in people.values() for user in pool.values()}
    teams: dict[int, dict[str, int]] = {team: {} for team in team_ids}
    memberships = Team.objects.filter(Q(pk__in=team_ids) | Q(memberships__user__in=ids))
    for team, slug, user in memberships.values_list("pk", "slug", "memberships__user"):
        for seen in team_ids:
            if seen == team or user in people[seen].values():
                teams[seen][slug.lower()] = team
    return {p.pk: Pool(people[p.team_id], teams[p.team_id]) for p in projects}


# -- what they say of issues ----------------------------------------------------


class Current(NamedTuple):
    """A project's rules, made ready."""

    number: int
    assign: bool
    book: Book


_compiled: dict[int, tuple[int, Book]] = {}


def current(project_ids: Collection[int]) -> dict[int, Current]:
    """Rules of those projects that have some; one query, another where they are new here."""
    rows = list(
        OwnershipRules.objects.current(project_ids).values_list(
            "project_id", "pk", "number", "assign"
        )
    )
    missing = [row[1] for row in rows if _compiled.get(row[0], (0,))[0] != row[1]]
    if missing:
        texts = OwnershipRules.objects.filter(pk__in=missing)
        for project, number, text in texts.values_list("project_id", "pk", "text"):
            _compiled[project] = (number, book_of(parse(text).rules))
    found = {p: Current(number, assign, _compiled[p][1]) for p, _, number, assign in rows}
    return {project: rules for project, rules in found.items() if rules.book.clues}


def forget() -> None:
    """Drop what was compiled (another database is in use)."""
    _compiled.clear()


Arrival = tuple[int, Prepared]
"""An issue that is new or came back, and the event that made it so."""


def own(arrivals: Iterable[Arrival]) -> None:
    """Note which rule each issue falls under; give it to its owner if the project wants that.

    Runs in the digest's transaction, which holds the issues' locks. Costs one query where
    nothing has rules, none without arrivals. Issues that somebody has already keep them.
    """
    arrived = sorted(arrivals, key=lambda one: (one[1].project_id, one[0]))
    ruled = current({prepared.project_id for _, prepared in arrived}) if arrived else {}
    if not ruled:
        return
    projects = {p.pk: p for p in Project.objects.filter(pk__in=list(ruled))}
    pools = pools_of(list(projects.values()))
    rows, stray = [], []
    for issue, prepared in arrived:
        rules = ruled.get(prepared.project_id)
        if rules is None:
            continue
        found = winner(rules.book, facts_for(prepared, rules.book))
        if found is None:
            stray.append((prepared.project_id, issue))
            continue
        known = first_known(found.rule.owners, pools[prepared.project_id])
        rows.append(_row(issue, prepared, rules.number, found, known))
    if rows:
        owners.put(rows)
    if stray:
        owners.forget(stray)
    _assign([row for row in rows if ruled[row.project_id].assign])


def facts_for(prepared: Prepared, book: Book) -> Facts:
    """What rules are tried on; the URL is in the packed payload, and fetched only if asked for."""
    event = prepared.event
    if book.wants_url and not event.data:
        try:
            data = payloads.unpack(prepared.payload, prepared.dictionary)
            event = msgspec.structs.replace(event, data=data)
        except payloads.PayloadError:
            log.warning("payload unreadable for ownership", event=str(prepared.event_id))
    return facts_of(event)


def _row(
    issue: int, prepared: Prepared, revision: int, found: Match, known: Known
) -> owners.OwnerRow:
    return owners.OwnerRow(
        prepared.project_id, issue, revision, found.rule.line, str(found.rule),
        found.value.replace("\x00", "")[:500], " ".join(map(str, found.rule.owners)),
        known.user, known.team, prepared.received,
    )  # fmt: skip


def _assign(rows: Iterable[owners.OwnerRow]) -> None:
    """Give issues that nobody has to the owners that were found; one verb per owner and line."""
    groups: dict[tuple[int, int, int | None, int | None], list[owners.OwnerRow]] = {}
    for row in rows:
        if row.user_id is not None or row.team_id is not None:
            key = (row.project_id, row.line, row.user_id, row.team_id)
            groups.setdefault(key, []).append(row)
    people: Mapping[int, User] = User.objects.in_bulk([key[2] for key in groups if key[2]])
    teams: Mapping[int, Team] = Team.objects.in_bulk([key[3] for key in groups if key[3]])
    for (project, line, user, team), theirs in groups.items():
        to = people.get(user or 0) or teams.get(team or 0)
        free = Issue.objects.filter(
            project=project,
            pk__in=[row.issue_id for row in theirs],
            assignee__isnull=True,
            assignee_team__isnull=True,
        )
        why = f"by line {line} of the ownership rules"
        try:
            if to is not None:
                triage.assign(free, None, to, max(row.at for row in theirs), why)
        except TriageError as error:  # left the team a moment ago: the issue stays free
            log.info("owner not assigned", project=project, line=line, error=str(error))
