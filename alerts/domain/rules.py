"""Decides whether a rule fires on a letter, and says why: pure, used live and by preview.

    decide(rule, letter, past) -> Verdict
    advance(past, letter, verdict) -> the incident after it

A *letter* is one activity of an issue (first seen, regressed, resolved ...), or one
count of it: what a counter rule saw in a span of five minutes. *past* is the latest
incident of the same rule and issue. Nothing here reads a clock: the letter's own
time is the time of the decision, so that a late evaluation decides the same as a
prompt one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct, structs


class Trigger(StrEnum):
    """Kinds of letters that a rule may fire on."""

    FIRST_SEEN = "first_seen"
    REGRESSED = "regressed"
    ESCALATING = "escalated"
    WOKEN = "woken"
    PRIORITY = "prioritised"
    FIRST_IN_ENVIRONMENT = "first_in_env"
    FIRST_IN_RELEASE = "first_in_release"
    MILESTONE = "milestone"
    CHECK_IN = "check_in_missed"
    QUOTA_80 = "quota_80"
    QUOTA_100 = "quota_100"


class Counts(StrEnum):
    """What a counter rule counts."""

    EVENTS = "events"
    USERS = "users"
    SHARE = "share"
    DEPLOY = "deploy"


class Severity(StrEnum):
    """How loud an alert is."""

    PAGE = "page"
    NOTIFY = "notify"
    DIGEST = "digest"


TRIGGER_NAMES: dict[str, str] = {
    Trigger.FIRST_SEEN: "New issue",
    Trigger.REGRESSED: "Regressed",
    Trigger.ESCALATING: "Escalating",
    Trigger.WOKEN: "Woken from snooze",
    Trigger.PRIORITY: "High priority",
    Trigger.FIRST_IN_ENVIRONMENT: "First in an environment",
    Trigger.FIRST_IN_RELEASE: "First in a release",
    Trigger.MILESTONE: "10th, 100th, 1,000th ... event",
    Trigger.CHECK_IN: "Missed or failed check-in of a monitor",
    Trigger.QUOTA_80: "80 % of the quota used",
    Trigger.QUOTA_100: "Quota used up",
}
COUNT_NAMES: dict[str, str] = {
    Counts.EVENTS: "Events of an issue",
    Counts.USERS: "Users hit by an issue",
    Counts.SHARE: "Percent of users hit by an issue",
    Counts.DEPLOY: "New issues after a deploy",
}
SEVERITY_NAMES: dict[str, str] = {
    Severity.PAGE: "Page: wake somebody",
    Severity.NOTIFY: "Notify: chat and mail",
    Severity.DIGEST: "Digest: once a day",
}
CLEARED = "quota_ok"
"""A quota that was nearly or fully used up has room again."""
CLOSING = frozenset({"resolved", "snoozed", "deleted", CLEARED})
"""Letters that end an incident."""
ACKNOWLEDGED = "acknowledged"
"""Somebody is on it: what goes on is not told again, until it comes back."""
CALMED = "calmed"
"""The letter that ends an incident which escalating opened."""
NEARLY = "nearly_escalated"
"""The letter that says that an issue came close to escalating: never more than a note."""
COUNTED = frozenset(count.value for count in Counts)
LONGEST_COOLDOWN = timedelta(hours=24)
SPAN = timedelta(minutes=5)
"""A count looks at whole spans; one decision a rule, issue and span."""
QUIET_WINDOWS = 2
"""A counted incident ends after so many windows below its threshold."""


class Outcome(StrEnum):
    """What a decision leads to."""

    OPEN = "open"
    """A new incident; told."""
    REOPEN = "reopen"
    """Back within the cooldown: the same incident again; told."""
    UPDATE = "update"
    """Still going on and the cooldown is over; told."""
    QUIET = "quiet"
    """It would fire, but was told of recently."""
    ACK = "ack"
    """Somebody is on it; told to receivers that show it."""
    CLOSE = "close"
    """The incident ends; told to whoever heard of its start."""
    PASS = "pass"  # noqa: S105
    """The rule does not apply."""


TELLING = frozenset({Outcome.OPEN, Outcome.REOPEN, Outcome.UPDATE, Outcome.ACK, Outcome.CLOSE})
FIRING = frozenset({Outcome.OPEN, Outcome.REOPEN, Outcome.UPDATE})


class Counter(Struct, frozen=True):
    """At least `threshold` (events, people, percent or issues) within `window`."""

    counts: str
    threshold: int
    window: timedelta = timedelta(minutes=10)


class Rule(Struct, frozen=True):
    """What a rule wants: one of `triggers`, or a counter. Empty `environments`: any."""

    triggers: frozenset[str]
    environments: frozenset[str] = frozenset()
    min_level: int = 40
    cooldown: timedelta = timedelta(minutes=30)
    enabled: bool = True
    counter: Counter | None = None
    query: str = ""
    """A filter in the search grammar; "" for none."""


class Letter(Struct, frozen=True):
    """The facts of one activity or count."""

    kind: str
    at: datetime
    level: int = 40
    environment: str = ""
    release: str = ""
    value: float | None = None
    """What was counted; None: there is nothing to count against."""
    least: float | None = None
    """What it would have taken to escalate."""
    matches: bool = True
    """Whether the issue fulfils the rule's query."""


class Past(Struct, frozen=True):
    """The latest incident of the same rule and issue."""

    closed_at: datetime | None
    """None: it is open."""
    notified_at: datetime
    notices: int = 1
    """How often it was told of since it was last opened; each doubles the cooldown."""
    active_at: datetime | None = None
    """When the rule last wanted to fire."""
    cause: str = ""
    """Kind of the letter that opened it."""
    settled: bool = False
    """Closed by a person: what was counted before does not count again."""
    acknowledged: bool = False
    """Somebody said that they are on it."""


class Check(Struct, frozen=True):
    """One test of a decision: what was seen against what was wanted."""

    name: str
    passed: bool
    saw: str
    wanted: str


class Verdict(Struct, frozen=True):
    """A decision and its reasons, in the order in which they were looked at."""

    outcome: Outcome
    checks: tuple[Check, ...]

    @property
    def fired(self) -> bool:
        """Whether somebody is to hear that something is wrong."""
        return self.outcome in FIRING

    @property
    def why(self) -> str:
        """The reasons in a sentence."""
        failed = [check for check in self.checks if not check.passed]
        shown = failed or self.checks
        return "; ".join(f"{check.name}: {check.saw} (wanted {check.wanted})" for check in shown)


def decide(rule: Rule, letter: Letter, past: Past | None) -> Verdict:
    """Decide what a letter means to a rule."""
    if letter.kind in CLOSING or letter.kind == CALMED:
        return _closing(letter, past)
    if letter.kind == ACKNOWLEDGED:
        return _acknowledging(past)
    checks = _filters(rule, letter, past)
    if letter.kind == NEARLY:
        return Verdict(Outcome.PASS, checks)
    if not all(check.passed for check in checks):
        return _quiet(rule, letter, past, checks) or Verdict(Outcome.PASS, checks)
    if past is None:
        return Verdict(Outcome.OPEN, checks)
    if past.closed_at is not None:
        back_within = letter.at < past.closed_at + rule.cooldown
        outcome = Outcome.REOPEN if back_within else Outcome.OPEN
        return Verdict(outcome, checks)
    if past.acknowledged:
        checks += (Check(ACKNOWLEDGED, False, "somebody is on it", "nobody"),)
        return Verdict(Outcome.QUIET, checks)
    until = past.notified_at + cooldown(rule, past.notices)
    over = letter.at >= until
    checks += (Check("cooldown", over, _time(letter.at), f"from {_time(until)} on"),)
    return Verdict(Outcome.UPDATE if over else Outcome.QUIET, checks)


def advance(past: Past | None, letter: Letter, verdict: Verdict) -> Past | None:
    """The incident after a verdict; None when there is none still."""
    match verdict.outcome:
        case Outcome.OPEN | Outcome.REOPEN:
            return Past(None, letter.at, 1, letter.at, letter.kind)
        case Outcome.UPDATE if past is not None:
            return structs.replace(
                past, notified_at=letter.at, notices=past.notices + 1, active_at=letter.at
            )
        case Outcome.QUIET if past is not None:
            return structs.replace(past, active_at=letter.at)
        case Outcome.ACK if past is not None:
            return structs.replace(past, acknowledged=True)
        case Outcome.CLOSE if past is not None:
            return structs.replace(past, closed_at=letter.at, settled=letter.kind in CLOSING)
    return past


def cooldown(rule: Rule, notices: int) -> timedelta:
    """How long to keep quiet after the n-th notice of an incident: doubling, up to a day."""
    doublings = min(max(notices - 1, 0), 20)
    grown: timedelta = rule.cooldown * (1 << doublings)
    return min(grown, max(LONGEST_COOLDOWN, rule.cooldown))


def listens(rule: Rule, kind: str) -> bool:
    """Whether letters of a kind are what the rule waits for, or a note on it."""
    return (Trigger.ESCALATING if kind == NEARLY else kind) in rule.triggers


def is_close(kind: str, verdict: Verdict) -> bool:
    """Whether a verdict is worth a note: an issue that came close, and nothing else amiss."""
    failed = [check.name for check in verdict.checks if not check.passed]
    return kind == NEARLY and failed == [Trigger.ESCALATING]


def is_decided(past: Past | None, span: datetime) -> bool:
    """Whether a count was above its threshold in this span already: it decides once a span."""
    return past is not None and past.active_at is not None and past.active_at >= span


def _closing(letter: Letter, past: Past | None) -> Verdict:
    is_open = past is not None and past.closed_at is None
    check = Check(letter.kind, is_open, "open" if is_open else "no open incident", "open")
    if letter.kind == CALMED and past is not None and past.cause != Trigger.ESCALATING:
        check = Check(letter.kind, False, f"opened by {past.cause or 'another'}", "by escalating")
    return Verdict(Outcome.CLOSE if check.passed else Outcome.PASS, (check,))


def _acknowledging(past: Past | None) -> Verdict:
    if past is None or past.closed_at is not None:
        return Verdict(Outcome.PASS, (Check(ACKNOWLEDGED, False, "no open incident", "open"),))
    first = not past.acknowledged
    check = Check(ACKNOWLEDGED, first, "open" if first else "acknowledged already", "open")
    return Verdict(Outcome.ACK if first else Outcome.PASS, (check,))


def _quiet(
    rule: Rule, letter: Letter, past: Past | None, checks: tuple[Check, ...]
) -> Verdict | None:
    """A count below its threshold ends the incident when it has been so for long enough."""
    if rule.counter is None or letter.kind != rule.counter.counts:
        return None
    if past is None or past.closed_at is not None or past.active_at is None:
        return None
    until = past.active_at + QUIET_WINDOWS * rule.counter.window
    over = letter.at >= until
    if not over:
        return None
    check = Check("quiet", True, f"since {_time(past.active_at)}", f"until {_time(until)}")
    return Verdict(Outcome.CLOSE, (*checks, check))


def _filters(rule: Rule, letter: Letter, past: Past | None) -> tuple[Check, ...]:
    checks = [Check("rule", rule.enabled, "enabled" if rule.enabled else "disabled", "enabled")]
    if letter.kind in COUNTED:
        checks += _counted(rule, letter, past)
    elif letter.kind == NEARLY:
        saw = f"{letter.value or 0:g} events in 60 min"
        checks.append(Check(Trigger.ESCALATING, False, saw, f">= {letter.least or 0:g}"))
    else:
        wanted = ", ".join(sorted(rule.triggers)) or "nothing"
        checks.append(Check("trigger", letter.kind in rule.triggers, letter.kind, wanted))
    if letter.kind not in (Trigger.QUOTA_80, Trigger.QUOTA_100, Counts.DEPLOY):
        above = letter.level >= rule.min_level
        checks.append(Check("level", above, str(letter.level), f">= {rule.min_level}"))
    if letter.kind not in (Counts.EVENTS, Counts.USERS, Counts.SHARE):
        # Counters looked at the events of these environments only.
        environments = ", ".join(sorted(name or "(none)" for name in rule.environments)) or "any"
        inside = not rule.environments or letter.environment in rule.environments
        checks.append(Check("environment", inside, letter.environment or "(none)", environments))
    if rule.query:
        saw = "matches" if letter.matches else "does not match"
        checks.append(Check("query", letter.matches, saw, rule.query))
    return tuple(checks)


def _counted(rule: Rule, letter: Letter, past: Past | None) -> list[Check]:
    counter = rule.counter
    if counter is None or counter.counts != letter.kind:
        return [Check("trigger", False, letter.kind, "nothing counted")]
    minutes = counter.window // timedelta(minutes=1)
    wanted = f">= {counter.threshold} in {minutes} min"
    if letter.value is None:
        return [Check(letter.kind, False, "no denominator", wanted)]
    checks = [Check(letter.kind, letter.value >= counter.threshold, f"{letter.value:g}", wanted)]
    if past is not None and past.closed_at is not None and past.settled:
        since = letter.at + SPAN - counter.window
        checks.append(
            Check("since closing", since > past.closed_at, f"counted from {_time(since)}",
                  f"after {_time(past.closed_at)}")
        )  # fmt: skip
    return checks


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
