"""Rules, channels, incidents, the outbox and what the evaluator has read."""

import uuid

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.manager
from django.db import migrations, models

import alerts.models.channel
import alerts.models.reading
import alerts.models.rule


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("tracker", "0002_issues_by_project"),
    ]

    operations = [
        migrations.CreateModel(
            name="Evaluated",
            fields=[
                ("activity_id", models.BigIntegerField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "evaluated",
            },
        ),
        migrations.CreateModel(
            name="Channel",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(choices=alerts.models.channel.kind_choices, max_length=20),
                ),
                ("name", models.CharField(max_length=100)),
                ("config", models.JSONField(blank=True, default=dict, editable=False)),
                ("sealed", models.TextField(blank=True, default="", editable=False)),
                ("enabled", models.BooleanField(default=True)),
                (
                    "failures",
                    models.PositiveIntegerField(
                        default=0, editable=False, help_text="Failed attempts in a row."
                    ),
                ),
                ("paused_until", models.DateTimeField(editable=False, null=True)),
                ("last_error", models.TextField(blank=True, default="", editable=False)),
                ("last_sent_at", models.DateTimeField(editable=False, null=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="channels",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("enabled", models.BooleanField(default=True)),
                (
                    "triggers",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=30),
                        default=alerts.models.rule.default_triggers,
                        size=None,
                    ),
                ),
                (
                    "environments",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(blank=True, max_length=64),
                        blank=True,
                        default=list,
                        help_text="Names separated by commas; empty: any environment.",
                        size=None,
                    ),
                ),
                (
                    "min_level",
                    models.PositiveSmallIntegerField(
                        choices=alerts.models.rule.level_choices,
                        default=40,
                        help_text="This level and above.",
                        verbose_name="level",
                    ),
                ),
                (
                    "severity",
                    models.CharField(
                        choices=alerts.models.rule.severity_choices, default="notify", max_length=10
                    ),
                ),
                (
                    "cooldown_minutes",
                    models.PositiveIntegerField(
                        default=30,
                        help_text="Repeats within this time are not told; it doubles while an incident goes on.",
                        validators=[django.core.validators.MaxValueValidator(10080)],
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alert_rules",
                        to="tracker.project",
                    ),
                ),
                (
                    "channels",
                    models.ManyToManyField(
                        blank=True,
                        help_text="Empty: every channel of the project.",
                        related_name="rules",
                        to="alerts.channel",
                    ),
                ),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("open", "open"),
                            ("update", "update"),
                            ("close", "close"),
                            ("test", "test"),
                        ],
                        max_length=8,
                    ),
                ),
                ("seq", models.PositiveIntegerField()),
                ("page", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "queued"),
                            ("sending", "sending"),
                            ("sent", "sent"),
                            ("retry", "retry"),
                            ("dead", "dead"),
                            ("unsent", "not sent"),
                        ],
                        default="queued",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                (
                    "next_attempt_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("lease_until", models.DateTimeField(null=True)),
                ("last_status", models.CharField(blank=True, default="", max_length=40)),
                ("last_error", models.TextField(blank=True, default="")),
                ("content", models.JSONField(default=dict)),
                (
                    "reached",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=254),
                        blank=True,
                        default=list,
                        size=None,
                    ),
                ),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
                ),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "channel",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="deliveries",
                        to="alerts.channel",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Mail",
            fields=[],
            options={
                "verbose_name": "mail",
                "verbose_name_plural": "mailbox",
                "proxy": True,
                "indexes": [],
                "constraints": [],
            },
            bases=("alerts.delivery",),
            managers=[
                ("mails", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uid", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "severity",
                    models.CharField(choices=alerts.models.rule.severity_choices, max_length=10),
                ),
                ("opened_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_why", models.CharField(blank=True, default="", max_length=200)),
                ("seq", models.PositiveIntegerField(default=0)),
                ("firings", models.PositiveIntegerField(default=0)),
                ("notices", models.PositiveIntegerField(default=0)),
                ("notified_at", models.DateTimeField()),
                (
                    "issue",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incidents",
                        to="tracker.issue",
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
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="incidents",
                        to="alerts.alertrule",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="delivery",
            name="incident",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="deliveries",
                to="alerts.incident",
            ),
        ),
        migrations.CreateModel(
            name="Decision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("activity_id", models.BigIntegerField()),
                ("issue_id", models.BigIntegerField(null=True)),
                ("kind", models.CharField(max_length=30)),
                (
                    "outcome",
                    models.CharField(choices=alerts.models.reading.outcome_choices, max_length=10),
                ),
                ("fired", models.BooleanField()),
                ("reasons", models.JSONField(default=list)),
                ("created_at", models.DateTimeField()),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="decisions",
                        to="alerts.alertrule",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="decisions",
                        to="alerts.incident",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LowWater",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("activity_id", models.BigIntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="low_water_single")
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="channel",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="channel_once"),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="rule_once"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["rule", "issue", "-id"], name="incident_latest"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["project", "-id"], name="incident_of_project"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True)),
                fields=("rule", "issue"),
                name="incident_one_open",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "sending", "retry"])),
                fields=["next_attempt_at"],
                name="delivery_due",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "sending", "retry"])),
                fields=["incident", "channel", "seq"],
                name="delivery_order",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["channel", "-id"], name="delivery_log"),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "dead")), fields=["id"], name="delivery_dead"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("incident", "channel", "kind", "seq"), name="delivery_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["queued", "sending", "sent", "retry", "dead", "unsent"])
                ),
                name="delivery_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind", "test"), ("incident__isnull", False), _connector="OR"),
                name="delivery_of_incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sending"), _negated=True),
                    ("lease_until__isnull", False),
                    _connector="OR",
                ),
                name="delivery_leased",
            ),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["project", "issue_id", "-id"], name="decision_of_issue"),
        ),
        migrations.AddIndex(
            model_name="decision",
            index=models.Index(fields=["created_at"], name="decision_age"),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                fields=("activity_id", "rule"), name="decision_once"
            ),
        ),
    ]
