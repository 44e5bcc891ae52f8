"""`manage.py upgrade_grouping PROJECT... | --all`: pin the newest version of grouping."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from tracker.actions import grouping_rules
from tracker.models import Project


class Command(BaseCommand):
    """Upgrade projects by slug, or all; issues stay whole."""

    help = "Group new events by the newest version; issues that exist stay whole."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which projects."""
        parser.add_argument("projects", nargs="*", metavar="PROJECT", help="slugs")
        parser.add_argument("--all", action="store_true", help="every project")

    def handle(self, *args: Any, **options: Any) -> None:
        """Upgrade them one by one."""
        slugs: list[str] = options["projects"]
        if bool(slugs) == options["all"]:
            raise CommandError("Name projects by their slugs, or give --all.")
        rows = Project.objects.order_by("slug")
        chosen = list(rows if options["all"] else rows.filter(slug__in=slugs))
        unknown = sorted(set(slugs) - {project.slug for project in chosen})
        if unknown:
            raise CommandError(f"There is no project {', '.join(unknown)}.")
        for project in chosen:
            try:
                new = grouping_rules.upgrade(project, None, timezone.now())
            except grouping_rules.NothingNewer:
                self.stdout.write(f"{project.slug}: {project.grouping_version} already")
            else:
                self.stdout.write(f"{project.slug}: {project.grouping_version} -> {new}")
