"""Where the drain of the local spool stands."""

from pathlib import Path

from django.db import migrations

SPOOL = (Path(__file__).parent / "sql" / "spool.sql").read_text()


class Migration(migrations.Migration):
    """A table by SQL: nothing but the drain reads it."""

    dependencies = [("ingest", "0002_usage")]

    operations = [migrations.RunSQL(SPOOL, "DROP TABLE ingest_spool")]
