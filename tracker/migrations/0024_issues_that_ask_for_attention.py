"""An index for the few unresolved issues that are new, regressed or escalating."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Partial: what merely goes on, most of all issues, pays nothing for it."""

    dependencies = [("tracker", "0023_reading_issues")]

    operations = [
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(
                    ("status", "unresolved"), models.Q(("substatus", "ongoing"), _negated=True)
                ),
                fields=["substatus", "project"],
                name="issue_attention",
            ),
        ),
    ]
