"""Decides whether a rule fires on a letter, and says why: pure, used live and by preview.

    decide(rule, letter, past) -> Verdict
    advance(past, letter, verdict) -> the incident after it

A *letter* is one activity of an issue (first seen, regressed, resolved ...); *past*
is the latest incident of the same rule and issue. Nothing here reads a clock: the
letter's own time is the time of the decision, so that a late evaluation decides
the same as a prompt one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct


class Trigger(StrEnum):
    """Kinds of letters that a rule may fire on."""

    FIRST_SEEN = "first_seen"
    REGRESSED = "regressed"


class Severity(StrEnum):
    """How loud an alert is."""

    PAGE = "page"
    NOTIFY = "notify"


TRIGGER_NAMES: dict[str, str] = {
    Trigger.FIRST_SEEN: "New issue",
    Trigger.REGRESSED: "Regressed",
}
SEVERITY_NAMES: dict[str, str] = {
    Severity.PAGE: "Page: wake somebody",
    Severity.NOTIFY: "Notify: chat and mail",
}
CLOSING = frozenset({"resolved"})
"""Letters that end an incident."""
LONGEST_COOLDOWN = timedelta(hours=24)


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
    CLOSE = "close"
    """The incident ends; told to whoever heard of its start."""
    PASS = "pass"  # noqa: S105
    """The rule does not apply."""


TELLING = frozenset({Outcome.OPEN, Outcome.REOPEN, Outcome.UPDATE, Outcome.CLOSE})
FIRING = frozenset({Outcome.OPEN, Outcome.REOPEN, Outcome.UPDATE})


class Rule(Struct, frozen=True):
    """What a rule wants. Empty `environments`: any."""

    triggers: frozenset[str]
    environments: frozenset[str] = frozenset()
    min_level: int = 40
    cooldown: timedelta = timedelta(minutes=30)
    enabled: bool = True


class Letter(Struct, frozen=True):
    """The facts of one activity."""

    kind: str
    at: datetime
    level: int = 40
    environment: str = ""
    release: str = ""


class Past(Struct, frozen=True):
    """The latest incident of the same rule and issue."""

    closed_at: datetime | None
    """None: it is open."""
    notified_at: datetime
    notices: int = 1
    """How often it was told of since it was last opened; each doubles the cooldown."""


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
    if letter.kind in CLOSING:
        return _closing(letter, past)
    checks = _filters(rule, letter)
    if not all(check.passed for check in checks):
        return Verdict(Outcome.PASS, checks)
    if past is None:
        return Verdict(Outcome.OPEN, checks)
    if past.closed_at is not None:
        back_within = letter.at < past.closed_at + rule.cooldown
        outcome = Outcome.REOPEN if back_within else Outcome.OPEN
        return Verdict(outcome, checks)
    until = past.notified_at + cooldown(rule, past.notices)
    over = letter.at >= until
    checks += (Check("cooldown", over, _time(letter.at), f"from {_time(until)} on"),)
    return Verdict(Outcome.UPDATE if over else Outcome.QUIET, checks)


def advance(past: Past | None, letter: Letter, verdict: Verdict) -> Past | None:
    """The incident after a verdict; None when there is none still."""
    match verdict.outcome:
        case Outcome.OPEN | Outcome.REOPEN:
            return Past(None, letter.at, 1)
        case Outcome.UPDATE if past is not None:
            return Past(None, letter.at, past.notices + 1)
        case Outcome.CLOSE if past is not None:
            return Past(letter.at, past.notified_at, past.notices)
    return past


def cooldown(rule: Rule, notices: int) -> timedelta:
    """How long to keep quiet after the n-th notice of an incident: doubling, up to a day."""
    doublings = min(max(notices - 1, 0), 20)
    grown: timedelta = rule.cooldown * (1 << doublings)
    return min(grown, max(LONGEST_COOLDOWN, rule.cooldown))


def _closing(letter: Letter, past: Past | None) -> Verdict:
    is_open = past is not None and past.closed_at is None
    check = Check(letter.kind, is_open, "open" if is_open else "no open incident", "open")
    return Verdict(Outcome.CLOSE if is_open else Outcome.PASS, (check,))


def _filters(rule: Rule, letter: Letter) -> tuple[Check, ...]:
    wanted = ", ".join(sorted(rule.triggers)) or "nothing"
    environments = ", ".join(sorted(name or "(none)" for name in rule.environments)) or "any"
    return (
        Check("rule", rule.enabled, "enabled" if rule.enabled else "disabled", "enabled"),
        Check("trigger", letter.kind in rule.triggers, letter.kind, wanted),
        Check("level", letter.level >= rule.min_level, str(letter.level), f">= {rule.min_level}"),
        Check(
            "environment",
            not rule.environments or letter.environment in rule.environments,
            letter.environment or "(none)",
            environments,
        ),
    )


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
