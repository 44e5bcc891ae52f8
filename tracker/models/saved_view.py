"""Saved views of the issue list: a name for a query and an order, one's own or a team's."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from tracker.models.access import Team, User


class SavedView(models.Model):
    """A tab of the list."""

    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000, blank=True)
    sort = models.CharField(max_length=20, default="last_seen")
    owner = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.CASCADE, related_name="saved_views"
    )
    is_default = models.BooleanField(
        "start page", default=False, help_text="The list opens with it; of a team: for its members."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True) ^ Q(team__isnull=True), name="view_of_one_or_team"
            ),
            models.UniqueConstraint(fields=["owner", "name"], name="view_once_per_person"),
            models.UniqueConstraint(fields=["team", "name"], name="view_once_per_team"),
            models.UniqueConstraint(
                fields=["owner"], condition=Q(is_default=True), name="view_one_default_per_person"
            ),
            models.UniqueConstraint(
                fields=["team"], condition=Q(is_default=True), name="view_one_default_per_team"
            ),
        ]

    def __str__(self) -> str:
        return self.name
