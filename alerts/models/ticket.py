"""Tickets: connections to trackers, links of issues to tickets, and the work that keeps both even.

`TicketJob` is an outbox like `Delivery`: the row is the truth, one link's jobs are done in
their order, and a connection's jobs one after the other, by whoever holds its lease.
"""

from __future__ import annotations

import uuid
from typing import Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from alerts.models.sealed import Sealed
from tracker.models import Issue, Project, Role, Team, User


def kind_choices() -> list[tuple[str, str]]:
    """Every tracker there is; a function, so that a new one needs no migration."""
    from alerts import tickets  # noqa: PLC0415 - needs settings: not before set-up

    return tickets.choices()


class ConnectionQuerySet(models.QuerySet["TicketConnection"]):
    """Questions about connections."""

    def visible_to(self, user: User, role: str = Role.VIEWER) -> Self:
        """Connections of teams in which the user has at least `role`."""
        projects = Project.objects.visible_to(user, role)
        return self.filter(team__in=projects.values("team"))

    def of(self, project: Project) -> Self:
        """Those that a project's tickets may go to."""
        return self.filter(team=project.team_id).filter(
            Q(project__isnull=True) | Q(project=project)
        )

    def free(self) -> Self:
        """Enabled, held by no living worker, and not asked to wait."""
        return self.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=Now()),
            Q(held_until__isnull=True) | Q(held_until__lte=Now()),
            enabled=True,
        )


class TicketConnection(Sealed):
    """Where a team's tickets go: a repository, a project, a team of a tracker."""

    class Comeback(models.TextChoices):
        """What a ticket hears when its issue comes back."""

        REOPEN = "reopen", "reopen it, with a comment"
        COMMENT = "comment", "only comment"
        NOTHING = "nothing", "nothing"

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Part of the webhook's address; nobody guesses it."""
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="ticket_connections")
    project = models.ForeignKey(
        Project, null=True, blank=True, on_delete=models.CASCADE, related_name="+",
        help_text="Empty: every project of the team.",
    )  # fmt: skip
    kind = models.CharField(max_length=20, choices=kind_choices)
    name = models.CharField(max_length=100)
    enabled = models.BooleanField(default=True)
    resolves = models.BooleanField(
        "closed ticket resolves", default=True,
        help_text="Closing the ticket resolves its issues, reopening it reopens them.",
    )  # fmt: skip
    closes = models.BooleanField(
        "resolved issue closes", default=False,
        help_text="Resolving an issue closes its ticket; otherwise the ticket stays open.",
    )  # fmt: skip
    comeback = models.CharField(
        "when an issue comes back", max_length=10, choices=Comeback.choices,
        default=Comeback.REOPEN,
    )  # fmt: skip
    assigns = models.BooleanField(
        "assign the owner", default=True,
        help_text="Whoever an issue is assigned to is made the ticket's assignee.",
    )  # fmt: skip
    budget_per_hour = models.PositiveSmallIntegerField(
        "tickets an hour by rules", default=10, validators=[MinValueValidator(1)],
        help_text="A storm of new issues makes no storm of tickets; by hand there is no limit.",
    )  # fmt: skip
    lease_until = models.DateTimeField(null=True, editable=False)
    worker = models.UUIDField(null=True, editable=False)
    """Who holds the lease."""
    held_until = models.DateTimeField(null=True, editable=False)
    """The tracker asked us to wait."""
    shaking_until = models.DateTimeField(null=True, editable=False)
    """Until then a handshake may bring a new webhook secret."""
    failures = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.TextField(default="", blank=True, editable=False)
    last_ok_at = models.DateTimeField(null=True, editable=False)
    last_heard_at = models.DateTimeField(null=True, editable=False)
    """When the tracker last called, genuinely."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = "ticket connection"
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["team", "name"], name="ticket_connection_once")
        ]

    def __str__(self) -> str:
        return self.name


class TicketUser(models.Model):
    """Who somebody is over there."""

    class Source(models.TextChoices):
        """How we know."""

        HAND = "hand", "by hand"
        EMAIL = "email", "by e-mail address"

    connection = models.ForeignKey(
        TicketConnection, on_delete=models.CASCADE, related_name="people"
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    login = models.CharField(max_length=200)
    source = models.CharField(
        max_length=5, choices=Source.choices, default=Source.HAND, editable=False
    )

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "people"
        constraints = [
            models.UniqueConstraint(fields=["connection", "user"], name="ticket_user_once")
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.login}"


class LinkQuerySet(models.QuerySet["TicketLink"]):
    """Questions about links."""

    def of(self, issue: Issue) -> Self:
        """An issue's tickets, oldest first."""
        return self.filter(issue=issue.pk).select_related("connection").order_by("pk")

    def there(self) -> Self:
        """Those whose ticket exists, as far as we know."""
        return self.filter(state__in=[TicketLink.State.OPEN, TicketLink.State.CLOSED])


class TicketLink(models.Model):
    """An issue and a ticket that belong together."""

    class State(models.TextChoices):
        """Where the ticket stands."""

        WANTED = "wanted", "being made"
        FAILED = "failed", "could not be made"
        OPEN = "open", "open"
        CLOSED = "closed", "closed"
        GONE = "gone", "gone"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    issue = models.ForeignKey(
        Issue, on_delete=models.CASCADE, related_name="tickets", db_constraint=False
    )
    connection = models.ForeignKey(TicketConnection, on_delete=models.CASCADE, related_name="links")
    state = models.CharField(max_length=6, choices=State.choices, default=State.WANTED)
    marker = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    """Stands in the ticket that we make: by it one is found whose answer was lost."""
    made = models.BooleanField(default=True)
    """Made from here; else it was linked by hand."""
    asked_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    rule = models.ForeignKey(
        "alerts.AlertRule", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    asked_at = models.DateTimeField(db_default=Now())
    remote_id = models.CharField(max_length=200, default="", blank=True)
    key = models.CharField(max_length=250, default="", blank=True)
    url = models.CharField(max_length=1_000, default="", blank=True)
    title = models.CharField(max_length=500, default="", blank=True)
    remote_state = models.CharField(max_length=100, default="", blank=True)
    """In the tracker's own word."""
    assignee = models.CharField(max_length=200, default="", blank=True)
    """The login over there."""
    synced_at = models.DateTimeField(null=True)
    error = models.TextField(default="", blank=True)

    objects = LinkQuerySet.as_manager()

    class Meta:
        verbose_name = "ticket"
        constraints = [
            # A rule and a person at once, or two rules, make one ticket.
            models.UniqueConstraint(
                fields=["issue", "connection"], condition=Q(made=True), name="ticket_made_once"
            ),
            models.UniqueConstraint(
                fields=["issue", "connection", "remote_id"],
                condition=~Q(remote_id=""),
                name="ticket_linked_once",
            ),
        ]
        indexes = [
            # What the tracker calls about; `ticket:` of the search.
            models.Index(fields=["connection", "remote_id"], name="ticket_by_remote"),
            models.Index(fields=["key"], name="ticket_by_key"),
            # A rule's budget.
            models.Index(
                fields=["connection", "asked_at"],
                condition=Q(rule__isnull=False),
                name="ticket_budget",
            ),
            # Who was not looked at for long.
            models.Index(
                fields=["synced_at"], condition=Q(state__in=["open", "closed"]), name="ticket_stale"
            ),
        ]

    def __str__(self) -> str:
        return self.key or "(ticket)"

    @property
    def is_there(self) -> bool:
        """Whether the ticket exists, as far as we know."""
        return self.state in (self.State.OPEN, self.State.CLOSED)


class JobQuerySet(models.QuerySet["TicketJob"]):
    """Questions about jobs."""

    def waiting(self) -> Self:
        """Neither done nor given up."""
        return self.filter(state__in=TicketJob.WAITING)

    def due(self) -> Self:
        """Due by the database's clock, and nothing earlier of their link waits.

        A job `sending` was left by a worker that died: its connection's lease is over.
        """
        earlier = TicketJob.objects.waiting().filter(link=OuterRef("link"), pk__lt=OuterRef("pk"))
        return self.waiting().filter(next_attempt_at__lte=Now()).filter(~Exists(earlier))


class TicketJob(models.Model):
    """One thing to do over there."""

    class Kind(models.TextChoices):
        """What."""

        CREATE = "create", "create"
        CLOSE = "close", "close"
        REOPEN = "reopen", "reopen"
        COMMENT = "comment", "comment"
        ASSIGN = "assign", "assign"
        LOOK = "look", "look"

    class State(models.TextChoices):
        """Where it stands."""

        QUEUED = "queued", "queued"
        SENDING = "sending", "sending"
        RETRY = "retry", "retry"
        DONE = "done", "done"
        DEAD = "dead", "given up"

    WAITING = (State.QUEUED, State.SENDING, State.RETRY)

    connection = models.ForeignKey(TicketConnection, on_delete=models.CASCADE, related_name="jobs")
    link = models.ForeignKey(TicketLink, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    last_status = models.CharField(max_length=40, default="", blank=True)
    last_error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(db_default=Now())
    done_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = "ticket job"
        constraints = [
            # However often a tracker calls: looking once is enough.
            models.UniqueConstraint(
                fields=["link"],
                condition=Q(kind="look", state__in=["queued", "retry"]),
                name="ticket_look_once",
            ),
        ]
        indexes = [
            models.Index(
                fields=["connection", "next_attempt_at"],
                condition=Q(state__in=["queued", "sending", "retry"]),
                name="ticket_job_due",
            ),
            models.Index(
                fields=["link", "id"],
                condition=Q(state__in=["queued", "sending", "retry"]),
                name="ticket_job_order",
            ),
            # The purge.
            models.Index(
                fields=["done_at"], condition=Q(state__in=["done", "dead"]), name="ticket_job_old"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class TicketCall(models.Model):
    """A call of a tracker that was heard: its repetition says nothing new."""

    connection = models.ForeignKey(TicketConnection, on_delete=models.CASCADE, related_name="calls")
    delivery = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["connection", "delivery"], name="ticket_call_once")
        ]
        indexes = [models.Index(fields=["at"], name="ticket_call_old")]

    def __str__(self) -> str:
        return self.delivery
