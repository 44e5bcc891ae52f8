"""Orders and bounds by twins find what those by the columns themselves find."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.projects import make_project
from tracker.domain.coarse import LAST, SINGLE, STEPS, last_place, place, step
from tracker.models import Issue, Project
from tracker.models.coarse import TWINS, bound, order
from tracker.readers import Cursor, issue_page
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


@given(st.integers(0, 2**40), st.integers(0, LAST), st.integers(0, 2**40), st.integers(0, LAST))
def test_places_are_in_the_order_of_counts_and_ids(one, number, other, another):
    if (one, number) <= (other, another) and (one < other or one <= SINGLE):
        assert place(one, number) <= place(other, another)
        assert last_place(one, number) <= last_place(other, another)
    assert place(one, 0) <= place(one, number) <= last_place(one) < 2**63


@pytest.mark.parametrize("number", [-1, 2**63, 10**30])
def test_a_place_told_by_a_stranger_is_a_place(number):
    for count in (-5, 0, 3, 10**30):
        assert 0 <= place(count, number) <= last_place(count, number) < 2**63


@pytest.mark.django_db
def test_postgresql_counts_the_same_steps():
    counts = sorted({near for edge in STEPS for near in (edge - 1, edge, edge + 1)})
    make_issue(make_project())
    for count in counts:
        run("UPDATE tracker_issue SET events = %s, users = %s", [count, min(count, 2**31 - 1)])
        issue = Issue.objects.get()
        told = (issue.events_place, issue.users_place)
        assert told == (place(count, issue.pk), place(issue.users, issue.pk))


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

    @pytest.mark.parametrize("sign", ["gt", "lt"])
    @pytest.mark.parametrize("name", TWINS)
    def test_places_of_a_walk(self, name, sign):
        for at in Issue.objects.all():
            value, beyond = getattr(at, name), {f"pk__{sign}": at.pk}
            rest = Q(**{f"{name}__{sign}": value}) | Q(**{name: value}, **beyond)
            exact = set(Issue.objects.filter(rest).values_list("pk", flat=True))
            found = Issue.objects.filter(bound(at.pk, **{f"{name}__{sign}e": value}), rest)
            assert set(found.values_list("pk", flat=True)) == exact

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


@pytest.mark.django_db
@pytest.mark.parametrize("sort", ["users", "events"])
def test_pages_of_issues_that_all_have_the_same_count_read_but_themselves(sort):
    """No event names a user, and each issue has one event: the usual instance of batch jobs."""
    project = make_project()
    run(
        """INSERT INTO tracker_issue (project_id, status, substatus, level, type, message, culprit,
             title, platform, logger, first_seen, last_seen, environments, events, users,
             state_changed_at, state_why)
           SELECT %s, 'unresolved', 'new', 40, '', '', '', '', '', '', %s, %s, '{}', 1, 0, %s, ''
           FROM generate_series(1, 3000)""",
        [project.pk, NOW, NOW, NOW],
    )
    run("ANALYZE tracker_issue")
    found = Issue.objects.live().filter(status="unresolved")
    middle = Issue.objects.order_by("pk")[1500].pk
    for cursor in (None, Cursor(str(found[0].events if sort == "events" else 0), middle)):
        with CaptureQueriesContext(connection) as queries:
            page = issue_page(found, sort, cursor, 30)
        assert len(page.issues) == 30
        assert cursor is None or page.issues[0].pk == middle - 1
        (asked,) = [q["sql"] for q in queries if 'ORDER BY "tracker_issue"."' in q["sql"]]
        (plan,) = run(f"EXPLAIN (ANALYZE, FORMAT JSON) {asked}").fetchone() or ((),)
        assert 0 < most_rows(plan[0]["Plan"]) <= 100, plan


def most_rows(node: dict[str, Any]) -> float:
    """The most rows that a step of a plan read, with those it passed over."""
    passed = node.get("Rows Removed by Filter", 0)
    own = (node["Actual Rows"] + passed) * node["Actual Loops"]
    return max(own, *(most_rows(part) for part in node.get("Plans", ())), 0)
