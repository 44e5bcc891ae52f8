"""Removals of a person's data, in chunks."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0041_bulk_and_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="PersonRemoval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("user_key", models.UUIDField()),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "reached",
                    models.DateTimeField(
                        help_text="Events of the present issue are done down to here.", null=True
                    ),
                ),
                (
                    "events",
                    models.IntegerField(
                        default=0, help_text="Events that were emptied of the person."
                    ),
                ),
                (
                    "issues",
                    models.IntegerField(default=0, help_text="Issues the person was taken out of."),
                ),
                (
                    "asked_by",
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
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=["id"],
                        name="removal_left",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=("project", "user_key"),
                        name="removal_once_at_a_time",
                    )
                ],
            },
        ),
    ]
