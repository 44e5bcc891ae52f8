"""Reads letters that nobody has read: each rule decides, incidents move, the outbox fills.

Everything a batch of letters leads to is written in one transaction: Decision,
Incident, Delivery and the mark that the letter was read. Two evaluators at once do
no harm: the row of LowWater is locked, so the second waits and then finds less to do.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, Max, Min, OuterRef, Prefetch

from alerts import transports
from alerts.actions.notices import People, level_of, notice_of
from alerts.domain import rules
from alerts.domain.rules import Check, Outcome, Verdict
from alerts.models import AlertRule, Channel, Decision, Delivery, Evaluated, Incident, LowWater
from alerts.transports.base import Content
from tracker.models import Activity, Issue

log = structlog.get_logger(__name__)
BATCH = 500
SETTLED = timedelta(minutes=10)
"""A letter may be committed this long after its id was taken; longer transactions are killed."""
READ = frozenset({trigger.value for trigger in rules.Trigger}) | rules.CLOSING
"""Kinds of letters that may lead to something."""


class Reading(msgspec.Struct, frozen=True):
    """What came of a batch."""

    letters: int
    deliveries: tuple[int, ...]


def evaluate(now: datetime, limit: int = BATCH) -> Reading:
    """Read up to `limit` unread letters. One transaction; waits for another evaluator."""
    with transaction.atomic():
        low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
        letters = list(unread(low.activity_id)[:limit])
        desk = Desk([letter for letter in letters if letter.kind in READ], now)
        for letter in desk.letters:
            desk.read(letter)
        desk.write()
        Evaluated.objects.bulk_create(
            [Evaluated(activity_id=letter.pk, at=now) for letter in letters]
        )
    return Reading(len(letters), tuple(delivery.pk for delivery in desk.deliveries))


def evaluate_singly(now: datetime, limit: int = BATCH) -> Reading:
    """Read letters one by one after a batch failed; one that can't be read is left out, loudly.

    Raises what the database raises when it is away: no letter is to blame for that.
    """
    deliveries: list[int] = []
    for count in range(limit):
        try:
            read = evaluate(now, limit=1)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # a bug met by this letter must not stop all others
            _leave_out(now, error)
            continue
        if not read.letters:
            return Reading(count, tuple(deliveries))
        deliveries += read.deliveries
    return Reading(limit, tuple(deliveries))


def _leave_out(now: datetime, error: Exception) -> None:
    with transaction.atomic():
        low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
        letter = unread(low.activity_id).first()
        if letter is not None:
            log.error("letter left out", activity=letter.pk, kind=letter.kind, exc_info=error)
            Evaluated.objects.create(activity_id=letter.pk, at=now)


def unread(low_water: int) -> Any:
    """Letters above the low water that were not read, oldest first."""
    return (
        Activity.objects.filter(pk__gt=low_water)
        .filter(~Exists(Evaluated.objects.filter(pk=OuterRef("pk"))))
        .order_by("pk")
    )


def raise_low_water(now: datetime) -> int:
    """Forget single letters that were read so long ago that none can still appear before them."""
    with transaction.atomic():
        low, _made = LowWater.objects.select_for_update().get_or_create(pk=1)
        settled = Evaluated.objects.filter(at__lt=now - SETTLED).aggregate(top=Max("pk"))["top"]
        if settled is None:
            return low.activity_id
        first = unread(low.activity_id).aggregate(first=Min("pk"))["first"]
        low.activity_id = settled if first is None else min(settled, first - 1)
        low.save(update_fields=["activity_id"])
        Evaluated.objects.filter(pk__lte=low.activity_id).delete()
    return low.activity_id


class Desk:
    """A batch of letters with all that is needed to read them, loaded by a handful of queries."""

    def __init__(self, letters: list[Activity], now: datetime) -> None:
        self.letters = letters
        self.now = now
        self.deliveries: list[Delivery] = []
        self._decisions: list[Decision] = []
        self._made: list[Incident] = []
        self._moved: dict[int, Incident] = {}
        if letters:
            self._load()

    def read(self, letter: Activity) -> None:
        """Let every rule of the project decide on one letter."""
        issue = self._issues.get(letter.issue_id or 0)
        if issue is None:
            return  # deleted meanwhile: its incidents went with it
        facts = facts_of(letter, issue)
        told: set[int] = set()
        for rule in self._rules[letter.project_id]:
            past = self._latest.get((rule.pk, issue.pk))
            verdict = rules.decide(rule.spec(), facts, past.past() if past else None)
            if verdict.outcome == Outcome.PASS and letter.kind in rules.CLOSING:
                continue  # nothing was going on: not worth a trace
            incident = self._move(rule, issue, facts, verdict, past)
            checks = list(verdict.checks)
            if incident is not None and verdict.outcome in rules.TELLING:
                checks += self._tell(rule, issue, letter, verdict, incident, told)
            self._decisions.append(_decision(rule, letter, verdict, incident, checks, self.now))

    def write(self) -> None:
        """Write what came of it, in an order that no constraint minds."""
        if not self._decisions:
            return
        if self._moved:
            Incident.objects.bulk_update(self._moved.values(), _MOVING)
        Incident.objects.bulk_create(self._made)
        self.deliveries = Delivery.objects.bulk_create(self.deliveries)
        Decision.objects.bulk_create(self._decisions)

    def _load(self) -> None:
        projects = {letter.project_id for letter in self.letters}
        issues = {letter.issue_id for letter in self.letters if letter.issue_id}
        self._issues = {
            issue.pk: issue
            for issue in Issue.objects.filter(project__in=projects, pk__in=issues).select_related(
                "project__team", "assignee", "assignee_team"
            )
        }
        self._people = People(self._issues.values())
        self._channels: dict[int, list[Channel]] = defaultdict(list)
        for channel in Channel.objects.filter(project__in=projects).order_by("pk"):
            self._channels[channel.project_id].append(channel)
        self._rules: dict[int, list[AlertRule]] = defaultdict(list)
        chosen = Prefetch("channels", Channel.objects.only("pk"), to_attr="chosen")
        for rule in (
            AlertRule.objects.filter(project__in=projects).prefetch_related(chosen).order_by("pk")
        ):
            self._rules[rule.project_id].append(rule)
        latest = Incident.objects.filter(
            rule__project__in=projects, issue__in=issues
        ).order_by("rule_id", "issue_id", "-pk").distinct("rule_id", "issue_id")  # fmt: skip
        self._latest = {(each.rule_id, each.issue_id): each for each in latest}
        # Which channels heard of the start: these hear of the end.
        self._heard: dict[Any, set[int]] = defaultdict(set)
        heard = Delivery.objects.filter(
            incident__in=[each.pk for each in self._latest.values() if each.closed_at is None],
            kind=Delivery.Kind.OPEN,
        )
        for uid, channel_id in heard.values_list("incident__uid", "channel_id"):
            self._heard[uid].add(channel_id)

    def _move(
        self,
        rule: AlertRule,
        issue: Issue,
        facts: rules.Letter,
        verdict: Verdict,
        incident: Incident | None,
    ) -> Incident | None:
        """Open, reopen, count or close an incident; None when the rule does not apply."""
        state = rules.advance(incident.past() if incident else None, facts, verdict)
        if verdict.outcome == Outcome.PASS or state is None:
            return None
        if verdict.outcome == Outcome.OPEN or incident is None:
            incident = Incident(
                project_id=issue.project_id, rule=rule, issue_id=issue.pk,
                severity=rule.severity, opened_at=facts.at,
            )  # fmt: skip
            self._made.append(incident)
            self._latest[rule.pk, issue.pk] = incident
        elif incident.pk is not None:
            self._moved[incident.pk] = incident
        incident.closed_at = state.closed_at
        incident.closed_why = "" if state.closed_at is None else facts.kind
        incident.notified_at = state.notified_at
        incident.notices = state.notices
        incident.firings += verdict.outcome != Outcome.CLOSE
        incident.seq += verdict.outcome in rules.TELLING
        return incident

    def _tell(
        self, rule: AlertRule, issue: Issue, letter: Activity, verdict: Verdict,
        incident: Incident, told: set[int],
    ) -> list[Check]:  # fmt: skip
        """Put a delivery into the outbox for every channel that should hear, each once a letter."""
        notice = notice_of(issue, letter)
        notes: list[Check] = []
        for channel in self._channels_of(rule, verdict, incident):
            if not channel.enabled:
                notes.append(Check("channel", False, f"{channel.name} is disabled", "enabled"))
            elif channel.pk in told:
                notes.append(Check("channel", False, f"{channel.name} was told already", "once"))
            else:
                told.add(channel.pk)
                self._heard[incident.uid].add(channel.pk)
                self.deliveries.append(
                    self._delivery(rule, issue, verdict, incident, channel, notice)
                )
        return notes

    def _channels_of(self, rule: AlertRule, verdict: Verdict, incident: Incident) -> list[Channel]:
        channels = self._channels[rule.project_id]
        if verdict.outcome == Outcome.CLOSE:
            heard = self._heard[incident.uid]
            return [channel for channel in channels if channel.pk in heard]
        chosen = {channel.pk for channel in rule.chosen}  # type: ignore[attr-defined]
        return [channel for channel in channels if not chosen or channel.pk in chosen]

    def _delivery(
        self, rule: AlertRule, issue: Issue, verdict: Verdict, incident: Incident,
        channel: Channel, notice: Any,
    ) -> Delivery:  # fmt: skip
        try:
            recipients = transports.get(channel.kind).recipients(
                channel.config, lambda: self._people.of(issue)
            )
        except KeyError:
            recipients = ()  # its sender is gone: the attempt says so
        content = Content(notice, rule.name, incident.severity, recipients)
        return Delivery(
            incident=incident,
            channel=channel,
            kind=_KINDS[verdict.outcome],
            seq=incident.seq,
            page=incident.severity == rules.Severity.PAGE,
            content=msgspec.to_builtins(content),
        )


_MOVING = ["closed_at", "closed_why", "seq", "firings", "notices", "notified_at"]
_KINDS = {
    Outcome.OPEN: Delivery.Kind.OPEN,
    Outcome.REOPEN: Delivery.Kind.OPEN,
    Outcome.UPDATE: Delivery.Kind.UPDATE,
    Outcome.CLOSE: Delivery.Kind.CLOSE,
}


def facts_of(letter: Activity, issue: Issue) -> rules.Letter:
    """A letter as the evaluator reads it."""
    data = letter.data if isinstance(letter.data, dict) else {}
    return rules.Letter(
        kind=letter.kind,
        at=letter.created_at,
        level=level_of(issue, letter),
        environment=str(data.get("environment") or ""),
        release=str(data.get("release") or ""),
    )


def _decision(
    rule: AlertRule, letter: Activity, verdict: Verdict, incident: Incident | None,
    checks: list[Check], now: datetime,
) -> Decision:  # fmt: skip
    return Decision(
        project_id=letter.project_id,
        rule=rule,
        activity_id=letter.pk,
        issue_id=letter.issue_id,
        incident=incident,
        kind=letter.kind,
        outcome=verdict.outcome.value,
        fired=verdict.fired,
        reasons=msgspec.to_builtins(checks),
        created_at=now,
    )
