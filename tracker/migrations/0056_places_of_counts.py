"""Issues with one event, or without users, are found in the order of their ids.

The twins of counts told the step alone: where no event names a user, all issues stand on one
step, and each page of them read and sorted it whole. Now the twin of a count that is a step by
itself has the id, too. The table is rewritten once, some seconds for 100,000 issues, while
events wait in the inbox; the vacuum lets counts of tabs read the index alone again.
"""

from django.db import migrations, models

LIVE = "merged_into IS NULL AND deleted_at IS NULL"
_STEPS = (1, *(step for power in range(1, 31) for step in (2**power, 3 * 2 ** (power - 1))))
_PLACE = (
    f"(width_bucket({{0}}, ARRAY[{', '.join(map(str, _STEPS))}]::bigint[])::bigint << 56)"
    " + CASE WHEN {0} <= 3 THEN id ELSE 0 END"
)
_COLUMNS = f"""
ALTER TABLE tracker_issue
  ADD COLUMN IF NOT EXISTS events_place bigint
    GENERATED ALWAYS AS ({_PLACE.format("events")}) STORED,
  ADD COLUMN IF NOT EXISTS users_place bigint
    GENERATED ALWAYS AS ({_PLACE.format("users")}) STORED
"""
_INDEXES = {  # known to PostgreSQL alone
    "issue_status_events": f"(status, events_place DESC) WHERE {LIVE}",
    "issue_status_users": f"(status, users_place DESC) INCLUDE (project_id) WHERE {LIVE}",
}


def _replaced(name: str, what: str) -> list[str]:
    """The old one serves until the new one is whole; what an interrupted run left goes first."""
    return [
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}_place",
        f"CREATE INDEX CONCURRENTLY {name}_place ON tracker_issue {what}",
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"ALTER INDEX {name}_place RENAME TO {name}",
    ]


def _generated(column: str) -> models.GeneratedField:
    told = models.Func(models.F(column), models.F("id"), template=_PLACE.format(column))
    return models.GeneratedField(
        expression=told, output_field=models.BigIntegerField(), db_persist=True
    )


class Migration(migrations.Migration):
    """Outside a transaction, statement by statement; may be run again."""

    atomic = False
    dependencies = [("tracker", "0055_smaller_samples_of_events")]

    operations = [
        migrations.RunSQL(
            [
                _COLUMNS,
                *(sql for name, what in _INDEXES.items() for sql in _replaced(name, what)),
                "VACUUM (ANALYZE) tracker_issue",
                "ALTER TABLE tracker_issue DROP COLUMN IF EXISTS events_step",
                "ALTER TABLE tracker_issue DROP COLUMN IF EXISTS users_step",
            ],
            state_operations=[
                migrations.RemoveField("issue", "events_step"),
                migrations.RemoveField("issue", "users_step"),
                migrations.AddField("issue", "events_place", _generated("events")),
                migrations.AddField("issue", "users_place", _generated("users")),
            ],
        ),
    ]
