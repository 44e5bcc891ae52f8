"""The words of issues under a trigram index, for searches."""

from pathlib import Path

from django.db import migrations, models

WORDS = (Path(__file__).parent / "sql" / "words.sql").read_text()


class Migration(migrations.Migration):
    """The SQL makes the trigger and copes where the extension is missing."""

    dependencies = [("tracker", "0010_beside_events")]

    operations = [
        migrations.RunSQL(
            WORDS,
            state_operations=[
                migrations.CreateModel(
                    name="IssueText",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "project_id",
                                "issue_id",
                                "kind",
                                blank=True,
                                editable=False,
                                primary_key=True,
                                serialize=False,
                            ),
                        ),
                        ("project_id", models.BigIntegerField()),
                        ("issue_id", models.BigIntegerField()),
                        (
                            "kind",
                            models.PositiveSmallIntegerField(
                                choices=[(0, "Words"), (1, "Files"), (2, "Functions")]
                            ),
                        ),
                        ("text", models.TextField()),
                    ],
                    options={"db_table": "tracker_issuetext", "managed": False},
                ),
            ],
        ),
    ]
