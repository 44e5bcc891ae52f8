"""Tells a person what is theirs: an issue that somebody gave them, a comment that names them.

Nobody hears of their own doing, of what they may not see, or after leaving the project's mails;
what one person does to many issues at once is one notice. It comes by mail, or by Slack where
the person says who they are there and the project has a bot; quiet hours hold it back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from django.db.models import Q
from msgspec import Struct

from alerts.actions.notices import issue_url, list_url
from alerts.domain import flow
from alerts.models import Channel, Delivery, QuietHours, Unsubscribed
from alerts.transports.base import Content, Mention, Notice
from tracker.domain.event import LEVEL_NAMES
from tracker.models import Activity, ActivityKind, Issue, Project, User

CHANNEL = "Personal notices"
KIND = "personal"
"""The transport of the channel."""
BOT = "slackbot"
READ = frozenset({ActivityKind.ASSIGNED.value, ActivityKind.COMMENTED.value})
LISTED = 10


class Told(Struct, frozen=True):
    """What is one notice: whom, by whom, where, what."""

    user: int
    project: int
    kind: str
    actor: int


def tell(letters: Sequence[Activity], now: datetime) -> list[int]:
    """Put notices for people into the outbox; ids of those that may leave now.

    The caller holds the transaction that marks the letters as read.
    """
    found: dict[Told, list[Activity]] = defaultdict(list)
    for letter in letters:
        if letter.kind in READ and letter.issue_id and letter.actor_id:
            for user in _named(letter):
                if user != letter.actor_id:
                    told = Told(user, letter.project_id, letter.kind, letter.actor_id)
                    found[told].append(letter)
    return _Post(found, now).write() if found else []


def _named(letter: Activity) -> set[int]:
    """Ids of whom a letter is for."""
    data = letter.data if isinstance(letter.data, dict) else {}
    if letter.kind == ActivityKind.ASSIGNED:
        user = data.get("user")
        return {user} if isinstance(user, int) else set()
    named = data.get("mentions")
    return {each for each in named if isinstance(each, int)} if isinstance(named, list) else set()


class _Post:
    """A batch of notices with the people and issues they are about."""

    def __init__(self, found: dict[Told, list[Activity]], now: datetime) -> None:
        self.now = now
        self.found = found
        users = {told.user for told in found} | {told.actor for told in found}
        rows = User.objects.select_related("quiet_hours").prefetch_related("memberships")
        self.users = {user.pk: user for user in rows.filter(pk__in=users)}
        projects = {told.project for told in found}
        self.projects = Project.objects.select_related("team").in_bulk(projects)
        self.issues = (
            Issue.objects.live()
            .filter(
                project__in=projects,
                pk__in={letter.issue_id for each in found.values() for letter in each},
            )
            .in_bulk()
        )
        self.left = {
            (project, address.lower())
            for project, address in Unsubscribed.objects.filter(
                project__in=projects
            ).values_list("project_id", "address")
        }  # fmt: skip
        self._asleep: list[Delivery] = []
        self.bots: dict[int, Channel] = {}
        for bot in Channel.objects.filter(project__in=projects, kind=BOT, enabled=True):
            self.bots.setdefault(bot.project_id, bot)

    def write(self) -> list[int]:
        """Store the deliveries; ids of those that need not wait."""
        inorder = sorted(self.found.items(), key=lambda pair: pair[1][0].pk)
        made = [self._delivery(told, letters) for told, letters in inorder]
        rows = [each for each in made if each is not None]
        Delivery.objects.bulk_create(rows)
        return [row.pk for row in rows if row not in self._asleep]

    def _delivery(self, told: Told, letters: list[Activity]) -> Delivery | None:
        user, project = self.users.get(told.user), self.projects.get(told.project)
        if user is None or project is None or not _sees(user, project):
            return None
        wishes = getattr(user, "quiet_hours", None)
        if wishes is not None and not _wanted(wishes, told.kind):
            return None
        ids = dict.fromkeys(letter.issue_id for letter in letters)
        issues = [self.issues[pk] for pk in ids if pk in self.issues]
        bot = self.bots.get(project.pk) if wishes is not None and wishes.slack_member else None
        address = user.alert_address
        if not issues or (bot is None and (not address or self._has_left(project, address))):
            return None
        content = Content(
            self._notice(told, project, issues, letters),
            recipients=() if bot else (address,), project_id=project.pk,
            issue_id=issues[0].pk if len(issues) == 1 else None,
            to=wishes.slack_member if bot is not None and wishes is not None else "",
        )  # fmt: skip
        delivery = Delivery(
            channel=bot or channel_of(project), kind=Delivery.Kind.PERSONAL, seq=0,
            content=msgspec.to_builtins(content),
        )  # fmt: skip
        until = flow.quiet_until(wishes.quiet() if wishes is not None else None, self.now)
        if until is not None:
            delivery.next_attempt_at = until
            self._asleep.append(delivery)
        return delivery

    def _has_left(self, project: Project, address: str) -> bool:
        return (project.pk, address.lower()) in self.left

    def _notice(
        self, told: Told, project: Project, issues: list[Issue], letters: list[Activity]
    ) -> Notice:
        actor = self.users.get(told.actor)
        who = (actor.get_full_name() or actor.username) if actor else "Somebody"
        mentioned = told.kind == ActivityKind.COMMENTED
        what = f"{who} mentioned you" if mentioned else f"{who} assigned this to you"
        rest = issues[1:]
        if rest:
            did = "mentioned you in" if mentioned else "assigned you"
            what = f"{who} {did} {len(issues)} issues"
        issue, data = issues[0], letters[0].data
        why = data.get("text") if mentioned else data.get("why")
        return Notice(
            title=issue.title or "(no title)", url=issue_url(issue), short_id=issue.short_id,
            project=project.name, level=LEVEL_NAMES.get(issue.level, "error"),
            trigger="mentioned" if mentioned else "assigned", headline=what,
            why=str(why or "")[:1_000],
            users=issue.users, events=issue.events, first_seen=issue.first_seen,
            last_seen=issue.last_seen, culprit=issue.culprit, owner="",
            also=tuple(Mention("", i.short_id, i.title, issue_url(i)) for i in rest[:LISTED]),
            more=max(len(rest) - LISTED, 0), list_url=list_url(project) if rest else "",
        )  # fmt: skip


def channel_of(project: Project) -> Channel:
    """The channel that a project's personal mails go through; an admin may disable it."""
    found, _made = Channel.objects.get_or_create(
        project=project, kind=KIND, defaults={"name": _free_name(project)}
    )
    return found


def _free_name(project: Project) -> str:
    taken = set(Channel.objects.filter(
        Q(project=project), name__startswith=CHANNEL
    ).values_list("name", flat=True))  # fmt: skip
    names: Iterable[str] = (CHANNEL, *(f"{CHANNEL} {n}" for n in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def _sees(user: User, project: Project) -> bool:
    if not user.is_active:
        return False
    return user.is_superuser or any(
        row.team_id == project.team_id for row in user.memberships.all()
    )


def _wanted(wishes: QuietHours, kind: str) -> bool:
    return wishes.on_assigned if kind == ActivityKind.ASSIGNED else wishes.on_mentioned
