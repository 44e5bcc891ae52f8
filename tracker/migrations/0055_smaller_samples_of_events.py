"""Autovacuum's looks through events copy a quarter of the rows."""

from pathlib import Path

from django.db import migrations

SAMPLES = (Path(__file__).parent / "sql" / "samples.sql").read_text()


class Migration(migrations.Migration):
    """For all partitions: a look through the newest comes most often."""

    dependencies = [("tracker", "0054_growing_tables")]

    operations = [migrations.RunSQL(SAMPLES, migrations.RunSQL.noop)]
