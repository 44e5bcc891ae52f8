"""Indexes for "My teams" and for the newest unresolved issues first."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Partial: issues without a team, and those that are settled, pay nothing for them."""

    dependencies = [("tracker", "0045_message_slots")]

    operations = [
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("assignee_team__isnull", False)),
                fields=["assignee_team", "status", "-last_seen"],
                name="issue_of_team",
            ),
        ),
        migrations.AddIndex(
            model_name="issue",
            index=models.Index(
                condition=models.Q(("status", "unresolved")),
                fields=["-first_seen", "-id"],
                name="issue_newest",
            ),
        ),
    ]
