"""What arrives beside events: sessions, check-ins, feedback, files, deploys; inbound filters."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

SESSIONS = (Path(__file__).parent / "sql" / "sessions.sql").read_text()


class Migration(migrations.Migration):
    """Session tables by SQL: composite keys and storage."""

    dependencies = [("tracker", "0002_issues_by_project")]

    operations = [
        migrations.RunSQL(
            SESSIONS,
            state_operations=[
                migrations.CreateModel(
                    name="SessionHour",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "release_id",
                                "environment_id",
                                "bucket",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("release_id", models.BigIntegerField()),
                        ("environment_id", models.BigIntegerField()),
                        ("bucket", models.DateTimeField()),
                        ("total", models.BigIntegerField()),
                        ("errored", models.BigIntegerField()),
                        ("abnormal", models.BigIntegerField()),
                        ("crashed", models.BigIntegerField()),
                        ("users", models.BinaryField(help_text="Sketch of who ran them.")),
                        (
                            "crashed_users",
                            models.BinaryField(help_text="Sketch of who met a crash."),
                        ),
                    ],
                    options={
                        "db_table": "tracker_sessionhour",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="SessionSeen",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "sid",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        (
                            "sid",
                            models.UUIDField(help_text="Hash of the id that the client chose."),
                        ),
                        ("seq", models.BigIntegerField()),
                        ("outcome", models.SmallIntegerField()),
                        ("release_id", models.BigIntegerField()),
                        ("environment_id", models.BigIntegerField()),
                        ("bucket", models.DateTimeField()),
                    ],
                    options={
                        "db_table": "tracker_session",
                        "managed": False,
                    },
                ),
            ],
        ),
        migrations.AddField(
            model_name="projectkey",
            name="monthly_quota",
            field=models.PositiveBigIntegerField(
                blank=True, help_text="Events a calendar month (UTC); empty: no quota.", null=True
            ),
        ),
        migrations.CreateModel(
            name="InboundFilters",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "browser_extensions",
                    models.BooleanField(
                        default=False, help_text="Errors of visitors' browser extensions."
                    ),
                ),
                (
                    "crawlers",
                    models.BooleanField(default=False, help_text="Errors met by search robots."),
                ),
                (
                    "localhost",
                    models.BooleanField(default=False, help_text="Errors of developers' machines."),
                ),
                (
                    "releases",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        help_text="Old releases; `*` stands for anything, e.g. `shop@1.*`.",
                        size=None,
                    ),
                ),
                (
                    "messages",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=200),
                        blank=True,
                        default=list,
                        help_text="Titles and messages; `*` stands for anything.",
                        size=None,
                    ),
                ),
                (
                    "ip_ranges",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=50),
                        blank=True,
                        default=list,
                        help_text="Addresses or networks of senders, e.g. `203.0.113.0/24`.",
                        size=None,
                    ),
                ),
                (
                    "project",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="filters",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "inbound filters",
            },
        ),
        migrations.CreateModel(
            name="Monitor",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=50)),
                ("environment", models.CharField(default="production", max_length=64)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "never ran"),
                            ("ok", "ok"),
                            ("error", "failed"),
                            ("missed", "missed"),
                            ("timeout", "took too long"),
                        ],
                        default="waiting",
                        max_length=10,
                    ),
                ),
                (
                    "muted",
                    models.BooleanField(default=False, help_text="Watched, but opens no issues."),
                ),
                (
                    "schedule",
                    models.JSONField(
                        blank=True,
                        help_text="`type`, `value`, `unit`; none: never missed.",
                        null=True,
                    ),
                ),
                ("timezone", models.CharField(default="UTC", max_length=64)),
                (
                    "margin",
                    models.PositiveIntegerField(
                        default=1, help_text="Minutes that it may be late."
                    ),
                ),
                (
                    "max_runtime",
                    models.PositiveIntegerField(default=30, help_text="Minutes that it may run."),
                ),
                (
                    "failure_threshold",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="Failures in a row that open an issue."
                    ),
                ),
                (
                    "recovery_threshold",
                    models.PositiveSmallIntegerField(
                        default=1, help_text="Successes in a row that make it well again."
                    ),
                ),
                ("failures", models.PositiveIntegerField(default=0, editable=False)),
                ("successes", models.PositiveIntegerField(default=0, editable=False)),
                ("last_check_in_at", models.DateTimeField(editable=False, null=True)),
                (
                    "due_at",
                    models.DateTimeField(
                        editable=False, help_text="When it will count as missed.", null=True
                    ),
                ),
                (
                    "running",
                    models.UUIDField(editable=False, help_text="Its open check-in.", null=True),
                ),
                (
                    "overdue_at",
                    models.DateTimeField(
                        editable=False,
                        help_text="When the open check-in will count as too long.",
                        null=True,
                    ),
                ),
                (
                    "alarm",
                    models.CharField(
                        blank=True,
                        default="",
                        editable=False,
                        help_text="A failure that still has to become an event of its issue.",
                        max_length=10,
                    ),
                ),
                (
                    "alarm_id",
                    models.UUIDField(editable=False, help_text="Id of that event.", null=True),
                ),
                (
                    "release",
                    models.CharField(blank=True, default="", editable=False, max_length=200),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="monitors",
                        to="tracker.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CheckIn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("check_in_id", models.UUIDField()),
                ("status", models.CharField(max_length=12)),
                ("duration", models.FloatField(help_text="Seconds.", null=True)),
                ("release", models.CharField(blank=True, default="", max_length=200)),
                ("trace_id", models.CharField(blank=True, default="", max_length=32)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "monitor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="check_ins",
                        to="tracker.monitor",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attachment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "event_id",
                    models.UUIDField(
                        help_text="May arrive before or after; kept a day without it."
                    ),
                ),
                ("filename", models.CharField(max_length=256)),
                ("content_type", models.CharField(blank=True, default="", max_length=128)),
                ("kind", models.CharField(default="event.attachment", max_length=64)),
                ("size", models.BigIntegerField(help_text="Bytes.")),
                ("sha256", models.CharField(max_length=64)),
                ("path", models.CharField(help_text="Name in the storage.", max_length=200)),
                ("created_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="attachments",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at", "id"], name="attachment_oldest")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "event_id", "sha256", "filename"), name="attachment_once"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Deploy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("started", "Started"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("timed_out", "Timed Out"),
                        ],
                        default="succeeded",
                        max_length=12,
                    ),
                ),
                (
                    "actor",
                    models.CharField(
                        blank=True, help_text="Who deployed, as told.", max_length=256
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=64)),
                ("url", models.CharField(blank=True, max_length=2048)),
                ("comment", models.TextField(blank=True)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                (
                    "environment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deploys",
                        to="tracker.environment",
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deploys",
                        to="tracker.project",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deploys",
                        to="tracker.release",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["project", "-started_at", "-id"], name="deploy_newest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("status__in", ["started", "succeeded", "failed", "timed_out"])
                        ),
                        name="deploy_status",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Feedback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("feedback_id", models.UUIDField(help_text="Makes a second delivery harmless.")),
                (
                    "event_id",
                    models.UUIDField(
                        help_text="The event it is about; may arrive later.", null=True
                    ),
                ),
                ("name", models.CharField(blank=True, default="", max_length=256)),
                ("email", models.CharField(blank=True, default="", max_length=256)),
                ("message", models.TextField()),
                ("url", models.CharField(blank=True, default="", max_length=2048)),
                ("release", models.CharField(blank=True, default="", max_length=200)),
                ("environment", models.CharField(blank=True, default="", max_length=64)),
                ("source", models.CharField(blank=True, default="", max_length=64)),
                ("created_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="feedback",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "feedback",
                "indexes": [
                    models.Index(fields=["project", "-created_at", "-id"], name="feedback_newest"),
                    models.Index(fields=["project", "event_id"], name="feedback_of_event"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("project", "feedback_id"), name="feedback_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="monitor",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="monitor_due"
            ),
        ),
        migrations.AddIndex(
            model_name="monitor",
            index=models.Index(
                condition=models.Q(("overdue_at__isnull", False)),
                fields=["overdue_at"],
                name="monitor_overdue",
            ),
        ),
        migrations.AddIndex(
            model_name="monitor",
            index=models.Index(
                condition=models.Q(("alarm", ""), _negated=True),
                fields=["id"],
                name="monitor_alarm",
            ),
        ),
        migrations.AddConstraint(
            model_name="monitor",
            constraint=models.UniqueConstraint(
                fields=("project", "slug", "environment"), name="monitor_once"
            ),
        ),
        migrations.AddIndex(
            model_name="checkin",
            index=models.Index(fields=["monitor", "-id"], name="check_in_newest"),
        ),
        migrations.AddConstraint(
            model_name="checkin",
            constraint=models.UniqueConstraint(
                fields=("monitor", "check_in_id"), name="check_in_once"
            ),
        ),
    ]
