"""Indexes of lists leave out what was merged or deleted: counts read the index alone."""

from django.db import migrations, models

LIVE = "merged_into IS NULL AND deleted_at IS NULL"
_INDEXES = {
    "issue_status_seen": f"(status, last_seen DESC, id DESC) WHERE {LIVE}",
    "issue_project_status": f"(project_id, status, last_seen DESC) WHERE {LIVE}",
    "issue_mine": f"(assignee_id, status, last_seen DESC) WHERE assignee_id IS NOT NULL AND {LIVE}",
    "issue_attention": "(substatus, project_id, state_changed_at)"
    " INCLUDE (reviewed_at, merged_into, deleted_at)"
    " WHERE status = 'unresolved' AND NOT (substatus = 'ongoing' AND substatus IS NOT NULL)",
    "issue_newest": f"(status, first_seen DESC, id DESC) WHERE {LIVE}",
    "issue_status_priority": f"(status, priority DESC, id DESC) WHERE {LIVE}",
    "issue_status_trend": f"(status, trend DESC, id DESC) WHERE {LIVE}",
    # These three are known to PostgreSQL alone.
    "issue_seen": f"(last_seen DESC, id DESC) WHERE {LIVE}",
    "issue_status_events": f"(status, events DESC, id DESC) WHERE {LIVE}",
    "issue_status_users": f"(status, users DESC, id DESC) INCLUDE (project_id) WHERE {LIVE}",
}


def _replaced(name: str, what: str) -> list[str]:
    """The old one serves until the new one is whole; what an interrupted run left goes first."""
    return [
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}_live",
        f"CREATE INDEX CONCURRENTLY {name}_live ON tracker_issue {what}",
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"ALTER INDEX {name}_live RENAME TO {name}",
    ]


_live = models.Q(("deleted_at__isnull", True), ("merged_into__isnull", True))
_STATE = (
    models.Index(condition=_live, fields=["status", "-last_seen", "-id"], name="issue_status_seen"),
    models.Index(
        condition=_live,
        fields=["project", "status", "-last_seen"],
        name="issue_project_status",
    ),
    models.Index(
        condition=models.Q(
            ("assignee__isnull", False),
            ("deleted_at__isnull", True),
            ("merged_into__isnull", True),
        ),
        fields=["assignee", "status", "-last_seen"],
        name="issue_mine",
    ),
    models.Index(
        condition=models.Q(
            ("status", "unresolved"), models.Q(("substatus", "ongoing"), _negated=True)
        ),
        fields=["substatus", "project", "state_changed_at"],
        include=["reviewed_at", "merged_into", "deleted_at"],
        name="issue_attention",
    ),
    models.Index(condition=_live, fields=["status", "-first_seen", "-id"], name="issue_newest"),
    models.Index(
        condition=_live, fields=["status", "-priority", "-id"], name="issue_status_priority"
    ),
    models.Index(condition=_live, fields=["status", "-trend", "-id"], name="issue_status_trend"),
)


class Migration(migrations.Migration):
    """Outside a transaction, statement by statement; may be run again."""

    atomic = False
    dependencies = [("tracker", "0051_vacuum_sooner")]

    operations = [
        migrations.RunSQL(
            [sql for name, what in _INDEXES.items() for sql in _replaced(name, what)],
            state_operations=[
                operation
                for index in _STATE
                for operation in (
                    migrations.RemoveIndex("issue", index.name),
                    migrations.AddIndex("issue", index),
                )
            ],
        ),
    ]
