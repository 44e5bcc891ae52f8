"""The alerts app: who hears about it."""

from django.apps import AppConfig


class AlertsConfig(AppConfig):
    """Registers rules, channels and deliveries, and listens for activity."""

    name = "alerts"
    label = "alerts"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Alerts"

    def ready(self) -> None:
        """Connect the one listener to tracker; register the gauges."""
        from alerts import checks, health, receivers, searching  # noqa: F401, PLC0415 - models are ready only now
