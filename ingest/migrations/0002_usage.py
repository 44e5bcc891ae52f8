"""Usage per key, notices of quotas, and which SDKs send."""

from pathlib import Path

from django.db import migrations, models

USAGE = (Path(__file__).parent / "sql" / "usage.sql").read_text()


class Migration(migrations.Migration):
    """Tables by SQL: composite keys and fill factors."""

    dependencies = [("ingest", "0001_inbox")]

    operations = [
        migrations.RunSQL(
            USAGE,
            state_operations=[
                migrations.CreateModel(
                    name="Client",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "sdk",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("sdk", models.CharField(max_length=128)),
                        ("last_at", models.DateTimeField()),
                        ("events", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ingest_client",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="DailyUsage",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "key_id",
                                "day",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("key_id", models.BigIntegerField()),
                        ("day", models.DateField()),
                        ("events", models.BigIntegerField()),
                    ],
                    options={
                        "db_table": "ingest_usage",
                        "managed": False,
                    },
                ),
                migrations.CreateModel(
                    name="QuotaNotice",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "key_id",
                                "month",
                                "percent",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("key_id", models.BigIntegerField()),
                        ("month", models.DateField()),
                        ("percent", models.SmallIntegerField()),
                    ],
                    options={
                        "db_table": "ingest_quotanotice",
                        "managed": False,
                    },
                ),
            ],
        ),
    ]
