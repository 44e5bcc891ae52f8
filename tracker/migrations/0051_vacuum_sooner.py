"""Vacuum the tables that every event touches before a fifth of their rows are dead."""

from pathlib import Path

from django.db import migrations

VACUUM = (Path(__file__).parent / "sql" / "vacuum.sql").read_text()


class Migration(migrations.Migration):
    """Partitions made before this keep their setting; they are days old soon."""

    dependencies = [("tracker", "0050_api_token_words")]

    operations = [migrations.RunSQL(VACUUM, migrations.RunSQL.noop)]
