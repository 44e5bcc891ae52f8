"""Look through what only grows less often; keep sketches of people in their rows."""

from pathlib import Path

from django.db import migrations

GROWING = (Path(__file__).parent / "sql" / "growing.sql").read_text()


class Migration(migrations.Migration):
    """Partitions made before this keep their settings; they are days old soon."""

    dependencies = [("tracker", "0053_updates_that_spare_indexes")]

    operations = [migrations.RunSQL(GROWING, migrations.RunSQL.noop)]
