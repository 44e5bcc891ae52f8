"""An API token is called so."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0048_repositories_and_suspects"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apitoken",
            options={"verbose_name": "API token"},
        ),
    ]
