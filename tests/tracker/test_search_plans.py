"""How searches read 20,000 issues: by which index, in how many statements."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from tests.factories.projects import make_project
from tracker.domain.search import parse
from tracker.models import Issue, Membership, Project, User
from tracker.models.coarse import order
from tracker.search import bounded_count, find
from tracker.sql import run

ISSUES = 20_000
PROJECTS = 30

pytestmark = pytest.mark.django_db


def fill(projects: list[Project], issues: int) -> None:
    """Issues with words, tags and people, spread over projects and 90 days."""
    numbers = [project.pk for project in projects]
    run(
        """INSERT INTO tracker_issue (project_id, status, substatus, level, type, message, culprit,
             title, platform, logger, first_seen, last_seen, environments, events, users,
             state_changed_at, state_why, snooze)
           SELECT (%s::bigint[])[1 + n %% %s],
             CASE WHEN n %% 10 < 7 THEN 'unresolved' ELSE 'snoozed' END,
             CASE WHEN n %% 10 < 7 THEN 'ongoing' END, 40,
             (ARRAY['ValueError', 'KeyError', 'TimeoutError', 'TypeError'])[1 + n %% 4],
             'order ' || md5(n::text) || ' could not be placed in the warehouse of number ' || n,
             'shop.module' || n %% 500 || '.handle', 'title', 'python', '',
             now() - interval '90 days', now() - n * interval '6 minutes', ARRAY[n %% 3]::bigint[],
             n, n %% 1000, now(), '',
             CASE WHEN n %% 10 >= 7 THEN '{"kind": "next"}'::jsonb END
           FROM generate_series(1, %s) n""",
        [numbers, len(numbers), issues],
    )
    run(
        """INSERT INTO tracker_issuetag (project_id, issue_id, key, value, count, last_seen)
           SELECT project_id, id, key, CASE key WHEN 'order' THEN id::text
             WHEN 'release' THEN '1.' || id %% 200 ELSE key || id %% 5 END, 3, now()
           FROM tracker_issue, unnest(ARRAY['order', 'release', 'browser', 'os', 'url', 'runtime',
             'environment', 'level', 'mechanism', 'handled']) key"""
    )
    run("SELECT gin_clean_pending_list('issuetext_words')")  # what autovacuum does
    run("ANALYZE tracker_issue, tracker_issuetag, tracker_issuetext")


@pytest.fixture
def user() -> User:
    projects = [make_project(f"Project {number}") for number in range(PROJECTS)]
    fill(projects, ISSUES)
    person = User.objects.create_user("ada")
    Membership.objects.create(user=person, team=projects[0].team)
    return person


def plan(text: str, user: User, sort: str = "last_seen") -> dict[str, Any]:
    page = find(parse(text), user, datetime.now(UTC)).order_by(*order(f"-{sort}", "-pk"))[:31]
    found: dict[str, Any] = json.loads(page.explain(format="json", analyze=True))[0]
    return found


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from nodes(child)


RARE = (
    "nosuchwordanywhere",
    "is:unresolved nosuchwordanywhere",
    "is:unresolved c4ca4238a0b923820dcc509a6f75849b",  # one issue
    'is:unresolved "100%"',
    "is:unresolved module499",
    "is:unresolved type:NoError",
    "is:unresolved culprit:shop.module77.handle",
    "is:unresolved tag[order]:77",
    "is:unresolved has:nothing",
    "is:unresolved assigned:me",
    "is:unresolved file:orders.py",
)
COMMON = (
    "is:unresolved",
    "is:unresolved warehouse",
    "warehouse !module499",
    "is:unresolved message:warehouse",
    "is:unresolved type:KeyError",
    "is:unresolved tag[browser]:browser1",
    "is:unresolved !tag[browser]:browser1",
    "is:unresolved release:1.7",
    "is:unresolved project:project-7 warehouse",
)


def test_searches_read_indexes(user: User) -> None:
    """What is rare is found by an index; what is common, without sorting all of it first."""
    whole = {"tracker_issue", "tracker_issuetext", "tracker_issuetag"}
    for text in RARE:
        found = plan(text, user)
        scanned = {
            node["Relation Name"]
            for node in nodes(found["Plan"])
            if node["Node Type"] == "Seq Scan" and node["Relation Name"] in whole
        }
        assert not scanned, (text, json.dumps(found["Plan"], indent=1))
    for text in RARE + COMMON:
        took = min(plan(text, user)["Execution Time"] for _ in range(3))
        assert took < 150, (text, took)

    for sort in ("last_seen", "events", "users"):
        found = plan("is:unresolved", user, sort)
        kinds = {node["Node Type"] for node in nodes(found["Plan"])}
        assert "Sort" not in kinds, json.dumps(found["Plan"], indent=1)


def test_a_page_is_one_statement_and_a_count_another(
    user: User, django_assert_num_queries: Any
) -> None:
    query = parse("is:unresolved warehouse env:none tag[browser]:browser1 level:>=error owner:me")
    with django_assert_num_queries(3):  # the user's projects, their teams (for owner:me), the page
        list(find(query, user, datetime.now(UTC)).order_by(*order("-last_seen", "-pk"))[:31])
    with django_assert_num_queries(2):
        bounded_count(find(parse("is:unresolved"), user, datetime.now(UTC)))
    assert bounded_count(find(parse("is:unresolved"), user, datetime.now(UTC))) == (1000, True)


def test_counters_leave_the_words_alone(user: User) -> None:
    """An event's update of its issue writes nothing into the trigram index's table."""
    before = _writes()
    Issue.objects.filter(message__contains="warehouse").update(events=7)
    assert _writes() == before
    Issue.objects.filter(events=7).update(message="other")
    assert _writes() > before


def _writes() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_get_xact_tuples_updated('tracker_issuetext'::regclass)")
        return int(cursor.fetchone()[0])
