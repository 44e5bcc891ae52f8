"""A large instance, made by a few SQL statements: 100,000 issues and 1,000,000 events in a minute.

Events are spread over a fortnight and skewed (few issues are loud, most are not); issues, people,
tags, rollups and history follow from them, as the digest would have left them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import connection

from tests.factories.projects import make_project
from tracker.models import Environment, Membership, Project, Release, SavedView, User
from tracker.payloads import pack
from tracker.sql import run

DAYS = 14


@dataclass(frozen=True)
class Crowd:
    """Who and what there is."""

    projects: tuple[Project, ...]
    triager: User
    """In the team of every project, with six saved views."""
    owner: User
    loudest: int
    """Id of the issue with the most events."""


def fill(issues: int = 100_000, events: int = 1_000_000, projects: int = 30) -> Crowd:
    """Make all of it; outside of a transaction, so that it can be vacuumed."""
    made = tuple(
        make_project(f"Service {number:02}", f"Team {number:02}") for number in range(projects)
    )
    for project in made:
        for name in ("production", "staging", "development"):
            Environment.objects.create(project=project, name=name)
        for number in range(20):
            Release.objects.create(project=project, version=f"api@1.{number}.0")
    # Enough to group a million rows in memory; nothing here has to survive a crash.
    run("SET work_mem = '256MB'")
    run("SET maintenance_work_mem = '256MB'")
    run("SET synchronous_commit = off")
    _days()
    ids = [project.pk for project in made]
    _events(ids, issues, events)
    _counts()
    _issues()
    _beside()
    people = _people(made)
    _vacuum()
    for name in ("work_mem", "maintenance_work_mem", "synchronous_commit"):
        run(f"RESET {name}")
    row = run("SELECT id FROM tracker_issue ORDER BY events DESC LIMIT 1").fetchone()
    assert row is not None
    return Crowd(made, *people, loudest=int(row[0]))


def _days() -> None:
    today = datetime.now(UTC).date()
    for back in range(DAYS + 1):
        run("SELECT tracker_ensure_day(%s)", [today - timedelta(days=back)])


def _events(projects: Sequence[int], issues: int, count: int) -> None:
    """Issue n has project n modulo projects; a cube makes few loud and most quiet."""
    payload = pack({
        "platform": "python", "user": {"id": "7"}, "release": "api@1.19.0",
        "exception": {"values": [{"type": "ValueError", "value": "no", "stacktrace": {"frames": [
            {"function": "handle", "module": "shop", "filename": "shop.py", "lineno": 3,
             "in_app": True, "context_line": "pay(cart)", "vars": {"cart": "1"}}]}}]},
    })  # fmt: skip
    run(
        """INSERT INTO tracker_event (project_id, event_id, day, issue_id, key_id, received_at,
             timestamp, environment_id, release_id, level, user_key, dictionary, payload)
           SELECT p.id, lpad(to_hex(e.n), 32, '0')::uuid, (e.at AT TIME ZONE 'UTC')::date, e.issue, e.issue,
             e.at, e.at, p.environments[1 + e.n %% 3], p.releases[20 - (e.n %% 5)], 40,
             CASE WHEN e.n %% 4 > 0 THEN md5('person' || e.n %% 60000)::uuid END, 1, %s
           FROM (
             SELECT n, now() - (n::float8 / %s) * interval '13 days' AS at, least(%s,
               1 + floor(power((n::bigint * 7919 %% 1000003) / 1000003.0, 3) * %s))::bigint issue
             FROM generate_series(1, %s) n) e
           JOIN (SELECT place, project.id,
                   ARRAY(SELECT id FROM tracker_environment WHERE project_id = project.id
                         ORDER BY id) environments,
                   ARRAY(SELECT id FROM tracker_release WHERE project_id = project.id
                         ORDER BY id) releases
                 FROM unnest(%s::bigint[]) WITH ORDINALITY project (id, place)) p
             ON p.place = 1 + e.issue %% %s""",
        [payload, count, issues, issues, count, list(projects), len(projects)],
    )


def _counts() -> None:
    """Rollups and people, from the events."""
    run(
        """INSERT INTO tracker_rolluphour (project_id, issue_id, environment_id, bucket, events)
           SELECT project_id, issue_id, environment_id, date_trunc('hour', received_at), count(*)
           FROM tracker_event GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
    )
    run(
        """INSERT INTO tracker_rollupday (project_id, issue_id, environment_id, bucket, events)
           SELECT project_id, issue_id, environment_id, date_trunc('day', bucket), sum(events)
           FROM tracker_rolluphour GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
    )
    run(
        """INSERT INTO tracker_rollup5m (project_id, issue_id, environment_id, bucket, events, users)
           SELECT project_id, issue_id, environment_id,
             date_bin('5 minutes', received_at, '2000-01-01'), count(*),
             decode('00' || coalesce(string_agg(DISTINCT left(user_key::text, 8), ''), ''), 'hex')
           FROM tracker_event WHERE received_at > now() - interval '2 days' GROUP BY 1, 2, 3, 4"""
    )
    run(
        """INSERT INTO tracker_issueuser
             (project_id, issue_id, user_key, environments, first_seen, last_seen, events)
           SELECT project_id, issue_id, user_key, ARRAY[min(environment_id)],
             min(received_at), max(received_at), count(*)
           FROM tracker_event WHERE user_key IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"""
    )


def _issues() -> None:
    """From their events; seven in ten unresolved. The trigram index is made at the end."""
    run("DROP INDEX IF EXISTS issuetext_words")
    run(
        """INSERT INTO tracker_issue (id, project_id, status, substatus, level, type, message,
             culprit, title, platform, logger, handled, first_seen, last_seen, environments, events,
             users, state_changed_at, state_why, snooze, resolved_at, priority, trend,
             first_release_id, last_release_id)
           SELECT n, e.project_id,
             CASE WHEN n % 10 < 7 THEN 'unresolved' WHEN n % 10 < 9 THEN 'resolved'
               ELSE 'snoozed' END,
             CASE WHEN n % 10 < 7 THEN (ARRAY['new', 'ongoing', 'regressed', 'escalating'])[
                 CASE WHEN n % 41 < 36 THEN 2 ELSE 1 + n % 4 END] END,
             CASE n % 9 WHEN 0 THEN 50 WHEN 1 THEN 30 WHEN 2 THEN 20 ELSE 40 END,
             (ARRAY['ValueError', 'KeyError', 'TimeoutError', 'TypeError', 'OSError'])[1 + n % 5],
             'order ' || md5(n::text) || ' could not be placed in warehouse ' || n,
             'shop.module' || n % 500 || '.handle', 'title', 'python', '', n % 3 > 0,
             e.first, e.last, e.environments, e.events, coalesce(u.users, 0), e.first, '',
             CASE WHEN n % 10 = 9 THEN '{"kind": "next", "since": "2026-01-01T00:00:00Z"}'::jsonb END,
             CASE WHEN n % 10 IN (7, 8) THEN e.last END, (ARRAY[10, 20, 20, 30])[1 + n % 4],
             1 + (n % 70) / 10.0, e.release, e.release
           FROM (SELECT project_id, issue_id n, count(*) events, min(received_at) first,
                   max(received_at) last, min(release_id) release,
                   array_agg(DISTINCT environment_id) environments
                 FROM tracker_event GROUP BY 1, 2) e
           LEFT JOIN (SELECT issue_id, count(*) users FROM tracker_issueuser GROUP BY 1) u
             ON u.issue_id = e.n""".replace("%", "%%")
    )
    run("SELECT setval(pg_get_serial_sequence('tracker_issue', 'id'), max(id)) FROM tracker_issue")
    run(
        """INSERT INTO tracker_groupingkey (project_id, version, hash, issue_id, kind, why, events)
           SELECT project_id, 'g1', decode(md5(id::text), 'hex'), id, 'line', 'its line', events
           FROM tracker_issue"""
    )


def _beside() -> None:
    run(
        """INSERT INTO tracker_issuetag (project_id, issue_id, key, value, count, last_seen)
           SELECT i.project_id, i.id, key, value, greatest(i.events / 2, 1), i.last_seen
           FROM tracker_issue i, (VALUES ('environment', 'production'),
             ('release', 'api@1.19.0'), ('browser', 'Firefox')) AS tag (key, value)"""
    )
    run(
        """INSERT INTO tracker_activity (project_id, issue_id, kind, data, created_at)
           SELECT project_id, id, 'first_seen', '{}'::jsonb, first_seen FROM tracker_issue
           UNION ALL SELECT project_id, id, 'regressed', '{}', last_seen FROM tracker_issue
           WHERE id %% 10 = 3"""
    )


def _people(projects: Sequence[Project]) -> tuple[User, User]:
    triager = User.objects.create_user("triager", "triager@example.org")
    owner = User.objects.create_user("owner", "owner@example.org", is_superuser=True)
    Membership.objects.bulk_create(
        Membership(team=project.team, user=triager, role="triager") for project in projects
    )
    for text in ("env:production is:unresolved", "level:>=fatal", "is:regressed users:>=2",
                 "assigned:none is:unresolved", "priority:high", "release:api@1.19.0"):  # fmt: skip
        SavedView.objects.create(owner=triager, name=text[:40], query=text)
    run(
        "UPDATE tracker_issue SET assignee_id = %s WHERE id %% 2000 = 3 AND status = 'unresolved'",
        [triager.pk],
    )
    run(
        """UPDATE tracker_issue SET assignee_team_id = %s
           WHERE id %% 2000 = 1 AND status = 'unresolved'""",
        [projects[0].team.pk],
    )
    return triager, owner


def _vacuum() -> None:
    """What autovacuum has long done on an instance of this size."""
    run("SELECT tracker_index_words()")
    with connection.cursor() as cursor:  # of the tests, not of the product
        for table in ("issue", "issuetag", "issuetext", "issueuser", "event", "rolluphour",
                      "rollupday", "rollup5m", "activity", "groupingkey"):  # fmt: skip
            cursor.execute(f"VACUUM (ANALYZE, PARALLEL 0) tracker_{table}")
