"""Tokens that take a verb of triage back."""

import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0031_triage_settled"),
    ]

    operations = [
        migrations.CreateModel(
            name="Undo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("token", models.UUIDField(db_index=True, default=uuid.uuid4, editable=False)),
                ("verb", models.CharField(help_text="A kind of Activity.", max_length=20)),
                (
                    "changes",
                    models.JSONField(help_text="A list of [project, issue, before, after]."),
                ),
                ("created_at", models.DateTimeField()),
                ("undone_at", models.DateTimeField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["created_at"], name="undo_age")],
            },
        ),
    ]
