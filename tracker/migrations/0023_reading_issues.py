"""Indexes and statistics by which lists and searches stay quick at 100,000 issues."""

from pathlib import Path

from django.db import migrations

READING = (Path(__file__).parent / "sql" / "reading.sql").read_text()


class Migration(migrations.Migration):
    """SQL: expressions and statistics that models can't say."""

    dependencies = [("tracker", "0022_dictionaries_and_retention")]

    operations = [migrations.RunSQL(READING)]
