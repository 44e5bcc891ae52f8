"""The ingest app: how events arrive."""

from django.apps import AppConfig


class IngestConfig(AppConfig):
    """Registers the inbox, its claims and the quarantine."""

    name = "ingest"
    label = "ingest"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Ingest"

    def ready(self) -> None:
        """Register what /readyz and /metrics say of the inbox."""
        from ingest import health  # noqa: F401, PLC0415 - registers its gauges
