"""`manage.py create_token --user U --scope read,write`: a bearer token for the API."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracker.actions import audit
from tracker.models import ApiToken, User


class Command(BaseCommand):
    """Create an API token; it is printed once, alone on the last line."""

    help = "Create an API token and print it once, alone on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whose, for what."""
        parser.add_argument("--user", required=True)
        parser.add_argument(
            "--scope", required=True, help=f"comma-separated: {', '.join(ApiToken.SCOPES)}"
        )
        parser.add_argument("--name", default="made by create_token")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it."""
        user = User.objects.filter(username=options["user"]).first()
        if user is None:
            raise CommandError(f"There is no user {options['user']!r}.")
        scopes = [word.strip() for word in options["scope"].split(",") if word.strip()]
        try:
            token, secret = ApiToken.make(user, scopes, options["name"])
        except ValueError as error:
            raise CommandError(str(error)) from None
        after = {"user": user, "scopes": scopes}
        audit.record("added", actor=None, target=token, after=after)
        self.stdout.write(f"Token of {user} for {', '.join(scopes)}; it is not shown again:")
        self.stdout.write(secret)
