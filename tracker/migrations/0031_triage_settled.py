"""Constraints proven and indexes built without holding up the digest."""

from django.db import migrations, models

_INDEXES = {
    "issue_status_priority": "(status, priority DESC, id DESC)",
    "issue_status_trend": "(status, trend DESC, id DESC)",
    "issue_snoozed_until": "(snoozed_until) WHERE snoozed_until IS NOT NULL",
}


def _built(name: str, what: str) -> list[str]:
    """What an interrupted run left behind is not valid: it goes first."""
    return [
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"CREATE INDEX CONCURRENTLY {name} ON tracker_issue {what}",
    ]


class Migration(migrations.Migration):
    """Outside a transaction, statement by statement; may be run again."""

    atomic = False
    dependencies = [("tracker", "0030_snooze_resolution_priority")]

    operations = [
        migrations.RunSQL(
            [
                "ALTER TABLE tracker_issue VALIDATE CONSTRAINT issue_snoozed_how",
                "ALTER TABLE tracker_issue VALIDATE CONSTRAINT issue_priority",
                *(sql for name, what in _INDEXES.items() for sql in _built(name, what)),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="issue",
                    index=models.Index(
                        fields=["status", "-priority", "-id"], name="issue_status_priority"
                    ),
                ),
                migrations.AddIndex(
                    model_name="issue",
                    index=models.Index(
                        fields=["status", "-trend", "-id"], name="issue_status_trend"
                    ),
                ),
                migrations.AddIndex(
                    model_name="issue",
                    index=models.Index(
                        condition=models.Q(("snoozed_until__isnull", False)),
                        fields=["snoozed_until"],
                        name="issue_snoozed_until",
                    ),
                ),
            ],
        ),
    ]
