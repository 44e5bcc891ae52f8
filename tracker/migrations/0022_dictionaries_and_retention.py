"""Dictionaries of payloads, and how long things are kept."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0021_merge_and_delete"),
    ]

    operations = [
        migrations.AddField(
            model_name="project",
            name="dictionary",
            field=models.PositiveSmallIntegerField(
                default=1,
                editable=False,
                help_text="Number of the dictionary that packs new events.",
            ),
        ),
        migrations.AddField(
            model_name="project",
            name="retention_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Days that events are kept; empty: as long as the instance keeps them.",
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="PayloadDictionary",
            fields=[
                ("id", models.SmallAutoField(primary_key=True, serialize=False)),
                ("content", models.BinaryField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "retired_at",
                    models.DateTimeField(help_text="Packs nothing new since.", null=True),
                ),
                (
                    "project",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "payload dictionaries",
            },
        ),
        # 0 is no dictionary, 1 the shipped one.
        migrations.RunSQL(
            "ALTER TABLE tracker_payloaddictionary ALTER COLUMN id RESTART WITH 2",
            migrations.RunSQL.noop,
        ),
    ]
