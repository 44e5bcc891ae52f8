"""Events by their trace: 16 bytes and one index entry for those that have one."""

from django.db import migrations, models

TRACES = """
ALTER TABLE tracker_event ADD COLUMN trace_id uuid;
CREATE INDEX event_of_trace ON tracker_event (trace_id) WHERE trace_id IS NOT NULL;
"""


class Migration(migrations.Migration):
    """Read models are unmanaged: the SQL does it, the state follows."""

    dependencies = [("tracker", "0024_issues_that_ask_for_attention")]

    operations = [
        migrations.RunSQL(
            TRACES,
            state_operations=[
                migrations.AddField(
                    model_name="eventrow", name="trace_id", field=models.UUIDField(null=True)
                )
            ],
        )
    ]
