"""The inbox, its claims and the quarantine."""

from pathlib import Path

import django.contrib.postgres.fields
from django.db import migrations, models

INBOX = (Path(__file__).parent / "sql" / "inbox.sql").read_text()


class Migration(migrations.Migration):
    """Inbox and claims by SQL, for their vacuum settings."""

    initial = True

    dependencies = []

    operations = [
        migrations.RunSQL(INBOX),
        migrations.CreateModel(
            name="InboxClaim",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("worker", models.CharField(max_length=100)),
                (
                    "deaths",
                    models.PositiveSmallIntegerField(
                        default=0, help_text="How often a worker died on it: its lease ran out."
                    ),
                ),
                ("errors", models.PositiveSmallIntegerField(default=0)),
                ("last_error", models.TextField(default="")),
                (
                    "retry_at",
                    models.DateTimeField(
                        help_text="Failed; free to be taken from then on.", null=True
                    ),
                ),
                ("lease_until", models.DateTimeField()),
                ("created_at", models.DateTimeField()),
            ],
            options={
                "db_table": "ingest_claim",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="InboxRow",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("project_id", models.BigIntegerField()),
                ("key_id", models.BigIntegerField()),
                ("received_at", models.DateTimeField()),
                ("adapter", models.CharField(max_length=16)),
                (
                    "encoding",
                    models.CharField(
                        help_text="How `body` is packed; empty: it is not.", max_length=8
                    ),
                ),
                (
                    "event_id",
                    models.UUIDField(
                        help_text="The id that was promised in the answer.", null=True
                    ),
                ),
                ("events", models.PositiveSmallIntegerField()),
                ("size", models.IntegerField(help_text="Bytes of `body`.")),
                ("meta", models.BinaryField(help_text="JSON: client address, user agent, SDK ...")),
                ("body", models.BinaryField()),
            ],
            options={
                "db_table": "ingest_inbox",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Quarantined",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("project_id", models.BigIntegerField()),
                ("key_id", models.BigIntegerField()),
                ("received_at", models.DateTimeField()),
                ("adapter", models.CharField(max_length=16)),
                ("encoding", models.CharField(max_length=8)),
                ("event_id", models.UUIDField(null=True)),
                ("events", models.PositiveSmallIntegerField()),
                ("size", models.IntegerField()),
                ("meta", models.BinaryField()),
                ("body", models.BinaryField()),
                ("reason", models.TextField()),
                ("detail", models.TextField(help_text="Traceback of the last attempt.")),
                ("quarantined_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "verbose_name_plural": "quarantine",
                "indexes": [models.Index(fields=["project_id", "-id"], name="quarantine_project")],
            },
        ),
    ]
