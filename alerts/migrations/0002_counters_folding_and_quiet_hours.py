"""Counter rules, folding, quiet hours; incidents of projects."""

import datetime as dt

import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

import alerts.models.channel
import alerts.models.rule


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0001_rules_channels_and_outbox"),
        ("tracker", "0022_dictionaries_and_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Met",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("project_id", models.BigIntegerField()),
                ("issue_id", models.BigIntegerField()),
                ("kind", models.CharField(max_length=12)),
                ("value", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "met",
            },
        ),
        migrations.CreateModel(
            name="QuietHours",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("start", models.TimeField(blank=True, null=True, verbose_name="from")),
                ("end", models.TimeField(blank=True, null=True, verbose_name="to")),
                (
                    "timezone",
                    models.CharField(
                        default="UTC",
                        max_length=64,
                        validators=[alerts.models.channel.validate_zone],
                        verbose_name="time zone",
                    ),
                ),
            ],
            options={
                "verbose_name": "quiet hours",
                "verbose_name_plural": "quiet hours",
            },
        ),
        migrations.CreateModel(
            name="Unsubscribed",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("address", models.EmailField(max_length=254)),
                ("at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "unsubscribed",
            },
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_once",
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_state",
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_of_incident",
        ),
        migrations.AddField(
            model_name="alertrule",
            name="counts",
            field=models.CharField(
                blank=True,
                choices=alerts.models.rule.count_choices,
                default="",
                help_text="Instead of the above: a number of these within a window.",
                max_length=10,
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="query",
            field=models.CharField(
                blank=True,
                default="",
                help_text="Only issues that this search finds, as in the list of issues.",
                max_length=500,
                verbose_name="search",
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="threshold",
            field=models.PositiveIntegerField(
                default=0, help_text="At least so many; percent for a share of users."
            ),
        ),
        migrations.AddField(
            model_name="alertrule",
            name="window_minutes",
            field=models.PositiveIntegerField(
                choices=[
                    (5, "5 min"),
                    (10, "10 min"),
                    (15, "15 min"),
                    (30, "30 min"),
                    (60, "60 min"),
                    (120, "120 min"),
                    (360, "360 min"),
                    (1440, "1440 min"),
                ],
                default=10,
                verbose_name="window",
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="budget_per_hour",
            field=models.PositiveSmallIntegerField(
                default=60,
                help_text="What is more becomes one message with a link to the list.",
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="messages an hour",
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="digest_at",
            field=models.TimeField(
                default=dt.time(9, 0), help_text="When the daily digest leaves."
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="fallback",
            field=models.ForeignKey(
                blank=True,
                help_text="Gets the pages that this one could not deliver in three attempts.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="alerts.channel",
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="folded_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="folds",
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name="channel",
            name="quiet_from",
            field=models.TimeField(blank=True, help_text="Pages pass.", null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="quiet_to",
            field=models.TimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="channel",
            name="timezone",
            field=models.CharField(
                default="UTC",
                max_length=64,
                validators=[alerts.models.channel.validate_zone],
                verbose_name="time zone",
            ),
        ),
        migrations.AddField(
            model_name="channel",
            name="window_minutes",
            field=models.PositiveSmallIntegerField(
                choices=[(0, "no limit"), (5, "5 minutes"), (15, "15 minutes"), (60, "an hour")],
                default=0,
                help_text="The first alert leaves at once, later ones become one message. Pages pass.",
                verbose_name="at most a message in",
            ),
        ),
        migrations.AddField(
            model_name="decision",
            name="at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="delivery",
            name="decided_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="folded_into",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="folded",
                to="alerts.delivery",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="held_for",
            field=models.CharField(blank=True, default="", max_length=8),
        ),
        migrations.AddField(
            model_name="delivery",
            name="held_until",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="delivery",
            name="part",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="delivery",
            name="remote",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="incident",
            name="active_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="cause",
            field=models.CharField(blank=True, default="", max_length=30),
        ),
        migrations.AddField(
            model_name="incident",
            name="subject",
            field=models.CharField(blank=True, default="", max_length=100),
        ),
        migrations.AddField(
            model_name="lowwater",
            name="counted_to",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="alertrule",
            name="triggers",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=30),
                blank=True,
                default=alerts.models.rule.default_triggers,
                size=None,
            ),
        ),
        migrations.AlterField(
            model_name="decision",
            name="activity_id",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("update", "update"),
                    ("close", "close"),
                    ("test", "test"),
                    ("trouble", "trouble"),
                ],
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="state",
            field=models.CharField(
                choices=[
                    ("queued", "queued"),
                    ("sending", "sending"),
                    ("sent", "sent"),
                    ("retry", "retry"),
                    ("dead", "dead"),
                    ("unsent", "not sent"),
                    ("held", "held back"),
                    ("folded", "told in another"),
                ],
                default="queued",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="incident",
            name="issue",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="incidents",
                to="tracker.issue",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("state", "held")),
                fields=["channel", "held_for", "held_until"],
                name="delivery_held",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["channel", "decided_at"], name="delivery_budget"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["rule", "active_at"],
                name="incident_open_active",
            ),
        ),
        migrations.AddConstraint(
            model_name="decision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("activity_id__isnull", True), ("issue_id__isnull", False)),
                fields=("rule", "issue_id", "at", "outcome"),
                name="decision_once_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                fields=("incident", "channel", "kind", "seq", "part"), name="delivery_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        ["queued", "sending", "sent", "retry", "dead", "unsent", "held", "folded"],
                    )
                ),
                name="delivery_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["test", "trouble"]), ("incident__isnull", False), _connector="OR"
                ),
                name="delivery_of_incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("closed_at__isnull", True), ("issue__isnull", True)),
                fields=("rule", "subject"),
                name="incident_one_open_subject",
            ),
        ),
        migrations.AddConstraint(
            model_name="met",
            constraint=models.UniqueConstraint(
                fields=("project_id", "issue_id", "kind", "value"), name="met_once"
            ),
        ),
        migrations.AddField(
            model_name="quiethours",
            name="user",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="quiet_hours",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="unsubscribed",
            name="project",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tracker.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="unsubscribed",
            constraint=models.UniqueConstraint(
                fields=("project", "address"), name="unsubscribed_once"
            ),
        ),
    ]
