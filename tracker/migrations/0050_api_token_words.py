"""An API token is called so."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("tracker", "0049_bells_of_repositories"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="apitoken",
            options={"verbose_name": "API token"},
        ),
    ]
