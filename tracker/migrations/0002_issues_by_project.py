"""Issues, events, counts and activity: tables keyed by project, made by SQL."""

from pathlib import Path

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = (Path(__file__).parent / "sql" / "tables.sql").read_text()


class Migration(migrations.Migration):
    """The SQL makes what Django can't say: composite keys, partitions, storage."""

    dependencies = [("tracker", "0001_people_and_projects")]

    operations = [
        migrations.RunSQL(
            TABLES,
            state_operations=[
                migrations.CreateModel(
                    name="EventRow",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "event_id",
                                "day",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("event_id", models.UUIDField()),
                        ("day", models.DateField()),
                        ("issue_id", models.BigIntegerField()),
                        ("key_id", models.BigIntegerField()),
                        ("received_at", models.DateTimeField()),
                        ("timestamp", models.DateTimeField()),
                        ("environment_id", models.BigIntegerField()),
                        ("release_id", models.BigIntegerField(null=True)),
                        ("level", models.PositiveSmallIntegerField()),
                        ("user_key", models.UUIDField(null=True)),
                        ("dictionary", models.SmallIntegerField(default=0)),
                        ("payload", models.BinaryField()),
                    ],
                    options={
                        "db_table": "tracker_event",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="EventSeen",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "event_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("event_id", models.UUIDField()),
                        ("day", models.DateField()),
                    ],
                    options={
                        "db_table": "tracker_eventseen",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="IssueTag",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                "key",
                                "value",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        ("key", models.TextField()),
                        ("value", models.TextField()),
                        ("count", models.BigIntegerField()),
                        ("last_seen", models.DateTimeField()),
                    ],
                    options={
                        "db_table": "tracker_issuetag",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="IssueUser",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                "user_key",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        ("user_key", models.UUIDField()),
                        (
                            "environments",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), size=None
                            ),
                        ),
                        ("first_seen", models.DateTimeField()),
                        ("last_seen", models.DateTimeField()),
                        ("events", models.IntegerField()),
                    ],
                    options={
                        "db_table": "tracker_issueuser",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Ledger",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "day",
                                "kind",
                                "reason",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("day", models.DateField()),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("refused", "Refused"),
                                    ("acknowledged", "Acknowledged"),
                                    ("duplicate", "Duplicate"),
                                    ("filtered", "Filtered"),
                                    ("discarded", "Discarded"),
                                    ("counted", "Counted"),
                                    ("quarantined", "Quarantined"),
                                    ("sampled", "Sampled"),
                                    ("expired", "Expired"),
                                    ("deleted", "Deleted"),
                                    ("skipped", "Skipped"),
                                ],
                                max_length=16,
                            ),
                        ),
                        ("reason", models.CharField(max_length=64)),
                        ("count", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "tracker_ledger",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Rollup5m",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                "bucket",
                                "environment_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        ("environment_id", models.BigIntegerField()),
                        ("bucket", models.DateTimeField()),
                        ("events", models.IntegerField()),
                        ("users", models.BinaryField()),
                    ],
                    options={
                        "db_table": "tracker_rollup5m",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="RollupDay",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                "bucket",
                                "environment_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        ("environment_id", models.BigIntegerField()),
                        ("bucket", models.DateTimeField()),
                        ("events", models.IntegerField()),
                    ],
                    options={
                        "db_table": "tracker_rollupday",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="RollupHour",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                "bucket",
                                "environment_id",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        ("environment_id", models.BigIntegerField()),
                        ("bucket", models.DateTimeField()),
                        ("events", models.IntegerField()),
                    ],
                    options={
                        "db_table": "tracker_rolluphour",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="Issue",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("unresolved", "Unresolved"),
                                    ("resolved", "Resolved"),
                                    ("snoozed", "Snoozed"),
                                ],
                                default="unresolved",
                                max_length=12,
                            ),
                        ),
                        (
                            "substatus",
                            models.CharField(
                                choices=[
                                    ("new", "New"),
                                    ("ongoing", "Ongoing"),
                                    ("regressed", "Regressed"),
                                    ("escalating", "Escalating"),
                                ],
                                default="new",
                                max_length=12,
                                null=True,
                            ),
                        ),
                        (
                            "level",
                            models.PositiveSmallIntegerField(
                                choices=[
                                    (10, "Debug"),
                                    (20, "Info"),
                                    (30, "Warning"),
                                    (40, "Error"),
                                    (50, "Fatal"),
                                ],
                                default=40,
                            ),
                        ),
                        ("type", models.CharField(blank=True, default="", max_length=256)),
                        ("message", models.TextField(blank=True, default="")),
                        ("culprit", models.CharField(blank=True, default="", max_length=512)),
                        ("title", models.TextField(blank=True, default="")),
                        ("platform", models.CharField(blank=True, default="", max_length=64)),
                        ("logger", models.CharField(blank=True, default="", max_length=64)),
                        ("handled", models.BooleanField(null=True)),
                        ("first_seen", models.DateTimeField()),
                        ("last_seen", models.DateTimeField()),
                        (
                            "environments",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.BigIntegerField(), default=list, size=None
                            ),
                        ),
                        ("events", models.BigIntegerField(default=0)),
                        ("users", models.IntegerField(default=0)),
                        ("resolved_at", models.DateTimeField(null=True)),
                        ("state_changed_at", models.DateTimeField()),
                        ("state_why", models.TextField(blank=True, default="")),
                        ("reviewed_at", models.DateTimeField(null=True)),
                        ("merged_into", models.BigIntegerField(null=True)),
                        (
                            "assignee",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="issues",
                                to="tracker.project",
                            ),
                        ),
                        (
                            "first_release",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tracker.release",
                            ),
                        ),
                        (
                            "last_release",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tracker.release",
                            ),
                        ),
                        (
                            "resolved_release",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tracker.release",
                            ),
                        ),
                        (
                            "assignee_team",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to="tracker.team",
                            ),
                        ),
                    ],
                ),
                migrations.CreateModel(
                    name="GroupingKey",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        ("version", models.CharField(max_length=8)),
                        ("hash", models.BinaryField(max_length=16)),
                        ("kind", models.CharField(max_length=20)),
                        ("precise", models.BooleanField(default=False)),
                        ("locked", models.BooleanField(default=False)),
                        ("discard", models.BooleanField(default=False)),
                        ("why", models.TextField(blank=True, default="")),
                        ("events", models.BigIntegerField(default=0)),
                        ("created_at", models.DateTimeField(auto_now_add=True)),
                        (
                            "issue",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="keys",
                                to="tracker.issue",
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tracker.project",
                            ),
                        ),
                    ],
                    options={
                        "indexes": [models.Index(fields=["project", "issue"], name="key_of_issue")],
                    },
                ),
                migrations.CreateModel(
                    name="Activity",
                    fields=[
                        (
                            "id",
                            models.BigAutoField(
                                auto_created=True,
                                primary_key=True,
                                serialize=False,
                                verbose_name="ID",
                            ),
                        ),
                        (
                            "kind",
                            models.CharField(
                                choices=[
                                    ("first_seen", "first seen"),
                                    ("regressed", "regressed"),
                                    ("resolved", "resolved"),
                                    ("reopened", "reopened"),
                                    ("assigned", "assigned"),
                                    ("commented", "commented"),
                                ],
                                max_length=20,
                            ),
                        ),
                        ("data", models.JSONField(default=dict)),
                        ("created_at", models.DateTimeField()),
                        (
                            "actor",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.SET_NULL,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "issue",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                null=True,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="activity",
                                to="tracker.issue",
                            ),
                        ),
                        (
                            "project",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.CASCADE,
                                related_name="+",
                                to="tracker.project",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "activity",
                        "indexes": [
                            models.Index(
                                fields=["project", "issue", "-id"], name="activity_of_issue"
                            ),
                            models.Index(fields=["id"], name="activity_order"),
                        ],
                    },
                ),
                migrations.AddIndex(
                    model_name="issue",
                    index=models.Index(
                        fields=["status", "-last_seen", "-id"], name="issue_status_seen"
                    ),
                ),
                migrations.AddIndex(
                    model_name="issue",
                    index=models.Index(
                        fields=["project", "status", "-last_seen"], name="issue_project_status"
                    ),
                ),
                migrations.AddIndex(
                    model_name="issue",
                    index=models.Index(
                        fields=["assignee", "status", "-last_seen"], name="issue_mine"
                    ),
                ),
                migrations.AddIndex(
                    model_name="issue",
                    index=django.contrib.postgres.indexes.GinIndex(
                        fields=["environments"], name="issue_environments"
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("status", "unresolved"),
                                ("substatus__in", ["new", "ongoing", "regressed", "escalating"]),
                            ),
                            models.Q(
                                ("status__in", ["resolved", "snoozed"]), ("substatus__isnull", True)
                            ),
                            _connector="OR",
                        ),
                        name="issue_state",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("resolved_at__isnull", False), ("status", "resolved")),
                            models.Q(
                                models.Q(("status", "resolved"), _negated=True),
                                ("resolved_at__isnull", True),
                            ),
                            _connector="OR",
                        ),
                        name="issue_resolved_when",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.CheckConstraint(
                        condition=models.Q(
                            ("assignee__isnull", True),
                            ("assignee_team__isnull", True),
                            _connector="OR",
                        ),
                        name="issue_one_assignee",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="issue",
                    constraint=models.CheckConstraint(
                        condition=models.Q(("events__gte", 0), ("users__gte", 0)),
                        name="issue_counts_positive",
                    ),
                ),
            ],
        ),
    ]
