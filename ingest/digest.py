"""From claimed inbox rows to recorded events.

Everything dear (unpack, parse, scrub, group, pack) happens outside any transaction;
`tracker.actions.record` then writes a batch in one.
"""

from __future__ import annotations

import os
import socket
import time
import traceback
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import orjson
import psycopg
import structlog
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone
from msgspec import Struct

from ingest import claims, decoding, inbox, quarantine
from ingest.adapters.base import Context
from ingest.besides import Besides
from ingest.registry import find
from ingest.tidying import broom
from ingest.turns import PLACES
from tracker import payloads
from tracker.actions import grouping_rules, monitors, transition
from tracker.actions.batch import Prepared, Recorded
from tracker.actions.record import IssueGone, record
from tracker.domain import filters
from tracker.domain.event import Event
from tracker.domain.grouping import NO_RULES, Rules, keys_of
from tracker.models import Project
from tracker.sql import hang_up
from tracker.symbols import assembling, misses
from tracker.symbols.session import Session

RUN_FOR = 20.0
"""Seconds after which a task hands over to the next: less than half of its limit of 45, so that
batches that just fit into it alone are never begun as a second one.
"""
FEW = 16
"""Events of one batch below which there is no load: whatever came meanwhile is taken at once."""
AWAY_PAUSE = 0.5
"""Seconds between attempts to reach a database that does not answer."""
CHUNK_BYTES = 32 * 1024 * 1024
"""Most unpacked bytes recorded in one transaction, which bounds the worker's memory."""
_SETTINGS_FRESH = 5.0
_AWAY = (
    psycopg.OperationalError,
    OperationalError,
    InterfaceError,
    psycopg.InterfaceError,
)

log = structlog.get_logger(__name__)


class BrokenPromise(Exception):
    """Parsing found other events than were acknowledged."""


class Overtaken(Exception):
    """The lease ran out meanwhile, and another worker has recorded rows of this claim."""


class ProjectRules(Struct, frozen=True):
    """What parsing and grouping need to know of a project."""

    salt: bytes
    grouping_version: str
    scrub: bool
    keep_ip: bool
    sensitive_words: frozenset[str]
    dictionary: int
    keep_all: bool
    filters: filters.Rules = filters.Rules()
    grouping: Rules = NO_RULES
    previous_versions: tuple[str, ...] = ()
    """Versions of grouping that the project was upgraded from, the latest first."""


class Work(Struct):
    """A claim on its way."""

    claim: claims.Claim
    rules: dict[int, ProjectRules]
    ready: list[Prepared] = []
    done: list[int] = []
    bad: list[tuple[int, str]] = []
    besides: Besides = msgspec.field(default_factory=Besides)
    maps: Session = msgspec.field(default_factory=Session)
    size: int = 0


_rules: dict[int, tuple[float, ProjectRules]] = {}


def worker_name() -> str:
    """Host and process, for claims."""
    return f"{socket.gethostname()}:{os.getpid()}"[:100]


def run(deadline: float | None = None, *, to_the_last: bool = True) -> int:
    """Digest batches until nothing waits or time is up; returns events counted.

    Not `to_the_last`: what has come since a batch of many was taken is left for the next bell,
    for events cost less by the hundred (ingest/wakeup.py paces the bells).
    """
    deadline = deadline or time.monotonic() + RUN_FOR
    counted = 0
    while time.monotonic() < deadline:
        with PLACES.taken(deadline) as ours:
            if not ours:
                break
            try:
                claim = claims.take(worker_name())
            except _AWAY as error:
                log.warning("database away", error=type(error).__name__)
                hang_up()
                time.sleep(AWAY_PAUSE)
                continue
            if claim is None:
                break
            done = digest_claim(claim)
        counted += done
        if not to_the_last and done >= FEW and not claim.more:
            break
    return counted


def digest_claim(claim: claims.Claim) -> int:
    """Work on one claim; whatever goes wrong, its rows stay or end in quarantine."""
    if claim.hopeless:
        quarantine.put(claim, claim.last_error)
        return 0
    try:
        return _digest(claim)
    except _AWAY as error:
        log.warning("digest postponed", error=type(error).__name__)
        _give_back(claim)
    except (
        Overtaken,
        IssueGone,
        psycopg.errors.DeadlockDetected,
        psycopg.errors.SerializationFailure,
    ) as error:
        log.warning("digest repeated", error=type(error).__name__)
        claims.postpone(claim, 0.0)
    except Exception as error:
        log.exception("digest failed", claim=claim.id, rows=len(claim.ids))
        claims.split(claim, worker_name(), _short(error))
    return 0


def _give_back(claim: claims.Claim) -> None:
    """Free a claim once the database answers again; else its lease runs out."""
    for _ in range(20):
        hang_up()
        try:
            claims.postpone(claim, 0.0)
        except _AWAY:
            time.sleep(AWAY_PAUSE)
        else:
            return


def _digest(claim: claims.Claim) -> int:
    rows = inbox.read(claim.ids)
    work = Work(claim, rules_of_projects({row.project_id for row in rows}), [], [], [])
    counted, size = 0, sum(len(row.body) for row in rows)
    rows.reverse()
    while rows:
        _prepare_row(work, rows.pop())  # its body goes: what is made of it takes the room
        if work.size >= CHUNK_BYTES:
            counted += _record(work, [later.id for later in reversed(rows)]).counted
    counted += _record(work, []).counted
    broom.deleted(size)
    return counted


def _prepare_row(work: Work, row: inbox.Row) -> None:
    """Parse one row; one that can't be parsed is set aside, alone."""
    rules = work.rules.get(row.project_id)
    try:
        if rules is not None:  # else: the project was deleted, and its events with it
            body = decoding.unpack(row.body, row.encoding)
            work.size += len(body)
            work.ready.extend(prepare(row, body, rules, work.besides, work.maps))
        work.done.append(row.id)
    except DatabaseError:  # while looking for maps: no fault of the bytes
        raise
    except Exception as error:  # whatever a stranger's bytes bring about
        work.bad.append((row.id, _short(error)))


def warm_up() -> None:
    """Load and compile what the first event asks for: workers forked later have it in common."""
    body = b"""{"platform": "python", "exception": {"values": [{"type": "E", "value": "w",
        "stacktrace": {"frames": [{"filename": "w.py", "function": "w", "lineno": 1}]}}]}}"""
    rules = ProjectRules(b"", "g1", True, False, frozenset(), payloads.SHIPPED, False)
    row = inbox.Row(0, 0, 0, timezone.now(), "store", "", UUID(int=1), 1, b"{}", body)
    prepare(row, body, rules, Besides(), Session())


def prepare(
    row: inbox.Row, body: bytes, rules: ProjectRules, besides: Besides, maps: Session
) -> list[Prepared]:
    """The events of a body, ready to be recorded; all else in it goes to `besides`."""
    context = _context(row, rules)
    parsed = find(row.adapter).parse(body, context)
    if len(parsed.events) != row.events:
        raise BrokenPromise(f"{row.events} events were acknowledged, {len(parsed.events)} found")
    made: list[Prepared] = []
    stopped: list[str] = []
    for event in parsed.events:
        if rule := _stopped(event, context, rules):
            stopped.append(rule)
        else:
            made.append(_prepared(row, maps.symbolicate(event, row.project_id), context, rules))
    # From here on nothing fails: a row is either all there or set aside as a whole.
    besides.add(row.project_id, row.received_at, rules.salt, parsed)
    for event in parsed.events:
        besides.saw(row.project_id, row.received_at, event.sdk)
    for rule in stopped:
        besides.filtered(row.project_id, row.received_at, rule)
    return made


def _stopped(event: Event, context: Context, rules: ProjectRules) -> str:
    """The project's filter that an event falls under, or ""."""
    if not rules.filters.any:
        return ""
    return filters.rule_of(event, context.client_ip, context.user_agent, rules.filters)


def _prepared(row: inbox.Row, event: Event, context: Context, rules: ProjectRules) -> Prepared:
    promised = row.event_id if event.event_id == context.event_id else None
    made = Prepared(
        project_id=row.project_id,
        event_id=promised or UUID(hex=event.event_id),
        received=row.received_at,
        event=event,
        keys=keys_of(event, rules.grouping_version, rules.grouping),
        payload=payloads.pack(event.data, rules.dictionary),
        dictionary=rules.dictionary,
        keep_all=rules.keep_all,
        trace_id=event.trace_id,
    )
    event.data.clear()  # it is packed: holding it twice would be most of the worker's memory
    return made


def _context(row: inbox.Row, rules: ProjectRules) -> Context:
    meta: dict[str, Any] = orjson.loads(row.meta)
    return Context(
        project_id=row.project_id,
        received=row.received_at.timestamp(),
        event_id=row.event_id.hex if row.event_id else "",
        client_ip=meta.get("ip", ""),
        user_agent=meta.get("agent", ""),
        salt=rules.salt,
        sensitive_words=rules.sensitive_words,
        scrub=rules.scrub,
        keep_ip=rules.keep_ip,
        meta=meta,
    )


def _record(work: Work, later: Sequence[int]) -> Recorded:
    """Write what is ready, with the inbox rows it came from, in one transaction."""
    sessions = work.besides.prepare()

    def settle() -> None:
        work.besides.write(sessions)
        if work.maps.misses or work.maps.used:
            _note_maps(work.maps)
        if inbox.delete(work.done) != len(work.done):
            raise Overtaken  # counting them again, as duplicates, would cook the books
        claims.set_aside(work.claim, work.bad, worker_name())
        if later:
            claims.keep(work.claim, later)
        else:
            claims.drop(work.claim)

    if work.ready:
        recorded = record(_looked_back(work), settle)
    else:
        recorded = Recorded()
        with transaction.atomic():
            settle()
    alarms = bool(work.besides.check_ins)
    work.ready, work.done, work.bad, work.size = [], [], [], 0
    work.besides = Besides()
    work.maps = Session(work.maps.left)
    if alarms:
        _raise_alarms()
    return recorded


def _looked_back(work: Work) -> list[Prepared]:
    """What is ready, with older keys where a project was upgraded and finds no newer ones."""
    origins = {
        project: transition.Origin(rules.previous_versions, rules.grouping)
        for project, rules in work.rules.items()
        if rules.previous_versions
    }
    return transition.look_back(work.ready, origins) if origins else work.ready


def _note_maps(maps: Session) -> None:
    """Which maps served, and which were asked for in vain."""
    now = timezone.now()
    misses.write(maps.misses, now)
    assembling.note_use(maps.used, now)


def _raise_alarms() -> None:
    """Make events of failed check-ins at once, and resolve issues of recovered jobs; what goes
    wrong is left to the timer.
    """
    try:
        monitors.raise_alarms(timezone.now())
        monitors.settle_recoveries(timezone.now())
    except Exception as error:  # the batch is committed: nothing may undo that
        log.warning("alarms wait for the timer", error=type(error).__name__)


def rules_of_projects(project_ids: set[int]) -> dict[int, ProjectRules]:
    """Rules of projects, at most five seconds old; deleted projects are absent."""
    now = time.monotonic()
    fresh = {
        p: _rules[p][1] for p in project_ids if p in _rules and now - _rules[p][0] < _SETTINGS_FRESH
    }
    missing = project_ids - fresh.keys()
    if missing:
        compiled = grouping_rules.current(missing)
        for project in Project.objects.filter(pk__in=missing).select_related("filters"):
            grouping = compiled.get(project.pk, NO_RULES)
            fresh[project.pk] = rules_of(project, _filters(project), grouping)
            _rules[project.pk] = (now, fresh[project.pk])
    return fresh


def rules_of(project: Project, inbound: filters.Rules, grouping: Rules = NO_RULES) -> ProjectRules:
    """What a project wants of parsing, filtering and grouping."""
    return ProjectRules(
        salt=bytes(project.salt),
        grouping_version=project.grouping_version,
        scrub=project.scrub,
        keep_ip=project.keep_ip,
        sensitive_words=frozenset(word.lower() for word in project.sensitive_words),
        dictionary=project.dictionary,
        keep_all=project.unlimited,
        filters=inbound,
        grouping=grouping,
        previous_versions=tuple(project.previous_grouping_versions),
    )


def _filters(project: Project) -> filters.Rules:
    """A project's inbound filters; none unless it set some."""
    told = getattr(project, "filters", None)
    if told is None:
        return filters.Rules()
    return filters.Rules(
        browser_extensions=told.browser_extensions,
        crawlers=told.crawlers,
        localhost=told.localhost,
        releases=filters.Globs.of(told.releases),
        messages=filters.Globs.of(told.messages),
        networks=filters.Networks.of(told.ip_ranges),
    )


def _short(error: Exception) -> str:
    """The error and where it arose, for quarantine; no values of the event."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    where = f" in {last[0].name}, line {last[0].lineno}" if last else ""
    return f"{type(error).__name__}{where}: {str(error)[:300]}"
