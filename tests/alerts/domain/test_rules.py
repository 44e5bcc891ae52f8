"""The evaluator alone: what fires, what is quiet, and that it always says why."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.rules import (
    LONGEST_COOLDOWN,
    Letter,
    Outcome,
    Past,
    Rule,
    advance,
    cooldown,
    decide,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
RULE = Rule(triggers=frozenset({"first_seen", "regressed"}))
FIRST = Letter("first_seen", NOW)


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def test_a_first_letter_opens() -> None:
    verdict = decide(RULE, FIRST, None)
    assert verdict.outcome == Outcome.OPEN
    assert verdict.fired
    assert [check.name for check in verdict.checks] == ["rule", "trigger", "level", "environment"]


def test_each_filter_alone_stops_it_and_is_named() -> None:
    cases = {
        "rule": (Rule(RULE.triggers, enabled=False), FIRST),
        "trigger": (Rule(frozenset({"regressed"})), FIRST),
        "level": (RULE, Letter("first_seen", NOW, level=30)),
        "environment": (Rule(RULE.triggers, frozenset({"production"})), FIRST),
    }
    for name, (rule, letter) in cases.items():
        verdict = decide(rule, letter, None)
        assert verdict.outcome == Outcome.PASS
        assert [check.name for check in verdict.checks if not check.passed] == [name]
        assert name in verdict.why


def test_an_event_without_environment_can_be_wanted() -> None:
    rule = Rule(RULE.triggers, frozenset({"", "staging"}))
    assert decide(rule, FIRST, None).fired
    assert not decide(rule, Letter("first_seen", NOW, environment="production"), None).fired


def test_repeats_are_quiet_until_a_cooldown_that_doubles() -> None:
    once = Past(None, NOW, notices=1)
    twice = Past(None, NOW, notices=2)
    at = {
        past: [
            n
            for n in (29, 30, 59, 60)
            if decide(RULE, Letter("regressed", NOW + minutes(n)), past).fired
        ]
        for past in (once, twice)
    }
    assert at == {once: [30, 59, 60], twice: [60]}


def test_back_within_the_cooldown_is_the_same_incident() -> None:
    closed = Past(NOW, NOW - minutes(5))
    assert decide(RULE, Letter("regressed", NOW + minutes(29)), closed).outcome == Outcome.REOPEN
    assert decide(RULE, Letter("regressed", NOW + minutes(30)), closed).outcome == Outcome.OPEN


def test_resolving_closes_what_is_open_even_of_a_disabled_rule() -> None:
    off = Rule(RULE.triggers, enabled=False)
    assert decide(off, Letter("resolved", NOW), Past(None, NOW)).outcome == Outcome.CLOSE
    assert decide(off, Letter("resolved", NOW), Past(NOW, NOW)).outcome == Outcome.PASS
    assert decide(off, Letter("resolved", NOW), None).outcome == Outcome.PASS


rules = st.builds(
    Rule,
    triggers=st.frozensets(st.sampled_from(["first_seen", "regressed"])),
    environments=st.frozensets(st.sampled_from(["", "production", "staging"])),
    min_level=st.sampled_from([10, 20, 30, 40, 50]),
    cooldown=st.integers(0, 10_080).map(minutes),
    enabled=st.booleans(),
)
letters = st.lists(
    st.builds(
        Letter,
        kind=st.sampled_from(["first_seen", "regressed", "resolved", "commented"]),
        at=st.integers(0, 5_000).map(lambda n: NOW + minutes(n)),
        level=st.sampled_from([10, 40, 50]),
        environment=st.sampled_from(["", "production", "staging"]),
    ),
    max_size=40,
)


@given(rules, letters)
def test_the_life_of_an_incident(rule: Rule, story: list[Letter]) -> None:
    past: Past | None = None
    told: list[tuple[Outcome, datetime]] = []
    for letter in sorted(story, key=lambda each: each.at):
        verdict = decide(rule, letter, past)
        assert verdict == decide(rule, letter, past)
        assert verdict.checks
        assert verdict.why
        is_open = past is not None and past.closed_at is None
        match verdict.outcome:
            case Outcome.OPEN | Outcome.REOPEN:
                assert not is_open  # never two at once
            case Outcome.UPDATE | Outcome.QUIET | Outcome.CLOSE:
                assert is_open
        if verdict.fired:
            assert rule.enabled
            assert letter.kind in rule.triggers
            assert letter.level >= rule.min_level
        if verdict.outcome == Outcome.UPDATE:
            assert letter.at - told[-1][1] >= min(rule.cooldown, LONGEST_COOLDOWN)
        past = advance(past, letter, verdict)
        if verdict.fired:
            told.append((verdict.outcome, letter.at))


@given(rules, st.integers(0, 10_000))
def test_cooldown_grows_to_a_day_and_never_falls(rule: Rule, notices: int) -> None:
    now, later = cooldown(rule, notices), cooldown(rule, notices + 1)
    assert rule.cooldown <= now <= later <= max(LONGEST_COOLDOWN, rule.cooldown)
