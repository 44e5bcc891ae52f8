"""Messages with one word left open, so that words which prove to vary stop to spray."""

from pathlib import Path

from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

SLOTS = (Path(__file__).parent / "sql" / "slots.sql").read_text()


class Migration(migrations.Migration):
    """The table is made by SQL: its primary key starts with project_id."""

    dependencies = [("tracker", "0044_regressed_by_release")]

    operations = [
        migrations.RunSQL(
            SLOTS,
            "DROP TABLE tracker_groupingslot",
            state_operations=[
                migrations.CreateModel(
                    name="GroupingSlot",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "version",
                                "hash",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("version", models.CharField(max_length=8)),
                        ("hash", models.BinaryField(max_length=16)),
                        ("members", ArrayField(models.BigIntegerField(), default=list)),
                        ("repeats", models.SmallIntegerField(default=0)),
                        ("varying", models.BooleanField(default=False)),
                        ("joined", models.BooleanField(default=False)),
                        ("touched_on", models.DateField()),
                    ],
                    options={"db_table": "tracker_groupingslot", "managed": False},
                ),
            ],
        )
    ]
