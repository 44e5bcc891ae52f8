"""Issues, the keys that lead to them, and who and what they hit.

The tables are made by migrations/sql: their primary keys start with project_id,
so that they can be distributed by project.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import OuterRef, Q

from tracker.domain import snooze
from tracker.domain.comebacks import How
from tracker.domain.event import LEVEL_NAMES
from tracker.domain.lifecycle import State, state_of
from tracker.domain.priority import Priority
from tracker.domain.snooze import Snooze
from tracker.models.access import Role, Team, User
from tracker.models.coarse import minute_of, place_of
from tracker.models.move import Move
from tracker.models.project import Project, Release

LEVEL_CHOICES = [(number, name.capitalize()) for number, name in LEVEL_NAMES.items()]


LIVE = Q(merged_into__isnull=True, deleted_at__isnull=True)
"""Neither merged into another nor deleted."""


class IssueQuerySet(models.QuerySet["Issue"]):
    """Questions about issues."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Issues of projects in which the user has at least `role`. Start from here, always."""
        if user.is_superuser and user.is_active:
            return self
        allowed = Project.objects.visible_to(user, role).values_list("pk", flat=True)
        # A list, not a sub-query: the planner then walks the (project, ...) indexes.
        return self.filter(project__in=list(allowed))

    def live(self) -> Self:
        """Issues that were neither merged into another nor deleted."""
        return self.filter(LIVE)

    def with_sources(self) -> Self:
        """With the ids of those merged into each whose rows are still on their way."""
        waiting = Move.objects.filter(
            project_id=OuterRef("project_id"), target=OuterRef("pk"), key=None, done_at=None
        )
        return self.annotate(moving_from=ArraySubquery(waiting.order_by("pk").values("source")))

    def unresolved(self) -> Self:
        """What still waits for somebody."""
        return self.filter(status="unresolved")


class Issue(models.Model):
    """One bug: all events that share a cause."""

    class Status(models.TextChoices):
        """What a triager decided, or did not yet."""

        UNRESOLVED = "unresolved"
        RESOLVED = "resolved"
        SNOOZED = "snoozed"

    class Substatus(models.TextChoices):
        """Why an unresolved issue deserves a look."""

        NEW = "new"
        ONGOING = "ongoing"
        REGRESSED = "regressed"
        ESCALATING = "escalating"

    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        related_name="issues",
        db_constraint=False,
        db_index=False,
    )
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.UNRESOLVED)
    substatus = models.CharField(
        max_length=12, choices=Substatus.choices, default=Substatus.NEW, null=True
    )
    level = models.PositiveSmallIntegerField(choices=LEVEL_CHOICES, default=40)
    type = models.CharField(max_length=256, default="", blank=True)
    message = models.TextField(default="", blank=True)
    culprit = models.CharField(max_length=512, default="", blank=True)
    title = models.TextField(default="", blank=True)
    platform = models.CharField(max_length=64, default="", blank=True)
    logger = models.CharField(max_length=64, default="", blank=True)
    handled = models.BooleanField(null=True)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    first_release = models.ForeignKey(
        Release, null=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    last_release = models.ForeignKey(
        Release, null=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    environments = ArrayField(models.BigIntegerField(), default=list)
    events = models.BigIntegerField(default=0)
    users = models.IntegerField(default=0)
    # What changes with each event is in no index; these are (models/coarse.py).
    seen_minute = models.GeneratedField(
        expression=minute_of("last_seen"), output_field=models.DateTimeField(), db_persist=True
    )
    events_place = models.GeneratedField(
        expression=place_of("events"), output_field=models.BigIntegerField(), db_persist=True
    )
    users_place = models.GeneratedField(
        expression=place_of("users"), output_field=models.BigIntegerField(), db_persist=True
    )
    assignee = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    assignee_team = models.ForeignKey(
        Team, null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    resolved_at = models.DateTimeField(null=True)
    resolved_release = models.ForeignKey(
        Release, null=True, on_delete=models.SET_NULL, related_name="+",
        db_constraint=False, db_index=False,
    )  # fmt: skip
    resolution = models.JSONField(
        null=True, editable=False,
        help_text="How it was resolved and what was seen since; only of resolved issues.",
    )  # fmt: skip
    snooze = models.JSONField(
        null=True, editable=False, help_text="What a snoozed issue waits for, and how far it is."
    )
    snoozed_until = models.DateTimeField(null=True, editable=False)
    priority = models.PositiveSmallIntegerField(
        choices=[(p.value, p.name.capitalize()) for p in Priority],
        default=Priority.MEDIUM.value, db_default=Priority.MEDIUM.value,
    )  # fmt: skip
    priority_by_hand = models.BooleanField(
        default=False, db_default=False, help_text="Somebody chose it: it is computed no more."
    )
    trend = models.FloatField(
        default=1.0, db_default=1.0,
        help_text="(events in 24 h + 1) / (daily mean of the 7 days before + 1).",
    )  # fmt: skip
    state_changed_at = models.DateTimeField()
    state_why = models.TextField(default="", blank=True)
    reviewed_at = models.DateTimeField(null=True)
    merged_into = models.BigIntegerField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = IssueQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(
                        status="unresolved",
                        substatus__in=["new", "ongoing", "regressed", "escalating"],
                    )
                    | Q(status__in=["resolved", "snoozed"], substatus__isnull=True)
                ),
                name="issue_state",
            ),
            models.CheckConstraint(
                condition=Q(status="resolved", resolved_at__isnull=False)
                | (~Q(status="resolved") & Q(resolved_at__isnull=True)),
                name="issue_resolved_when",
            ),
            models.CheckConstraint(
                condition=Q(status="snoozed", snooze__isnull=False)
                | (~Q(status="snoozed") & Q(snooze__isnull=True, snoozed_until__isnull=True)),
                name="issue_snoozed_how",
            ),
            models.CheckConstraint(
                condition=Q(priority__in=[p.value for p in Priority]), name="issue_priority"
            ),
            models.CheckConstraint(
                condition=Q(assignee__isnull=True) | Q(assignee_team__isnull=True),
                name="issue_one_assignee",
            ),
            models.CheckConstraint(
                condition=Q(events__gte=0) & Q(users__gte=0), name="issue_counts_positive"
            ),
        ]
        indexes = [
            # The list: by status over all projects, by status within some. What was merged or
            # deleted is on no list, so that counting reads the index alone.
            models.Index(
                fields=["status", "-seen_minute", "-id"], condition=LIVE, name="issue_status_seen"
            ),
            models.Index(
                fields=["project", "status", "-seen_minute"],
                condition=LIVE,
                name="issue_project_status",
            ),
            # "Mine".
            models.Index(
                fields=["assignee", "status", "-seen_minute"],
                condition=Q(assignee__isnull=False) & LIVE,
                name="issue_mine",
            ),
            # "My teams".
            models.Index(
                fields=["assignee_team", "status", "-seen_minute"],
                condition=Q(assignee_team__isnull=False),
                name="issue_of_team",
            ),
            # The newest first.
            models.Index(
                fields=["status", "-first_seen", "-id"], condition=LIVE, name="issue_newest"
            ),
            GinIndex(fields=["environments"], name="issue_environments"),
            # Counts of "regressed", "new" and "for review": few rows among many.
            models.Index(
                fields=["substatus", "project", "state_changed_at"],
                include=["reviewed_at", "merged_into", "deleted_at"],
                condition=Q(status="unresolved") & ~Q(substatus="ongoing"),
                name="issue_attention",
            ),
            # Sorted by what matters, and by what gets worse.
            models.Index(
                fields=["status", "-priority", "-id"], condition=LIVE, name="issue_status_priority"
            ),
            models.Index(
                fields=["status", "-trend", "-id"], condition=LIVE, name="issue_status_trend"
            ),
            # The timer that wakes.
            models.Index(
                fields=["snoozed_until"],
                condition=Q(snoozed_until__isnull=False),
                name="issue_snoozed_until",
            ),
        ]

    def __str__(self) -> str:
        return self.short_id

    def sources(self) -> list[int]:
        """Where the issue's rows are: its own id, and those merged into it that still move.

        One query, unless it was loaded `with_sources`.
        """
        moving: list[int] | None = getattr(self, "moving_from", None)
        if moving is None:
            waiting = Move.objects.filter(
                project_id=self.project_id, target=self.pk, key=None, done_at=None
            )
            moving = list(waiting.values_list("source", flat=True))
        return [self.pk, *moving]

    @property
    def short_id(self) -> str:
        """What people say aloud and put into commits: `SHOP-4F`."""
        return f"{self.project.slug.upper()}-{to_base36(self.pk)}"

    @property
    def state(self) -> State:
        """The state of the table of moves."""
        return state_of(self.status, self.substatus)

    @property
    def snooze_state(self) -> Snooze | None:
        """What it waits for; None unless it is snoozed."""
        return snooze.from_json(self.snooze) if self.snooze else None

    @property
    def snooze_text(self) -> str:
        """`41 of 100 events`; "" unless it is snoozed."""
        state = self.snooze_state
        return snooze.sentence(state) if state else ""

    @property
    def resolution_text(self) -> str:
        """`in 10.18.7, 10.24.0`, `in the next release after 1.4`; "" for a plain resolve."""
        return resolution_text(self.resolution or {})

    @property
    def priority_name(self) -> str:
        """`low`, `medium`, `high`."""
        return Priority(self.priority).name.lower()

    @property
    def level_name(self) -> str:
        """`error`, `fatal` ..."""
        return LEVEL_NAMES.get(self.level, "error")


def resolution_text(data: Mapping[str, Any]) -> str:
    """How something was resolved, in words, from the issue's column or its Activity."""
    match data.get("how"):
        case How.IN:
            return f"in {', '.join(data.get('fixes', ()))}"
        case How.NEXT:
            last = data.get("release")
            return f"in the next release after {last}" if last else "in the next release"
        case How.QUIET:
            return "by itself, after being quiet"
    return ""


def to_base36(number: int) -> str:
    """Digits and capital letters, for short ids."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    text = ""
    while True:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
        if not number:
            return text


class GroupingKey(models.Model):
    """A hash that leads to an issue; unique in (project, version, hash)."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="+", db_constraint=False, db_index=False
    )
    version = models.CharField(max_length=8)
    hash = models.BinaryField(max_length=16)
    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, related_name="keys", db_constraint=False, db_index=False
    )
    kind = models.CharField(max_length=20)
    precise = models.BooleanField(default=False)
    locked = models.BooleanField(default=False)
    discard = models.BooleanField(default=False)
    why = models.TextField(default="", blank=True)
    events = models.BigIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["project", "issue"], name="key_of_issue")]

    def __str__(self) -> str:
        return f"{self.version} {self.kind} {bytes(self.hash).hex()}"


class GroupingSlot(models.Model):
    """A message with one word left open: which issues its words opened. Written by `slots`."""

    pk = models.CompositePrimaryKey("project_id", "version", "hash")
    project_id = models.BigIntegerField()
    version = models.CharField(max_length=8)
    hash = models.BinaryField(max_length=16)
    members = ArrayField(models.BigIntegerField(), default=list)
    repeats = models.SmallIntegerField(default=0)
    varying = models.BooleanField(default=False)
    joined = models.BooleanField(default=False)
    touched_on = models.DateField()

    class Meta:
        managed = False
        db_table = "tracker_groupingslot"


class IssueUser(models.Model):
    """One person hit by one issue; the row's existence is the count."""

    pk = models.CompositePrimaryKey("project_id", "issue_id", "user_key")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    user_key = models.UUIDField()
    environments = ArrayField(models.BigIntegerField())
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    events = models.IntegerField()

    class Meta:
        managed = False
        db_table = "tracker_issueuser"


class IssueTag(models.Model):
    """How often a tag had a value in an issue."""

    pk = models.CompositePrimaryKey("project_id", "issue_id", "key", "value")
    project_id = models.BigIntegerField()
    issue_id = models.BigIntegerField()
    key = models.TextField()
    value = models.TextField()
    count = models.BigIntegerField()
    last_seen = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "tracker_issuetag"
