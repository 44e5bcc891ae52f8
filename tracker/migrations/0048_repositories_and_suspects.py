"""Repositories of projects, commits of releases in them, and suspects of issues."""

from pathlib import Path

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models

import tracker.models.repository

TABLES = (Path(__file__).parent / "sql" / "suspects.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0047_monitors_that_recover"),
    ]

    operations = [
        migrations.RunSQL(TABLES, "DROP TABLE tracker_issuesuspects"),
        migrations.CreateModel(
            name="IssueSuspects",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "project_id",
                        "issue_id",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("project_id", models.BigIntegerField()),
                ("issue_id", models.BigIntegerField()),
                (
                    "activity_id",
                    models.BigIntegerField(help_text="That the issue is new, or came back."),
                ),
                ("found", models.JSONField(help_text="tracker.domain.culprits.Found.")),
                ("at", models.DateTimeField()),
                ("tries", models.IntegerField()),
                (
                    "retry_at",
                    models.DateTimeField(
                        help_text="When something may be known that is not.", null=True
                    ),
                ),
            ],
            options={
                "db_table": "tracker_issuesuspects",
                "managed": False,
            },
        ),
        migrations.CreateModel(
            name="Repository",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="As tools call it when they tell of commits: `team/shop`.",
                        max_length=200,
                    ),
                ),
                (
                    "url",
                    models.CharField(
                        help_text="https://, ssh://, git@host:path or file://.", max_length=500
                    ),
                ),
                (
                    "provider",
                    models.CharField(
                        default="other",
                        help_text="Whose links: tracker.domain.weblinks.",
                        max_length=12,
                    ),
                ),
                (
                    "web_url",
                    models.CharField(
                        blank=True, help_text="Where people read the code.", max_length=500
                    ),
                ),
                (
                    "username",
                    models.CharField(
                        blank=True, help_text="That goes with the token.", max_length=100
                    ),
                ),
                (
                    "sealed",
                    models.TextField(
                        blank=True, help_text="Token or SSH key, encrypted by the vault."
                    ),
                ),
                (
                    "known_hosts",
                    models.TextField(
                        blank=True, help_text="Keys of the SSH host; empty: the first."
                    ),
                ),
                (
                    "mappings",
                    models.TextField(
                        blank=True, help_text="`prefix in stacks => prefix in the code`."
                    ),
                ),
                (
                    "depth",
                    models.PositiveIntegerField(
                        blank=True,
                        help_text="Commits of history that are kept; empty: all.",
                        null=True,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(1000000),
                        ],
                    ),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "folder",
                    models.CharField(
                        default=tracker.models.repository.new_folder, max_length=32, unique=True
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "Waiting"), ("ready", "Ready"), ("failed", "Failed")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=400)),
                (
                    "branch",
                    models.CharField(
                        blank=True, help_text="The host's default one.", max_length=255
                    ),
                ),
                (
                    "head",
                    models.CharField(blank=True, help_text="Its newest commit.", max_length=64),
                ),
                ("size", models.BigIntegerField(default=0, help_text="Bytes on disk.")),
                ("failures", models.PositiveSmallIntegerField(default=0)),
                ("fetched_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(db_index=True)),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="repositories",
                        to="tracker.project",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "repositories",
            },
        ),
        migrations.CreateModel(
            name="ReleaseHead",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha", models.CharField(max_length=64)),
                (
                    "how",
                    models.CharField(
                        help_text="Who said so: the tool, a tag, the version.", max_length=200
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="heads",
                        to="tracker.release",
                    ),
                ),
                (
                    "repository",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="heads",
                        to="tracker.repository",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="repository",
            constraint=models.UniqueConstraint(fields=("project", "name"), name="repository_name"),
        ),
        migrations.AddConstraint(
            model_name="repository",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["waiting", "ready", "failed"])),
                name="repository_state",
            ),
        ),
        migrations.AddConstraint(
            model_name="releasehead",
            constraint=models.UniqueConstraint(
                fields=("release", "repository"), name="release_head_once"
            ),
        ),
    ]
