"""Ownership rules with history, owners of issues, events per release and environment."""

from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TABLES = (Path(__file__).parent / "sql" / "owners_and_releases.sql").read_text()


def read_model(
    name: str, key: tuple[str, ...], fields: list[tuple[str, models.Field]]
) -> migrations.CreateModel:
    """A table that SQL makes: its primary key starts with project_id."""
    primary = models.CompositePrimaryKey(
        *key, blank=True, editable=False, primary_key=True, serialize=False
    )
    return migrations.CreateModel(
        name=name,
        fields=[("pk", primary), *fields],
        options={"db_table": f"tracker_{name.lower()}", "managed": False},
    )


def numbers(*names: str) -> list[tuple[str, models.Field]]:
    """Columns of ids."""
    return [(name, models.BigIntegerField()) for name in names]


OF_RELEASE = ("project_id", "release_id", "environment_id")


class Migration(migrations.Migration):
    """Nothing is filled in: rules are new, and counts of releases begin now."""

    dependencies = [("tracker", "0034_invitations_and_views")]

    operations = [
        migrations.RunSQL(
            TABLES,
            "DROP TABLE tracker_issueowner, tracker_releaseuse, tracker_release5m",
            state_operations=[
                read_model(
                    "IssueOwner",
                    ("project_id", "issue_id"),
                    [
                        *numbers("project_id", "issue_id"),
                        ("revision", models.IntegerField()),
                        ("line", models.IntegerField()),
                        ("rule", models.TextField()),
                        ("value", models.TextField(help_text="What of the event matched.")),
                        (
                            "owners",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(),
                                help_text="As the rule names them; none: nobody.",
                                size=None,
                            ),
                        ),
                        (
                            "user_id",
                            models.BigIntegerField(
                                help_text="The first owner who could be found.", null=True
                            ),
                        ),
                        ("team_id", models.BigIntegerField(null=True)),
                        ("at", models.DateTimeField()),
                    ],
                ),
                read_model(
                    "ReleaseUse",
                    OF_RELEASE,
                    [
                        *numbers(*OF_RELEASE),
                        ("first_seen", models.DateTimeField()),
                        ("last_seen", models.DateTimeField()),
                        ("events", models.BigIntegerField()),
                    ],
                ),
                read_model(
                    "Release5m",
                    (*OF_RELEASE, "bucket"),
                    [
                        *numbers(*OF_RELEASE),
                        ("bucket", models.DateTimeField()),
                        ("events", models.IntegerField()),
                    ],
                ),
            ],
        ),
        migrations.CreateModel(
            name="OwnershipRules",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("text", models.TextField(blank=True)),
                (
                    "assign",
                    models.BooleanField(
                        default=False,
                        help_text="Give new and regressed issues that nobody has to their owner.",
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "restored",
                    models.PositiveIntegerField(
                        help_text="Number of the revision that this one brought back.", null=True
                    ),
                ),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "ownership rules",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("project", "number"), name="ownership_rules_number"
                    )
                ],
            },
        ),
    ]
