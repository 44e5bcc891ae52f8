"""A batch of letters with all that is needed to decide on them, and what came of it.

`Desk(happenings, now)` loads rules, issues and incidents by a handful of queries,
`read` lets every rule of the project decide on one letter, `write` stores
Decision, Incident and Delivery. The caller holds a transaction and the lock of
`LowWater`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec
from django.db.models import Prefetch, Q

from alerts.actions.happening import TAKEN, Happening, facts_of
from alerts.actions.matching import matching
from alerts.actions.telling import Teller
from alerts.actions.ticket_clerk import Clerk
from alerts.domain import rules
from alerts.domain.rules import Check, Outcome, Verdict
from alerts.models import AlertRule, Channel, Decision, Delivery, Incident
from tracker.models import Issue

FOLLOWED = "merged"
"""The letter that moves incidents of merged issues to the survivor."""
READ = (
    frozenset({trigger.value for trigger in rules.Trigger})
    | rules.CLOSING
    | {rules.CALMED, rules.ACKNOWLEDGED, rules.NEARLY, FOLLOWED, TAKEN}
)
"""Kinds of letters that may lead to something."""
ONCE = frozenset({rules.Counts.DEPLOY.value})
"""Facts that have no end: their incident is over when it is told."""
Place = tuple[int, int, str]
"""Rule, issue (0: none), subject."""


class Desk:
    """Letters on it are decided one after the other, in their order."""

    def __init__(
        self, happenings: Sequence[Happening], now: datetime, only: Collection[AlertRule] = ()
    ) -> None:
        self.now = now
        self._happenings = happenings
        self._only = only
        self._decisions: list[Decision] = []
        self._decided: set[tuple[int | None, int]] = set()
        self._made: list[Incident] = []
        self._moved: dict[int, Incident] = {}
        self._matching: dict[int, set[int]] = {}
        self._teller: Teller | None = None
        self._clerk = Clerk((), now)
        if happenings:
            self._load()

    @property
    def deliveries(self) -> list[Delivery]:
        """What may leave, in order."""
        return self._teller.leaving if self._teller else []

    @property
    def held_until(self) -> datetime | None:
        """When the first message that was held back is due."""
        return self._teller.held_until if self._teller else None

    def issue(self, issue_id: int | None) -> Issue | None:
        """An issue of the batch."""
        return self._issues.get(issue_id or 0)

    def latest(self, rule: AlertRule, issue_id: int | None, subject: str = "") -> Incident | None:
        """The latest incident of a rule and issue."""
        return self._latest.get((rule.pk, issue_id or 0, subject))

    def read(self, happening: Happening) -> None:
        """Let every rule of the project decide on one letter."""
        issue = self.issue(happening.issue_id)
        if issue is None and happening.issue_id is not None:
            return  # deleted meanwhile: its incidents went with it
        if happening.kind == FOLLOWED:
            if issue is not None:
                self._follow(issue, happening)
            return
        told: set[int] = set()
        for rule in self._rules[happening.project_id]:
            self.ask(rule, happening, told)

    def ask_only(self, rule: AlertRule, happening: Happening, told: set[int]) -> Outcome:
        """As `ask`, for a rule that was loaded elsewhere."""
        return self.ask(self._own[rule.pk], happening, told)

    def ask(self, rule: AlertRule, happening: Happening, told: set[int]) -> Outcome:
        """Let one rule decide on one letter. `told`: channels that heard of it already."""
        issue = self.issue(happening.issue_id)
        past = self.latest(rule, happening.issue_id, happening.subject)
        facts = facts_of(happening, issue, matches=self._matches(rule, happening.issue_id))
        spec = rule.spec()
        verdict = rules.decide(spec, facts, past.past() if past else None)
        ending = happening.kind in _ENDING
        counted = happening.kind in rules.COUNTED
        foreign = not ending and not counted and not rules.listens(spec, happening.kind)
        far = happening.kind == rules.NEARLY and not rules.is_close(happening.kind, verdict)
        if verdict.outcome == Outcome.PASS and (ending or counted or foreign or far):
            return verdict.outcome  # nothing was going on, or nobody asked: not worth a trace
        incident = self._move(rule, happening, facts, verdict, past)
        checks = list(verdict.checks)
        if incident is not None and verdict.outcome in rules.TELLING and self._teller:
            if not rule.only_ticket:
                checks += self._teller.tell(rule, issue, happening, verdict.outcome, incident, told)
            if issue is not None and verdict.outcome in (Outcome.OPEN, Outcome.REOPEN):
                checks += self._clerk.want(rule, issue)
        self._note(rule, happening, verdict, incident, checks)
        return verdict.outcome

    def write(self) -> None:
        """Write what came of it, in an order that no constraint minds."""
        if self._moved:
            Incident.objects.bulk_update(self._moved.values(), _MOVING, batch_size=500)
        Incident.objects.bulk_create(self._made)
        if self._teller is not None:
            self._teller.write()
            self._clerk.write()
        Decision.objects.bulk_create(self._decisions, ignore_conflicts=True)

    def _load(self) -> None:
        projects = {each.project_id for each in self._happenings}
        issues = {each.issue_id for each in self._happenings if each.issue_id}
        merged = {pk for each in self._happenings for pk in losers_of(each)}
        self._issues = {
            issue.pk: issue
            for issue in Issue.objects.filter(
                project__in=projects, pk__in=issues | merged
            ).select_related("project__team", "assignee", "assignee_team")
        }
        chosen = Prefetch("channels", Channel.objects.only("pk"), to_attr="chosen")
        self._rules: dict[int, list[AlertRule]] = defaultdict(list)
        found = AlertRule.objects.filter(project__in=projects).select_related(
            "project__team", "ticket"
        )
        if self._only:
            found = found.filter(pk__in=[rule.pk for rule in self._only])
        for rule in found.prefetch_related(chosen).order_by("pk"):
            self._rules[rule.project_id].append(rule)
        every = [rule for each in self._rules.values() for rule in each]
        self._own = {rule.pk: rule for rule in every}
        subjects = {each.subject for each in self._happenings if each.issue_id is None}
        latest = (
            Incident.objects.filter(rule__in=every)
            .filter(Q(issue__in=issues | merged) | Q(issue__isnull=True, subject__in=subjects))
            .order_by("rule_id", "issue_id", "subject", "-pk")
            .distinct("rule_id", "issue_id", "subject")
        )
        self._latest: dict[Place, Incident] = {
            (each.rule_id, each.issue_id or 0, each.subject): each for each in latest
        }
        self._clerk = Clerk(every, self.now)
        self._teller = Teller(projects, self._issues, self._latest.values(), self.now)

    def _matches(self, rule: AlertRule, issue_id: int | None) -> bool:
        if not rule.query or issue_id is None:
            return True
        if rule.pk not in self._matching:
            self._matching[rule.pk] = matching(rule.project_id, rule.query, self._issues, self.now)
        return issue_id in self._matching[rule.pk]

    def _move(
        self, rule: AlertRule, happening: Happening, facts: rules.Letter, verdict: Verdict,
        incident: Incident | None,
    ) -> Incident | None:  # fmt: skip
        """Open, reopen, count or close an incident; None when the rule does not apply."""
        state = rules.advance(incident.past() if incident else None, facts, verdict)
        if verdict.outcome == Outcome.PASS or state is None:
            return None
        if verdict.outcome == Outcome.OPEN or incident is None:
            incident = Incident(
                project_id=happening.project_id, rule=rule, issue_id=happening.issue_id,
                subject=happening.subject, severity=rule.severity, opened_at=facts.at,
            )  # fmt: skip
            self._made.append(incident)
            self._latest[rule.pk, happening.issue_id or 0, happening.subject] = incident
        elif incident.pk is not None:
            self._moved[incident.pk] = incident
        incident.closed_at = facts.at if happening.kind in ONCE else state.closed_at
        incident.closed_why = "" if incident.closed_at is None else _why_closed(happening)
        incident.notified_at = state.notified_at
        incident.notices = state.notices
        incident.active_at = state.active_at
        incident.cause = state.cause
        if verdict.outcome in (Outcome.OPEN, Outcome.REOPEN):
            incident.acknowledged_at, incident.acknowledged_by = None, ""
        elif verdict.outcome == Outcome.ACK:
            incident.acknowledged_at = facts.at
            incident.acknowledged_by = str(happening.data.get("name") or "")[:150]
        incident.firings += verdict.outcome not in (Outcome.ACK, Outcome.CLOSE)
        incident.seq += verdict.outcome in rules.TELLING
        return incident

    def _follow(self, survivor: Issue, happening: Happening) -> None:
        """Incidents of merged issues go on as the survivor's; where it has one, they end."""
        for loser in losers_of(happening):
            for rule in self._rules[happening.project_id]:
                incident = self.latest(rule, loser)
                if incident is None or incident.closed_at is not None:
                    continue
                own = self.latest(rule, survivor.pk)
                if incident.pk is not None:
                    self._moved[incident.pk] = incident
                if own is None or own.closed_at is not None:
                    incident.issue_id = survivor.pk
                    self._latest[rule.pk, survivor.pk, ""] = incident
                    self._latest.pop((rule.pk, loser, ""), None)
                    continue
                incident.closed_at, incident.closed_why = happening.at, FOLLOWED
                incident.seq += 1
                check = Check(FOLLOWED, True, f"merged into {survivor.short_id}", "open")
                notes = [check]
                if self._teller is not None:
                    notes += self._teller.tell(
                        rule, self.issue(loser) or survivor, happening, Outcome.CLOSE, incident,
                        set(),
                    )  # fmt: skip
                self._note(rule, happening, Verdict(Outcome.CLOSE, ()), incident, notes)

    def _note(
        self, rule: AlertRule, happening: Happening, verdict: Verdict, incident: Incident | None,
        checks: list[Check],
    ) -> None:  # fmt: skip
        key = (happening.activity_id, rule.pk)
        if happening.activity_id is not None and key in self._decided:
            return
        self._decided.add(key)
        self._decisions.append(
            Decision(
                project_id=happening.project_id, rule=rule, activity_id=happening.activity_id,
                at=happening.at, issue_id=happening.issue_id, incident=incident,
                kind=happening.kind, outcome=verdict.outcome.value, fired=verdict.fired,
                reasons=msgspec.to_builtins(checks), created_at=self.now,
            )
        )  # fmt: skip


_MOVING = ["closed_at", "closed_why", "seq", "firings", "notices", "notified_at", "active_at",
           "cause", "issue", "acknowledged_at", "acknowledged_by"]  # fmt: skip
_ENDING = rules.CLOSING | {rules.CALMED, rules.ACKNOWLEDGED}
"""What only matters to an incident that is open."""


def losers_of(happening: Happening) -> list[int]:
    """Ids of the issues that a letter says were merged away."""
    named = happening.data.get("issues") if happening.kind == FOLLOWED else None
    return [int(pk) for pk in named if str(pk).isdigit()] if isinstance(named, dict) else []


def _why_closed(happening: Happening) -> str:
    counted = happening.kind in rules.COUNTED and happening.kind not in ONCE
    return "quiet" if counted else happening.kind
