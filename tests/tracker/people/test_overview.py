"""A project's overview and the instance's: who sees them, what they cost, what they say."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import ROLES, Cast
from tracker import overview
from tracker.models import Issue


def address(cast: Cast, project=None) -> str:
    return reverse("admin:tracker_project_overview", args=[(project or cast.red).pk])


@pytest.mark.parametrize("role", ROLES)
def test_it_is_the_teams(cast: Cast, role: str):
    client = cast.client(role)
    inside = role in ("owner", "admin", "triager", "viewer")
    assert client.get(address(cast)).status_code == (200 if inside else 404)
    theirs = client.get(address(cast, cast.blue)).status_code
    assert theirs == (200 if role in ("owner", "stranger") else 404)


def test_twelve_queries_whatever_there_is(cast: Cast, more_issues):
    for number in range(4):
        more_issues(3, environment=f"env-{number}", release=f"2.{number}", user={"id": str(number)})
    client = cast.client("triager")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address(cast)).content.decode()
    assert len(queries) <= 12, [q["sql"][:120] for q in queries.captured_queries]
    assert "env-3" in page and "2.3" in page and "production" in page


def test_figures(cast: Cast):
    now = datetime.now(UTC)
    send(cast.red, *(python_event(1, environment="staging", user={"id": str(n)}) for n in range(4)))
    counted = overview.events_of(cast.red.pk, now)
    assert sum(counted.all_days().values()) == sum(counted.all_hours().values()) == 5
    turned = overview.turned(cast.red.pk, now)
    assert (turned.new_today, turned.regressed_today) == (1, 0)
    assert overview.people(cast.red.pk, now).count == 5
    Issue.objects.filter(pk=cast.ours.pk).update(trend=4.0)
    assert overview.rising(cast.red.pk, now) == [cast.ours]
    sides = overview.side_by_side(counted, overview.named(cast.red.pk, now).environments, now)
    assert [(s.name, s.day.total) for s in sides] == [("staging", 4), ("production", 1)]
    assert overview.people(cast.red.pk, now + timedelta(days=2)).count == 0


def test_change_in_words():
    from tracker.domain.trends import DAY, Series

    def said(before: int, after: int) -> str:
        return overview.change(Series(datetime.now(UTC), DAY, (before,) * 7 + (after,) * 7))

    assert said(10, 15) == "50 % more than the week before"
    assert said(10, 5) == "50 % fewer than the week before"
    assert said(100, 101) == "as the week before"
    assert said(0, 5) == ""


@pytest.mark.parametrize("role", ROLES)
def test_the_instance_is_the_owners(cast: Cast, role: str):
    page = cast.client(role).get(reverse("admin:instance"))
    assert page.status_code == (200 if role == "owner" else 404)
    if role == "owner":
        text = page.content.decode()
        assert "PostgreSQL" in text and "quarantine" in text.lower() and "Red" in text
