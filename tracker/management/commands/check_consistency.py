"""`manage.py check_consistency`: do the books balance?"""

import sys
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from tracker import books
from tracker.sql import run


class Command(BaseCommand):
    """Check the ledger's equations on one snapshot; exit 1 on any difference."""

    help = "Check the ledger's equations; exit status 1 on any difference."

    def add_arguments(self, parser: CommandParser) -> None:
        """Form of the answer."""
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check on a snapshot: events may arrive meanwhile."""
        with transaction.atomic():
            run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            found = books.differences()
        if options["json"]:
            answer = {"consistent": not found, "differences": found}
            self.stdout.write(msgspec.json.encode(answer).decode())
        else:
            for one in found:
                issue = f", issue {one.issue_id}" if one.issue_id else ""
                self.stdout.write(
                    f"project {one.project_id}{issue}: {one.equation}: {one.left} <> {one.right}"
                )
            self.stdout.write("The books balance." if not found else f"{len(found)} differences.")
        if found:
            sys.exit(1)
