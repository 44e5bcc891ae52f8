"""The tracker app: what an issue is, and all that hangs on it."""

from django.apps import AppConfig


class TrackerConfig(AppConfig):
    """Registers the models and admin pages of the tracker."""

    name = "tracker"
    label = "tracker"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Workspace"

    def ready(self) -> None:
        """Let payloads read trained dictionaries from the database."""
        from tracker import payloads, store  # noqa: PLC0415 - models are not loaded before

        payloads.fetch = store.dictionary
