"""Orders and bounds by twins find what those by the columns themselves find."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.projects import make_project
from tracker.domain.coarse import STEPS, step
from tracker.models import Issue, Project
from tracker.models.coarse import TWINS, bound, order
from tracker.sql import run

NOW = datetime(2026, 11, 23, 12, 30, 30, tzinfo=UTC)
LOOKUPS = ("", "__gt", "__gte", "__lt", "__lte")


def make_issue(project: Project) -> Issue:
    return Issue.objects.create(
        project=project, first_seen=NOW, last_seen=NOW, state_changed_at=NOW
    )


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_more_is_never_a_lower_step(one, other):
    assert (step(min(one, other)) <= step(max(one, other))) and step(0) == 0 < step(1)


@pytest.mark.django_db
def test_postgresql_counts_the_same_steps():
    counts = sorted({near for edge in STEPS for near in (edge - 1, edge, edge + 1)})
    make_issue(make_project())
    for count in counts:
        run("UPDATE tracker_issue SET events = %s, users = %s", [count, min(count, 2**31 - 1)])
        issue = Issue.objects.get()
        assert (issue.events_step, issue.users_step) == (step(count), step(issue.users))


@pytest.mark.django_db
class TestFound:
    @pytest.fixture(autouse=True)
    def crowd(self):
        project = make_project()
        for number in range(60):
            issue = make_issue(project)
            # Several in a minute and on a step, and in another order than their ids.
            seen = NOW + timedelta(seconds=(number * 37 % 60) * 11)
            Issue.objects.filter(pk=issue.pk).update(
                last_seen=seen, events=number * 7 % 25, users=number * 11 % 17
            )

    @pytest.mark.parametrize("name", TWINS)
    def test_orders(self, name):
        for sign in ("", "-"):
            exact = Issue.objects.order_by(sign + name, sign + "pk")
            assert list(Issue.objects.order_by(*order(sign + name, sign + "pk"))) == list(exact)

    @pytest.mark.parametrize("lookup", LOOKUPS)
    @pytest.mark.parametrize("name", TWINS)
    def test_bounds(self, name, lookup):
        values: list[Any] = list(range(-1, 30))
        if name == "last_seen":
            values = [NOW + timedelta(seconds=5.5 * n) for n in range(-2, 140)]
        for value in values:
            asked = {name + lookup: value}
            exact = set(Issue.objects.filter(**asked).values_list("pk", flat=True))
            assert set(Issue.objects.filter(bound(**asked)).values_list("pk", flat=True)) == exact

    def test_what_has_no_twin_is_asked_as_it_is(self):
        assert order("-first_seen", "pk") == ["-first_seen", "pk"]
        assert Issue.objects.filter(bound(level__gte=50)).count() == 0
        assert Issue.objects.filter(bound(events__in=[0])).exists()

    def test_the_calendar_has_a_first_minute(self):
        first = datetime.min.replace(tzinfo=UTC)
        assert Issue.objects.filter(bound(last_seen__gte=first)).count() == 60


@pytest.mark.django_db
def test_counting_touches_no_index():
    make_issue(make_project())
    told = "SELECT pg_stat_get_xact_tuples_hot_updated('tracker_issue'::regclass)"
    run("UPDATE tracker_issue SET events = 40, users = 40, last_seen = %s", [NOW])
    before = (run(told).fetchone() or (0,))[0]
    run(
        "UPDATE tracker_issue SET events = 41, users = 41, last_seen = %s",
        [NOW + timedelta(seconds=9)],
    )
    assert (run(told).fetchone() or (0,))[0] == before + 1
