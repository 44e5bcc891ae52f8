"""Rows in bulk for the bench's growth: issues that events of the shape `lots:N` find again."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from django.db import connection
from django.db.models import Max

from alerts.models import LowWater
from ingest.adapters.base import Context
from ingest.registry import find
from tests.bench.bodies import Source
from tests.factories.envelopes import error_event
from tracker.actions import escalation, scoring, upkeep
from tracker.actions.tally import tags_of
from tracker.domain.grouping import keys_of
from tracker.models import Activity
from tracker.sql import columns, run


def fingerprint(number: int) -> str:
    """What events of lot `number` carry (tests/bench/bodies.py)."""
    return f"lot-{number}"


def adopt(project_id: int) -> None:
    """Give each issue of a project the key that events of its lot have."""
    store, context = find("store"), Context(project_id, datetime.now(UTC).timestamp())
    numbers = [row[0] for row in run(
        "SELECT issue_id FROM tracker_groupingkey WHERE project_id = %s ORDER BY issue_id",
        [project_id],
    )]  # fmt: skip
    hashes, version = [], ""
    for number in numbers:
        body = orjson.dumps(error_event(fingerprint=[fingerprint(number)]))
        keys = keys_of(store.parse(body, context).events[0], "g1")
        version = keys.version
        hashes.append(keys.keys[0].hash)
    run(
        """UPDATE tracker_groupingkey k SET hash = q.hash, version = %s
           FROM unnest(%s::bigint[], %s::bytea[]) q (issue_id, hash)
           WHERE k.project_id = %s AND k.issue_id = q.issue_id""",
        [version, numbers, hashes, project_id],
    )


def make_known(project_id: int, corpus: Path) -> None:
    """Leave behind what earlier events of its lot did to each issue: open, with their tags."""
    store, context = find("store"), Context(project_id, datetime.now(UTC).timestamp())
    events = Source(corpus).events
    tags = [
        (place, key, value)
        for place, event in enumerate(events)
        for key, value in tags_of(store.parse(orjson.dumps(event), context).events[0])
    ]
    run(
        """UPDATE tracker_issue SET status = 'unresolved', substatus = 'ongoing', resolved_at = NULL,
             snooze = NULL WHERE project_id = %s AND status <> 'unresolved'""",
        [project_id],
    )
    # An issue's tags lie side by side, as its first event left them.
    run("DELETE FROM tracker_issuetag WHERE project_id = %s", [project_id])
    run(
        """INSERT INTO tracker_issuetag (project_id, issue_id, key, value, count, last_seen)
           SELECT i.project_id, i.id, q.key, q.value, i.events, i.last_seen
           FROM tracker_issue i
           JOIN unnest(%s::int[], %s::text[], %s::text[]) q (place, key, value)
             ON i.id %% %s = q.place
           WHERE i.project_id = %s
           ORDER BY i.id, q.key, q.value""",
        [*columns(tags, 3), len(events), project_id],
    )


def resolve_some(project_id: int) -> None:
    """Resolve each fifth issue, so that its next event is a regression."""
    run(
        """UPDATE tracker_issue SET status = 'resolved', substatus = NULL,
             resolved_at = now() - interval '1 hour'
           WHERE project_id = %s AND id %% 5 = 0""",
        [project_id],
    )
    settle_down()


def copy_to_today(project_id: int, count: int) -> None:
    """Multiply a project's events of today until there are `count` more."""
    names = [row[0] for row in run(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'tracker_event'::regclass AND attnum > 0"
        " AND NOT attisdropped ORDER BY attnum"
    )]  # fmt: skip
    values = ", ".join("gen_random_uuid()" if name == "event_id" else name for name in names)
    today = datetime.now(UTC).date()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE pattern AS SELECT * FROM tracker_event"
            " WHERE project_id = %s AND day = %s LIMIT 1000",
            [project_id, today],
        )
        cursor.execute(
            f"INSERT INTO tracker_event ({', '.join(names)}) SELECT {values}"
            " FROM pattern, generate_series(1, %s)",
            [count // 1000],
        )
        cursor.execute(
            "INSERT INTO tracker_eventseen (project_id, event_id, day)"
            " SELECT project_id, event_id, day FROM tracker_event"
            " WHERE project_id = %s AND day = %s ON CONFLICT DO NOTHING",
            [project_id, today],
        )
    settle_down()


def plug_ears() -> None:
    """Have alerts read no letter until `grow_old`: those of the filling are ten thousand."""
    LowWater.objects.update_or_create(pk=1, defaults={"activity_id": 2**62})


def settle_down() -> None:
    """What an instance of this age has long behind it: statistics and visibility."""
    with connection.cursor() as cursor:
        for table in ("event", "eventseen", "issue", "issuetag", "groupingkey"):
            cursor.execute(f"VACUUM (ANALYZE, PARALLEL 0) tracker_{table}")


def grow_old() -> None:
    """What timers and alerts did long ago in an instance of this age: scores, ages, letters read.

    Without it they do it all during the load that is measured.
    """
    now = datetime.now(UTC)
    upkeep.age_issues(now)
    escalation.watch(now)
    for share in range(scoring.SHARES):
        scoring.score(now, timedelta(days=3_650), share, scoring.SHARES)
    newest = Activity.objects.aggregate(newest=Max("pk"))["newest"] or 0
    LowWater.objects.update_or_create(pk=1, defaults={"activity_id": newest})
