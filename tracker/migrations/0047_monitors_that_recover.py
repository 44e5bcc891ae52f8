"""Monitors resolve their issue when they are well again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0046_lists_of_teams_and_new_ones"),
    ]

    operations = [
        migrations.AddField(
            model_name="monitor",
            name="auto_resolve",
            field=models.BooleanField(
                default=True, help_text="Its issue is resolved when it is well again everywhere."
            ),
        ),
        migrations.AddField(
            model_name="monitor",
            name="recovered",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="Well again, and its issue not looked at yet.",
            ),
        ),
        migrations.AddIndex(
            model_name="monitor",
            index=models.Index(
                condition=models.Q(("recovered", True)), fields=["id"], name="monitor_recovered"
            ),
        ),
    ]
