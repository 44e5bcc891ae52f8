"""What came back in a release is found without walking a project's whole history."""

from django.db import migrations


class Migration(migrations.Migration):
    """Partial: only the rows of regressions are written to it."""

    dependencies = [("tracker", "0043_source_maps_and_commits")]

    operations = [
        migrations.RunSQL(
            """CREATE INDEX activity_regressed ON tracker_activity
                 (project_id, (data ->> 'release')) WHERE kind = 'regressed'""",
            "DROP INDEX activity_regressed",
        ),
    ]
