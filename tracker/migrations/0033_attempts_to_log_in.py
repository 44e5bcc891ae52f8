"""A cache in the database: attempts to log in are counted for all web processes together."""

from pathlib import Path

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("tracker", "0032_undo_of_triage")]

    operations = [
        migrations.RunSQL(
            (Path(__file__).parent / "sql" / "cache.sql").read_text(encoding="utf-8"),
            "DROP TABLE tracker_cache",
        )
    ]
