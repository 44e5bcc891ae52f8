"""Seals all secrets (channels, ticket connections, repositories) with the present SECRET_KEY."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from alerts import vault
from alerts.models import Channel, TicketConnection
from tracker.models import Repository


class Command(BaseCommand):
    """After SECRET_KEY was changed, with the old one in SECRET_KEY_FALLBACKS."""

    help = (
        "Encrypt all secrets of channels, ticket connections and repositories anew with the "
        "present SECRET_KEY."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done, lost = 0, []
        with transaction.atomic():
            for model, field in (
                (Channel, "sealed"), (TicketConnection, "sealed"), (Repository, "sealed"),
                (Repository, "bell_sealed"),
            ):  # fmt: skip
                for row in model._default_manager.exclude(**{field: ""}).select_for_update():
                    try:
                        setattr(row, field, vault.rotate(getattr(row, field)))
                    except vault.VaultError:
                        lost.append(f"{row} (id {row.pk})")
                        continue
                    row.save(update_fields=[field])
                    done += 1
        self.stdout.write(f"Rotated: {done}.")
        for name in lost:
            self.stderr.write(f"Can't be opened, enter its secret again: {name}")
