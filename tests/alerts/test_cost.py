"""What a minute of counter rules costs: 10,000 active issues, 50 rules, under a second of CPU."""

import pytest

from alerts.models import Incident
from tests.alerts.conftest import NOW
from tests.bench import counters
from tracker.models import Project

pytestmark = [pytest.mark.django_db, pytest.mark.long]


def test_ten_thousand_issues_by_fifty_rules(project: Project) -> None:
    counters.fill(project, NOW)
    counters.add_rules(project)
    costs = counters.minutes(project, NOW)
    assert Incident.objects.count() > 1_000
    print("CPU s (Python, PostgreSQL):", costs)
    # The median: a busy machine makes some of them dearer.
    assert sorted(sum(cost) for cost in costs)[len(costs) // 2] < 1.0, costs
    # The last looks at a settled span, too, and at what came close.
    assert sum(costs[-1]) < 2.0, costs
