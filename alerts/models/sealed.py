"""What a row knows of a place elsewhere: plain configuration, and secrets encrypted beside it."""

from __future__ import annotations

from typing import Any

from django.db import models

from tracker import vault


class Sealed(models.Model):
    """Configuration whose secrets are sealed by `tracker.vault` and never shown again."""

    config = models.JSONField(default=dict, blank=True, editable=False)
    sealed = models.TextField(default="", blank=True, editable=False)

    class Meta:
        abstract = True

    def options(self) -> dict[str, Any]:
        """Configuration with secrets opened; never log or show it. Raises VaultError."""
        return {**self.config, **vault.unseal(self.sealed)}

    def keep(self, config: dict[str, Any], secrets: dict[str, str]) -> None:
        """Take new configuration; secrets that are not named stay. Does not save."""
        self.config = config
        if secrets:
            self.sealed = vault.seal({**self.known_secrets(), **secrets})

    def known_secrets(self) -> dict[str, str]:
        """Secrets as they are; {} when they can't be opened."""
        try:
            return vault.unseal(self.sealed)
        except vault.VaultError:
            return {}
