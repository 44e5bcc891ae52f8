"""Jobs on many issues; the audit log, which only grows."""

import uuid
from pathlib import Path

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

AUDIT = (Path(__file__).parent / "sql" / "audit.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0040_ownership_and_releases"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "actor_name",
                    models.CharField(help_text="As it was called then.", max_length=150),
                ),
                (
                    "action",
                    models.CharField(
                        help_text="added, changed, deleted, viewed ...", max_length=40
                    ),
                ),
                (
                    "kind",
                    models.CharField(blank=True, help_text="What sort of thing.", max_length=60),
                ),
                ("object_id", models.CharField(blank=True, max_length=64)),
                (
                    "label",
                    models.CharField(
                        blank=True, help_text="As it was called then.", max_length=200
                    ),
                ),
                ("project_id", models.BigIntegerField(null=True)),
                ("before", models.JSONField(default=dict)),
                ("after", models.JSONField(default=dict)),
                ("address", models.GenericIPAddressField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "audit entry",
                "verbose_name_plural": "audit log",
                "indexes": [
                    models.Index(fields=["-at", "-id"], name="audit_newest"),
                    models.Index(fields=["kind", "object_id"], name="audit_of_thing"),
                ],
            },
        ),
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(max_length=20)),
                ("arguments", models.JSONField(default=dict)),
                (
                    "ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("position", models.IntegerField(default=0)),
                ("changed", models.IntegerField(default=0)),
                ("token", models.UUIDField(default=uuid.uuid4, help_text="Takes all of it back.")),
                ("error", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at__isnull", True)),
                        fields=["id"],
                        name="bulk_left",
                    )
                ],
            },
        ),
        migrations.RunSQL(
            AUDIT,
            "DROP TRIGGER audit_only_grows ON tracker_auditentry;"
            "DROP FUNCTION tracker_audit_only_grows()",
        ),
    ]
