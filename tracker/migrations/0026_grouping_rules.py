"""Grouping rules with history, versions a project was upgraded from, features of issues."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FEATURES = (Path(__file__).parent / "sql" / "features.sql").read_text()


class Migration(migrations.Migration):
    """The table of features is made by SQL: its primary key starts with project_id."""

    dependencies = [("tracker", "0025_traces_of_events")]

    operations = [
        migrations.RunSQL(
            FEATURES,
            "DROP TABLE tracker_issuefeatures",
            state_operations=[
                migrations.CreateModel(
                    name="IssueFeatures",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        (
                            "anchors",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), size=None
                            ),
                        ),
                        ("features", models.JSONField()),
                    ],
                    options={"db_table": "tracker_issuefeatures", "managed": False},
                ),
            ],
        ),
        migrations.AddField(
            model_name="project",
            name="previous_grouping_versions",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=8),
                blank=True,
                default=list,
                editable=False,
                help_text="Versions that the project was upgraded from, the latest first.",
                size=None,
            ),
        ),
        migrations.CreateModel(
            name="GroupingRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("fingerprint_rules", models.TextField(blank=True)),
                ("stack_rules", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                (
                    "restored",
                    models.PositiveIntegerField(
                        help_text="Number of the revision that this one brought back.", null=True
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "grouping rules",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "number"), name="grouping_rules_number"
                    )
                ],
            },
        ),
    ]
