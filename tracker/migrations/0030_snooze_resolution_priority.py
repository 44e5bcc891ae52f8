"""What issues wait for, in which release they were resolved, how urgent they are."""

from pathlib import Path

import django.core.validators
from django.db import migrations, models

TRIAGE = (Path(__file__).parent / "sql" / "triage.sql").read_text()


class Migration(migrations.Migration):
    """Expands only: processes of the version before go on writing."""

    dependencies = [("tracker", "0026_grouping_rules")]

    operations = [
        migrations.RunSQL(
            TRIAGE,
            state_operations=[
                migrations.AddField(
                    model_name="issue",
                    name="priority",
                    field=models.PositiveSmallIntegerField(
                        choices=[(10, "Low"), (20, "Medium"), (30, "High")],
                        db_default=20,
                        default=20,
                    ),
                ),
                migrations.AddField(
                    model_name="issue",
                    name="priority_by_hand",
                    field=models.BooleanField(
                        db_default=False,
                        default=False,
                        help_text="Somebody chose it: it is computed no more.",
                    ),
                ),
                migrations.AddField(
                    model_name="issue",
                    name="resolution",
                    field=models.JSONField(
                        editable=False,
                        help_text="How it was resolved and what was seen since; only of resolved issues.",
                        null=True,
                    ),
                ),
                migrations.AddField(
                    model_name="issue",
                    name="snooze",
                    field=models.JSONField(
                        editable=False,
                        help_text="What a snoozed issue waits for, and how far it is.",
                        null=True,
                    ),
                ),
                migrations.AddField(
                    model_name="issue",
                    name="snoozed_until",
                    field=models.DateTimeField(editable=False, null=True),
                ),
                migrations.AddField(
                    model_name="issue",
                    name="trend",
                    field=models.FloatField(
                        db_default=1.0,
                        default=1.0,
                        help_text="(events in 24 h + 1) / (daily mean of the 7 days before + 1).",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("snooze__isnull", False), ("status", "snoozed")),
                            models.Q(
                                models.Q(("status", "snoozed"), _negated=True),
                                ("snooze__isnull", True),
                                ("snoozed_until__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="issue_snoozed_how",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("priority__in", [10, 20, 30])), name="issue_priority"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="project",
            name="auto_resolve_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Resolve issues by themselves after so many days without events; empty: never.",
                null=True,
                validators=[
                    django.core.validators.MinValueValidator(1),
                    django.core.validators.MaxValueValidator(3650),
                ],
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="ignored",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Implausible: does not count when it is judged whether an issue came back.",
            ),
        ),
    ]
