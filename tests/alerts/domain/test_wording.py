"""Decisions in words: nobody has to know that 40 is `error`."""

import pytest

from alerts.domain import rules, wording


@pytest.mark.parametrize(
    ("check", "said"),
    [
        (rules.Check("level", False, "20", ">= 40"), "level: info (wanted error or above)"),
        (rules.Check("level", True, "17", ">= 17"), "level: 17 (wanted 17 or above)"),
        (
            rules.Check("trigger", True, "first_seen", "first_seen, regressed"),
            "trigger: New issue (wanted New issue, Regressed)",
        ),
        (
            rules.Check("events", False, "85", ">= 100 in 10 min"),
            "Events of an issue: 85 (wanted at least 100 in 10 min)",
        ),
    ],
)
def test_checks(check: rules.Check, said: str) -> None:
    row = {"name": check.name, "passed": check.passed, "saw": check.saw, "wanted": check.wanted}
    assert wording.check_in_words(row) == said


def test_there_are_words_for_every_outcome_and_kind() -> None:
    assert set(wording.OUTCOMES) == set(rules.Outcome)
    named = {*rules.Trigger, *rules.Counts, *rules.CLOSING, rules.CALMED, rules.NEARLY}
    assert named | {rules.ACKNOWLEDGED} <= set(wording.KINDS)
