"""Environments: counts, last seen, hiding; on the issue's page what each of them saw of it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from tests.factories.events import python_event, send
from tests.tracker.admin.conftest import Cast
from tests.tracker.admin.test_budgets import ask
from tracker.environments import days, lately
from tracker.models import Environment, Issue, RollupDay, RollupHour

LIST = "admin:tracker_environment_changelist"
TODAY = date(2026, 3, 9)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (TODAY, TODAY, "only today"),
        (date(2026, 3, 3), TODAY, "since 3 Mar"),
        (date(2026, 3, 3), date(2026, 3, 3), "on 3 Mar"),
        (date(2025, 12, 30), date(2026, 1, 2), "30 Dec 2025 to 2 Jan"),
    ],
)
def test_days_in_words(first: date, last: date, said: str):
    assert days(first, last, TODAY) == said


def test_what_each_sent(cast: Cast):
    send(cast.red, *(python_event(n, environment="staging") for n in range(3)))
    now = datetime.now(UTC)
    names = dict(cast.red.environments.values_list("name", "pk"))
    counts = lately([cast.red.pk], now)
    assert (counts[names["staging"]].day, counts[names["staging"]].fortnight) == (3, 3)
    assert counts[names["production"]].day == 1
    page, _ = ask(cast.client("viewer"), reverse(LIST))
    assert "within the hour" in page and "staging" in page and "unresolved there" in page
    assert set(lately([cast.blue.pk], now)) == set(
        cast.blue.environments.values_list("pk", flat=True)
    )


def test_one_that_fell_silent(cast: Cast):
    past = datetime.now(UTC) - timedelta(days=5)
    RollupHour.objects.filter(project_id=cast.red.pk).delete()
    rows = RollupDay.objects.filter(project_id=cast.red.pk)
    rows.update(bucket=past.replace(hour=0, minute=0, second=0, microsecond=0))
    page, _ = ask(cast.client("viewer"), reverse(LIST))
    assert "days ago" in page
    RollupDay.objects.filter(project_id=cast.red.pk).delete()
    page, _ = ask(cast.client("viewer"), reverse(LIST))
    assert "none in 14 days" in page


def test_hiding_is_an_admins_and_takes_it_out_of_menus(cast: Cast):
    row = cast.red.environments.get()
    theirs = cast.blue.environments.get()
    form = {"action": "hide", "_selected_action": [row.pk, theirs.pk]}
    cast.client("viewer").post(reverse(LIST), form)
    assert not Environment.objects.filter(hidden=True).exists()
    cast.client("admin").post(reverse(LIST), form)
    assert list(Environment.objects.filter(hidden=True)) == [row]
    page, _ = ask(cast.client("viewer"), reverse("admin:tracker_issue_change", args=[cast.ours.pk]))
    assert "<h2>Environments</h2>" not in page
    cast.client("admin").post(reverse(LIST), {"action": "show", "_selected_action": [row.pk]})
    assert not Environment.objects.filter(hidden=True).exists()


def test_an_issue_says_what_each_environment_saw_of_it(cast: Cast):
    send(cast.red, *(python_event(1, environment="staging") for _ in range(3)))
    staging = cast.red.environments.get(name="staging")
    two_days = datetime.now(UTC) - timedelta(days=2)
    RollupDay.objects.filter(project_id=cast.red.pk, environment_id=staging.pk).update(
        bucket=two_days.replace(hour=0, minute=0, second=0, microsecond=0)
    )
    issue = Issue.objects.get(pk=cast.ours.pk)
    page, _ = ask(cast.client("viewer"), reverse("admin:tracker_issue_change", args=[issue.pk]))
    block = page.partition("<h2>Environments</h2>")[2].partition("</section>")[0]
    assert block.index("staging") < block.index("production")
    assert "3 events" in block and "1 event " in block and "only today" in block
    assert f"on {two_days.day} {two_days:%b}" in block
    assert "First seen in staging 2 days earlier than in production" in page
