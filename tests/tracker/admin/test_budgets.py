"""Queries and bytes a page may cost, however much it shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.tracker.admin.conftest import Cast
from tracker.admin.issue_list import PAGE
from tracker.models import Issue

RAW_BYTES = 160_000
"""Before packing, which leaves a fifth; what travels is weighed in a browser (test_shots)."""


def ask(client: Client, address: str) -> tuple[str, list[str]]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode(), [query["sql"] for query in queries.captured_queries]


def assets() -> int:
    """Bytes of what each of our own pages loads beside itself."""
    files = (finders.find(f"tracker/{name}") for name in ("app.css", "app.js", "ember.svg"))
    return sum(Path(str(path)).stat().st_size for path in files)


@pytest.mark.parametrize("role", ["owner", "triager"])
def test_the_list_costs_eight_queries(
    cast: Cast, more_issues: Callable[..., list[Issue]], role: str
):
    more_issues(40, environment="staging", user={"id": "3"})
    client = cast.client(role)
    for address in ("", "?q=env:production+level:>=error+no", "?q=&sort=events"):
        page, queries = ask(client, reverse("admin:tracker_issue_changelist") + address)
        assert len(queries) <= 8, queries
    page, _ = ask(client, reverse("admin:tracker_issue_changelist") + "?q=is:unresolved")
    assert page.count('data-label="events"') == PAGE
    assert len(page.encode()) + assets() <= RAW_BYTES


@pytest.mark.parametrize("role", ["owner", "triager", "viewer"])
def test_the_detail_costs_twelve_queries(cast: Cast, role: str):
    page, queries = ask(
        cast.client(role), reverse("admin:tracker_issue_change", args=[cast.ours.pk])
    )
    assert len(queries) <= 12, queries
    assert len(page.encode()) + assets() <= RAW_BYTES


def test_home_does_not_grow_with_projects(cast: Cast):
    from tests.factories.projects import make_project

    _, few = ask(cast.client("owner"), reverse("admin:index"))
    for number in range(5):
        make_project(f"More {number}", f"Team {number}")
    _, many = ask(cast.client("owner"), reverse("admin:index"))
    assert len(many) == len(few) <= 8


@pytest.mark.parametrize("model", ["projectkey", "environment", "release", "team"])
def test_stock_lists_do_not_grow_with_rows(cast: Cast, more_issues: Any, model: str):
    address = reverse(f"admin:tracker_{model}_changelist")
    _, few = ask(cast.client("owner"), address)
    for number in range(5):
        more_issues(1, environment=f"env-{number}", release=f"1.{number}")
    _, many = ask(cast.client("owner"), address)
    assert len(many) == len(few)


def test_the_skin_is_small_and_asks_nobody():
    for name in ("app.css", "app.js"):
        text = Path(str(finders.find(f"tracker/{name}"))).read_text(encoding="utf-8")
        assert "http" not in text.replace("http://www.w3.org", "").replace("https there", "")
        assert "@import" not in text and "url(" not in text
        assert len(text.encode()) < 64_000
