"""Preview is live: the same letters lead to the same decisions."""

import random
from datetime import timedelta

import pytest

from alerts.actions import reading
from alerts.actions.preview import preview
from alerts.domain.rules import Outcome
from alerts.models import Decision
from tests.alerts.conftest import NOW, Cast
from tracker.models import Project

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", range(5))
def test_preview_and_live_agree_decision_for_decision(
    seed: int, cast: Cast, project: Project
) -> None:
    dice = random.Random(seed)
    rule = project.alert_rules.get()
    rule.environments = dice.choice([[], ["production"]])
    rule.cooldown_minutes = dice.choice([0, 30, 600])
    rule.save()
    issues = [cast.issue(level=dice.choice([20, 40])) for _ in range(6)]
    for minute in range(0, 6_000, 40):
        cast.letter(
            dice.choice(issues), dice.choice(["first_seen", "regressed", "resolved", "commented"]),
            NOW + timedelta(minutes=minute), environment=dice.choice(["production", "staging"]),
        )  # fmt: skip
    while reading.evaluate(NOW, limit=dice.randint(1, 30)).letters:
        pass
    seen = preview(project.pk, rule.spec(), NOW + timedelta(minutes=6_000))
    live = list(Decision.objects.order_by("activity_id"))
    assert [(each.at, each.issue_id, each.outcome.value) for each in seen.firings] == [
        (_at(each), each.issue_id, each.outcome) for each in live if each.fired
    ]
    assert seen.firings
    assert seen.outcomes.get(Outcome.QUIET, 0) == sum(d.outcome == "quiet" for d in live)
    assert seen.outcomes.get(Outcome.CLOSE, 0) == sum(d.outcome == "close" for d in live)


def _at(decision: Decision) -> object:
    from tracker.models import Activity

    return Activity.objects.get(pk=decision.activity_id).created_at


def test_only_the_last_days_count(cast: Cast, project: Project) -> None:
    cast.letter(cast.issue(), at=NOW - timedelta(days=8))
    cast.letter(cast.issue(), at=NOW - timedelta(days=6))
    rule = project.alert_rules.get()
    assert len(preview(project.pk, rule.spec(), NOW).firings) == 1
