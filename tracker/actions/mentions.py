"""Whom a comment mentions: people who can see the issue, nobody else."""

from collections.abc import Collection

from django.db.models import Q
from django.db.models.functions import Lower

from tracker.domain.mentions import names
from tracker.models import Project, User


def mentioned(text: str, project_ids: Collection[int]) -> dict[int, list[int]]:
    """Ids of the mentioned users per project: active members of its team, and owners."""
    wanted = names(text)
    if not wanted:
        return {}
    people = User.objects.annotate(name=Lower("username")).filter(name__in=wanted, is_active=True)
    found = {}
    for project in Project.objects.filter(pk__in=project_ids):
        may = people.filter(Q(is_superuser=True) | Q(memberships__team=project.team_id))
        found[project.pk] = sorted(set(may.values_list("pk", flat=True)))
    return found
