"""Where git hosts call when somebody pushed."""

import django.contrib.postgres.functions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0048_repositories_and_suspects"),
    ]

    operations = [
        migrations.AddField(
            model_name="repository",
            name="bell",
            field=models.UUIDField(
                db_default=django.contrib.postgres.functions.RandomUUID(),
                editable=False,
                unique=True,
            ),
        ),
        migrations.AddField(
            model_name="repository",
            name="bell_sealed",
            field=models.TextField(
                blank=True, default="", help_text="The webhook's secret, encrypted by the vault."
            ),
        ),
        migrations.AddField(
            model_name="repository",
            name="rung_at",
            field=models.DateTimeField(
                help_text="When the host last called, genuinely.", null=True
            ),
        ),
    ]
