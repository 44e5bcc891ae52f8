"""`manage.py create_project NAME`: a project with its DSN and tokens."""

from typing import Any

import orjson
from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from tracker.actions import setup
from tracker.models import Membership, ProjectKey, Role, User


class Command(BaseCommand):
    """Create a project and print what its SDKs need."""

    help = "Create a project and print its id, slug, DSN, public key and Rollbar tokens."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name, team and form."""
        parser.add_argument("name")
        parser.add_argument("--team", default="Team", help="slug or name; made if missing")
        parser.add_argument(
            "--unlimited", action="store_true", help="no quota, rate limit or creation caps"
        )
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it; a new team gets the instance's owners as admins."""
        team = setup.create_team(options["team"])
        if not team.memberships.exists():
            owners = User.objects.filter(is_superuser=True, is_active=True)
            Membership.objects.bulk_create(
                Membership(team=team, user=owner, role=Role.ADMIN) for owner in owners
            )
        made = setup.create_project(options["name"], team, unlimited=options["unlimited"])
        key = ProjectKey.objects.get(public_key=made.public_key)
        facts = {
            "id": made.id,
            "slug": made.slug,
            "dsn": key.dsn(str(settings.EMBERWATCH_URL)),
            "public_key": made.public_key,
            "rollbar_tokens": {
                "post_server": made.post_server,
                "post_client": made.post_client,
                "read": made.read,
                "write": made.write,
            },
        }
        if options["json"]:
            self.stdout.write(orjson.dumps(facts).decode())
            return
        for name, value in facts.items():
            if isinstance(value, dict):
                for token, secret in value.items():
                    self.stdout.write(f"rollbar {token}: {secret}")
            else:
                self.stdout.write(f"{name}: {value}")
