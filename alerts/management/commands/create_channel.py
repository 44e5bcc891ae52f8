"""Adds a channel to a project from the command line; prints a secret that was made, once."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import IntegrityError, transaction

from alerts import transports
from alerts.actions import add_channel
from alerts.transports.base import Misconfigured
from tracker.models import Project


class Command(BaseCommand):
    """`create_channel PROJECT webhook --set url=https://... [--name N] [--json]`."""

    help = "Add a channel (webhook, email ...) to a project, by its slug or id."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("project", help="slug or id")
        parser.add_argument("kind", choices=sorted(transports.registry()))
        parser.add_argument("--name", default="", help="default: the kind")
        parser.add_argument("--set", action="append", default=[], metavar="OPTION=VALUE")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        word = options["project"]
        by = {"pk": int(word)} if word.isdigit() else {"slug": word}
        project = Project.objects.filter(**by).first()
        if project is None:
            raise CommandError(f"There is no project {word}.")
        config, secrets = _sorted(options["kind"], options["set"])
        name = options["name"] or options["kind"].capitalize()
        try:
            with transaction.atomic():
                channel, made = add_channel(project, options["kind"], name, config, secrets)
        except Misconfigured as error:
            raise CommandError(f"{error}.") from None
        except IntegrityError:
            raise CommandError(f"{project} has a channel {name} already.") from None
        if options["json"]:
            self.stdout.write(json.dumps({"id": channel.pk, "project": project.pk, **made}))
            return
        self.stdout.write(f"Added {name} to {project}.")
        for key, value in made.items():
            self.stdout.write(f"Its {key}, shown only now: {value}")


def _sorted(kind: str, pairs: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Options and secrets of `OPTION=VALUE` pairs."""
    known = {option.name: option for option in transports.get(kind).options}
    config: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or name not in known:
            raise CommandError(f"--set {name}: give one of {', '.join(known)} as OPTION=VALUE.")
        (secrets if known[name].secret else config)[name] = value
    return config, secrets
