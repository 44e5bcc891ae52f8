"""Source maps, debug files and commits of releases; nothing is filled in."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0042_removals_of_people"),
    ]

    operations = [
        migrations.CreateModel(
            name="UploadChunk",
            fields=[
                ("sha1", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("size", models.PositiveIntegerField(help_text="Bytes.")),
                ("created_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name="release",
            name="archived",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddField(
            model_name="release",
            name="refs",
            field=models.JSONField(
                blank=True,
                db_default=[],
                default=list,
                help_text="Heads of its repositories, as the tool told them.",
            ),
        ),
        migrations.AddField(
            model_name="release",
            name="url",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where to read about it.",
                max_length=2048,
            ),
        ),
        migrations.CreateModel(
            name="ArtifactBundle",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("checksum", models.CharField(help_text="SHA-1 of the whole.", max_length=40)),
                (
                    "chunks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("assembling", "Assembling"),
                            ("ok", "Ok"),
                            ("error", "Error"),
                        ],
                        default="created",
                        max_length=12,
                    ),
                ),
                (
                    "detail",
                    models.CharField(blank=True, help_text="Why it is an error.", max_length=300),
                ),
                ("size", models.BigIntegerField(default=0, help_text="Bytes.")),
                (
                    "path",
                    models.CharField(blank=True, help_text="Name in the storage.", max_length=200),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "used_at",
                    models.DateTimeField(help_text="When an event last asked for it, to the day."),
                ),
                ("release", models.CharField(blank=True, max_length=200)),
                ("dist", models.CharField(blank=True, max_length=64)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="tracker.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Artifact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("minified_source", "Minified"),
                            ("source_map", "Map"),
                            ("source", "Source"),
                        ],
                        max_length=20,
                    ),
                ),
                ("member", models.CharField(help_text="Name in the ZIP.", max_length=1024)),
                (
                    "url",
                    models.CharField(
                        blank=True, help_text="`~` for scheme and host.", max_length=1024
                    ),
                ),
                ("debug_id", models.UUIDField(null=True)),
                (
                    "sourcemap",
                    models.CharField(
                        blank=True,
                        help_text="Where the file says that its map is.",
                        max_length=1024,
                    ),
                ),
                ("size", models.BigIntegerField(help_text="Bytes, unpacked.")),
                (
                    "project",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="tracker.project",
                    ),
                ),
                (
                    "bundle",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="artifacts",
                        to="tracker.artifactbundle",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Commit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sha", models.CharField(max_length=64)),
                ("repository", models.CharField(blank=True, max_length=200)),
                ("message", models.TextField(blank=True)),
                ("author_name", models.CharField(blank=True, max_length=128)),
                ("author_email", models.CharField(blank=True, max_length=254)),
                ("committed_at", models.DateTimeField()),
                (
                    "position",
                    models.PositiveIntegerField(
                        default=0, help_text="0: the newest of the release."
                    ),
                ),
                (
                    "patch_set",
                    models.JSONField(
                        blank=True,
                        default=list,
                        help_text='[{"path": ..., "type": "A", "M" or "D"}]',
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commits",
                        to="tracker.project",
                    ),
                ),
                (
                    "release",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="commits",
                        to="tracker.release",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DebugFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("checksum", models.CharField(help_text="SHA-1 of the whole.", max_length=40)),
                (
                    "chunks",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("assembling", "Assembling"),
                            ("ok", "Ok"),
                            ("error", "Error"),
                        ],
                        default="created",
                        max_length=12,
                    ),
                ),
                (
                    "detail",
                    models.CharField(blank=True, help_text="Why it is an error.", max_length=300),
                ),
                ("size", models.BigIntegerField(default=0, help_text="Bytes.")),
                (
                    "path",
                    models.CharField(blank=True, help_text="Name in the storage.", max_length=200),
                ),
                ("created_at", models.DateTimeField()),
                (
                    "used_at",
                    models.DateTimeField(help_text="When an event last asked for it, to the day."),
                ),
                ("name", models.CharField(max_length=256)),
                ("debug_id", models.UUIDField(null=True)),
                ("kind", models.CharField(blank=True, max_length=20)),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="%(class)ss",
                        to="tracker.project",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="MissingMap",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("debug_id", models.UUIDField(null=True)),
                ("release", models.CharField(blank=True, max_length=200)),
                (
                    "url",
                    models.CharField(
                        blank=True, help_text="Of the minified file.", max_length=1024
                    ),
                ),
                ("first_seen", models.DateTimeField()),
                ("last_seen", models.DateTimeField()),
                (
                    "found_at",
                    models.DateTimeField(
                        help_text="When it arrived: its events are still to be mapped.", null=True
                    ),
                ),
                (
                    "project",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="missing_maps",
                        to="tracker.project",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="artifactbundle",
            index=models.Index(
                condition=models.Q(("state__in", ["created", "assembling"])),
                fields=["created_at"],
                name="bundle_waiting",
            ),
        ),
        migrations.AddIndex(
            model_name="artifactbundle",
            index=models.Index(fields=["used_at"], name="bundle_unused"),
        ),
        migrations.AddConstraint(
            model_name="artifactbundle",
            constraint=models.UniqueConstraint(
                fields=("project", "checksum", "release", "dist"), name="bundle_once"
            ),
        ),
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(
                condition=models.Q(("debug_id__isnull", False)),
                fields=["project", "debug_id"],
                name="artifact_by_debug_id",
            ),
        ),
        migrations.AddIndex(
            model_name="artifact",
            index=models.Index(fields=["project", "url"], name="artifact_by_url"),
        ),
        migrations.AddIndex(
            model_name="commit",
            index=models.Index(fields=["project", "-committed_at"], name="commit_newest"),
        ),
        migrations.AddConstraint(
            model_name="commit",
            constraint=models.UniqueConstraint(
                fields=("release", "repository", "sha"), name="commit_once"
            ),
        ),
        migrations.AddIndex(
            model_name="debugfile",
            index=models.Index(fields=["project", "debug_id"], name="debug_file_by_id"),
        ),
        migrations.AddIndex(
            model_name="debugfile",
            index=models.Index(fields=["used_at"], name="debug_file_unused"),
        ),
        migrations.AddConstraint(
            model_name="debugfile",
            constraint=models.UniqueConstraint(
                fields=("project", "checksum"), name="debug_file_once"
            ),
        ),
        migrations.AddIndex(
            model_name="missingmap",
            index=models.Index(
                condition=models.Q(("found_at__isnull", False)),
                fields=["found_at"],
                name="missing_map_found",
            ),
        ),
        migrations.AddConstraint(
            model_name="missingmap",
            constraint=models.UniqueConstraint(
                fields=("project", "debug_id", "release", "url"),
                name="missing_map_once",
                nulls_distinct=False,
            ),
        ),
    ]
