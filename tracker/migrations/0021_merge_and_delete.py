"""Merging and deleting issues: what is under way is remembered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0020_words_of_issues"),
    ]

    operations = [
        migrations.AddField(
            model_name="issue",
            name="deleted_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(help_text="One of ActivityKind.", max_length=20),
        ),
        migrations.CreateModel(
            name="Move",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("project_id", models.BigIntegerField()),
                ("source", models.BigIntegerField(help_text="Issue the rows are with.")),
                (
                    "target",
                    models.BigIntegerField(help_text="Issue they go to; null: deleted.", null=True),
                ),
                (
                    "key",
                    models.BigIntegerField(
                        help_text="Only events counted under this key.", null=True
                    ),
                ),
                (
                    "residue",
                    models.BigIntegerField(
                        help_text="Key that holds the count of what has not been moved (yet).",
                        null=True,
                    ),
                ),
                ("created_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("done_at__isnull", True)),
                        fields=["project_id", "target"],
                        name="move_left",
                    )
                ],
            },
        ),
    ]
