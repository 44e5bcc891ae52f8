"""`manage.py event_counts`: which of some event ids are stored, and how often."""

import json
import re
import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from tracker import books


class Command(BaseCommand):
    """Read a JSON list of event ids on standard input; print `id count` for those stored."""

    help = "JSON list of event ids on stdin -> `id count` per line for those stored."

    def handle(self, *args: Any, **options: Any) -> None:
        """Count them."""
        try:
            ids = json.load(sys.stdin)
        except ValueError:
            raise CommandError("Standard input is not JSON; give a list of event ids.") from None
        if not isinstance(ids, list) or not all(isinstance(one, str) for one in ids):
            raise CommandError("Standard input is not a JSON list of event ids.")
        wanted = {}
        for one in ids:
            digits = one.replace("-", "").lower()
            if re.fullmatch("[0-9a-f]{32}", digits):
                wanted[UUID(digits)] = one
        for event_id, count in books.event_counts(sorted(wanted)):
            self.stdout.write(f"{wanted[event_id]} {count}")
