"""What changes with each event leaves the indexes of issues: coarse twins stand there instead.

An UPDATE of a batch wrote an entry into each of thirteen indexes; now it writes none of them
but when an issue reaches another minute or another step. The table is rewritten once, some
seconds for 100,000 issues, while events wait in the inbox.
"""

from django.db import migrations, models

LIVE = "merged_into IS NULL AND deleted_at IS NULL"
_MINUTE = "date_bin('1 minute', {}, '2000-01-01 00:00:00+00'::timestamptz)"
_STEPS = (1, *(step for power in range(1, 31) for step in (2**power, 3 * 2 ** (power - 1))))
_STEP = f"width_bucket({{}}, ARRAY[{', '.join(map(str, _STEPS))}]::bigint[])"
_COLUMNS = f"""
ALTER TABLE tracker_issue
  ADD COLUMN IF NOT EXISTS seen_minute timestamptz
    GENERATED ALWAYS AS ({_MINUTE.format("last_seen")}) STORED,
  ADD COLUMN IF NOT EXISTS events_step smallint
    GENERATED ALWAYS AS ({_STEP.format("events")}) STORED,
  ADD COLUMN IF NOT EXISTS users_step smallint
    GENERATED ALWAYS AS ({_STEP.format("users")}) STORED
"""
_INDEXES = {
    "issue_status_seen": f"(status, seen_minute DESC, id DESC) WHERE {LIVE}",
    "issue_project_status": f"(project_id, status, seen_minute DESC) WHERE {LIVE}",
    "issue_mine": "(assignee_id, status, seen_minute DESC)"
    f" WHERE assignee_id IS NOT NULL AND {LIVE}",
    "issue_of_team": "(assignee_team_id, status, seen_minute DESC)"
    " WHERE assignee_team_id IS NOT NULL",
    # These three are known to PostgreSQL alone.
    "issue_seen": f"(seen_minute DESC, id DESC) WHERE {LIVE}",
    "issue_status_events": f"(status, events_step DESC, id DESC) WHERE {LIVE}",
    "issue_status_users": f"(status, users_step DESC, id DESC) INCLUDE (project_id) WHERE {LIVE}",
}


def _replaced(name: str, what: str) -> list[str]:
    """The old one serves until the new one is whole; what an interrupted run left goes first."""
    return [
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}_twin",
        f"CREATE INDEX CONCURRENTLY {name}_twin ON tracker_issue {what}",
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"ALTER INDEX {name}_twin RENAME TO {name}",
    ]


def _generated(expression: str, column: str, output: models.Field) -> models.GeneratedField:
    told = models.Func(models.F(column), template=expression.format("%(expressions)s"))
    return models.GeneratedField(expression=told, output_field=output, db_persist=True)


_live = models.Q(("deleted_at__isnull", True), ("merged_into__isnull", True))
_STATE = (
    models.Index(
        condition=_live, fields=["status", "-seen_minute", "-id"], name="issue_status_seen"
    ),
    models.Index(
        condition=_live,
        fields=["project", "status", "-seen_minute"],
        name="issue_project_status",
    ),
    models.Index(
        condition=models.Q(
            ("assignee__isnull", False),
            ("deleted_at__isnull", True),
            ("merged_into__isnull", True),
        ),
        fields=["assignee", "status", "-seen_minute"],
        name="issue_mine",
    ),
    models.Index(
        condition=models.Q(("assignee_team__isnull", False)),
        fields=["assignee_team", "status", "-seen_minute"],
        name="issue_of_team",
    ),
)


class Migration(migrations.Migration):
    """Outside a transaction, statement by statement; may be run again."""

    atomic = False
    dependencies = [("tracker", "0052_lists_of_live_issues")]

    operations = [
        migrations.RunSQL(
            [
                _COLUMNS,
                *(sql for name, what in _INDEXES.items() for sql in _replaced(name, what)),
                "ANALYZE tracker_issue",
            ],
            state_operations=[
                migrations.AddField(
                    "issue", "seen_minute",
                    _generated(_MINUTE, "last_seen", models.DateTimeField()),
                ),
                migrations.AddField(
                    "issue", "events_step",
                    _generated(_STEP, "events", models.SmallIntegerField()),
                ),
                migrations.AddField(
                    "issue", "users_step",
                    _generated(_STEP, "users", models.SmallIntegerField()),
                ),
                *(
                    operation
                    for index in _STATE
                    for operation in (
                        migrations.RemoveIndex("issue", index.name),
                        migrations.AddIndex("issue", index),
                    )
                ),
            ],
        ),
    ]  # fmt: skip
