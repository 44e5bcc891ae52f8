"""Notices for one person, incidents that somebody is on, what receivers call a message."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alerts", "0003_tickets"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="quiethours",
            options={"verbose_name": "my notifications", "verbose_name_plural": "my notifications"},
        ),
        migrations.RemoveConstraint(
            model_name="delivery",
            name="delivery_of_incident",
        ),
        migrations.AddField(
            model_name="incident",
            name="acknowledged_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="incident",
            name="acknowledged_by",
            field=models.CharField(blank=True, default="", max_length=150),
        ),
        migrations.AddField(
            model_name="quiethours",
            name="on_assigned",
            field=models.BooleanField(
                default=True,
                help_text="By somebody else.",
                verbose_name="when an issue is assigned to me",
            ),
        ),
        migrations.AddField(
            model_name="quiethours",
            name="on_mentioned",
            field=models.BooleanField(default=True, verbose_name="when a comment mentions me"),
        ),
        migrations.AddField(
            model_name="quiethours",
            name="slack_member",
            field=models.CharField(
                blank=True,
                default="",
                help_text="These two come by Slack instead of mail, in projects with a Slack bot.",
                max_length=20,
                validators=[
                    django.core.validators.RegexValidator(
                        "\\A[UW][A-Z0-9]{5,18}\\Z", "An id looks like U0123456789."
                    )
                ],
                verbose_name="Slack member id",
            ),
        ),
        migrations.AlterField(
            model_name="delivery",
            name="kind",
            field=models.CharField(
                choices=[
                    ("open", "open"),
                    ("update", "update"),
                    ("ack", "acknowledged"),
                    ("close", "close"),
                    ("test", "test"),
                    ("trouble", "trouble"),
                    ("personal", "personal"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("remote", ""), _negated=True),
                fields=["incident", "channel", "id"],
                name="delivery_remote",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["test", "trouble", "personal"]),
                    ("incident__isnull", False),
                    _connector="OR",
                ),
                name="delivery_of_incident",
            ),
        ),
    ]
