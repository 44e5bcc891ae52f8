"""What each key means, as a table: the term and who asks, to a condition on issues."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from tracker.access import Access
from tracker.domain.event import LEVELS
from tracker.domain.scrub import user_key
from tracker.domain.search import (
    KEYS,
    PRIORITIES,
    SearchError,
    Term,
    age_of,
    has_wildcard,
    text_of,
)
from tracker.models import (
    Environment,
    EventRow,
    EventSeen,
    Issue,
    IssueTag,
    IssueUser,
    Project,
    Release,
    Team,
    User,
)
from tracker.models.coarse import bound
from tracker.search import texts
from tracker.search.common import COUNT_LIMIT, Asked, any_of, matching, values_of, visible

REVIEW_WITHIN = timedelta(days=7)
_COMPARISONS = {"=": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}


def _numbers(field: str) -> Callable[[Term, Asked], Q]:
    return lambda term, _: any_of(
        bound(**{field + _COMPARISONS[term.op]: int(value)}) for value in term.values
    )


def _span(field: str) -> Callable[[Term, Asked], Q]:
    def meaning(term: Term, asked: Asked) -> Q:
        found = []
        for value in term.values:
            within, length = age_of(value) or (True, timedelta())
            found.append(bound(**{field + ("__gte" if within else "__lt"): asked.now - length}))
        return any_of(found)

    return meaning


def _level(term: Term, _: Asked) -> Q:
    return any_of(Q(**{"level" + _COMPARISONS[term.op]: LEVELS[v]}) for v in term.values)


def _priority(term: Term, _: Asked) -> Q:
    if "priority" not in {field.name for field in Issue._meta.get_fields()}:
        raise SearchError("Issues have no priority yet.")
    ranks = {name: (at + 1) * 10 for at, name in enumerate(PRIORITIES)}
    return any_of(Q(**{"priority" + _COMPARISONS[term.op]: ranks[v]}) for v in term.values)


def _for_review(asked: Asked) -> Q:
    return Q(
        status="unresolved",
        substatus__in=["new", "regressed", "escalating"],
        reviewed_at__isnull=True,
        state_changed_at__gte=asked.now - REVIEW_WITHIN,
    )


STATES: dict[str, Callable[[Asked], Q]] = {
    "unresolved": lambda _: Q(status="unresolved"),
    "resolved": lambda _: Q(status="resolved"),
    "snoozed": lambda _: Q(status="snoozed"),
    "new": lambda _: Q(status="unresolved", substatus="new"),
    "ongoing": lambda _: Q(status="unresolved", substatus="ongoing"),
    "regressed": lambda _: Q(status="unresolved", substatus="regressed"),
    "escalating": lambda _: Q(status="unresolved", substatus="escalating"),
    "for_review": _for_review,
    "assigned": lambda _: Q(assignee__isnull=False) | Q(assignee_team__isnull=False),
    "unassigned": lambda _: Q(assignee__isnull=True, assignee_team__isnull=True),
    "handled": lambda _: Q(handled=True),
    "unhandled": lambda _: Q(handled=False),
}
"""What the values of `is:` mean; an app above adds its own (`linked`) when it is loaded."""


def _state(term: Term, asked: Asked) -> Q:
    for value in term.values:
        if value not in STATES:
            raise SearchError(f"“is:{value}” can't be searched here: nothing makes it true.")
    return any_of(STATES[value](asked) for value in term.values)


def _person(value: str, asked: Asked) -> QuerySet[User]:
    if value == "me":
        return User.objects.filter(pk=asked.user.pk)
    return User.objects.filter(username__iexact=value.removeprefix("@"))


def _assigned(term: Term, asked: Asked) -> Q:
    found = []
    for value in map(text_of, term.values):
        if value == "me":
            found.append(Q(assignee=asked.user.pk))
        elif value == "none":
            found.append(STATES["unassigned"](asked))
        elif value.startswith("#"):
            found.append(Q(assignee_team__in=_team(value)))
        else:
            found.append(Q(assignee__in=_person(value, asked).values("pk")))
    return any_of(found)


def _team(value: str) -> QuerySet[Team, int]:
    return Team.objects.filter(slug=value[1:].lower()).values_list("pk", flat=True)


def _owner(term: Term, asked: Asked) -> Q:
    """Who answers for it: the assignee, a team of theirs; for a team, also what nobody has."""
    found = []
    for value in map(text_of, term.values):
        if value == "none":
            found.append(STATES["unassigned"](asked))
        elif value.startswith("#"):
            unclaimed = STATES["unassigned"](asked) & Q(project__team__in=_team(value))
            found.append(Q(assignee_team__in=_team(value)) | unclaimed)
        elif value == "me":
            # Numbers, not sub-queries: the planner then joins two indexes.
            teams_of_me = list(Access.of(asked.user).roles)
            found.append(Q(assignee=asked.user.pk) | Q(assignee_team__in=teams_of_me))
        else:
            people = _person(value, asked).values("pk")
            teams = Team.objects.filter(memberships__user__in=people).values("pk")
            found.append(Q(assignee__in=people) | Q(assignee_team__in=teams))
    return any_of(found)


def _project(term: Term, _: Asked) -> Q:
    if len(term.values) == 1 and not has_wildcard(term.value):
        one = Project.objects.filter(slug=text_of(term.value).lower()).values("pk")[:1]
        # A scalar: the planner then walks the indexes that begin with the project.
        return Q(project=Subquery(one))
    return Q(project__in=Project.objects.filter(matching("slug", term.values)).values("pk"))


def _environment(term: Term, asked: Asked) -> Q:
    names = ["" if value == "none" else value for value in term.values]
    exact = [text_of(name) for name in names if not has_wildcard(name)]
    globs = [name for name in names if has_wildcard(name)]
    if asked.environments is not None and not globs:
        ids = [pk for pk, name in asked.environments.items() if name in exact]
        return Q(environments__overlap=ids) if ids else Q(pk__in=[])
    wanted = Q(name__in=exact) | (matching("name", globs) if globs else Q(pk__in=[]))
    return Q(environments__overlap=Environment.objects.filter(wanted).values("pk"))


def _tagged(said: Q, key: str) -> Q:
    rows = IssueTag.objects.filter(
        said, project_id=OuterRef("project_id"), issue_id=OuterRef("pk"), key=key
    )
    return Q(Exists(rows))


def _tag(term: Term, _: Asked) -> Q:
    return _tagged(values_of("value", term.values), term.subkey)


HAS: dict[str, Callable[[], Q]] = {"user": lambda: bound(users__gt=0)}
"""What `has:` means where it is no tag; an app above adds its own (`ticket`)."""


def _has(term: Term, _: Asked) -> Q:
    return any_of(HAS[v]() if v in HAS else _tagged(Q(), v) for v in term.values)


def _ticket(_term: Term, _: Asked) -> Q:
    """Replaced by the app that knows of tickets."""
    raise SearchError("There are no tickets here.")


def _release(term: Term, asked: Asked) -> Q:
    """Seen in: the tag knows every release between the first and the last."""
    named = [value for value in term.values if value != "latest"]
    found = [_tagged(values_of("value", named), "release")] if named else []
    if len(named) < len(term.values):
        newest = Release.objects.filter(project=OuterRef("pk")).order_by("-created_at", "-pk")
        rows = visible(asked.user).annotate(latest=Subquery(newest.values("version")[:1]))
        pairs = [Q(project_id=pk, value=v) for pk, v in rows.values_list("pk", "latest") if v]
        found.append(_tagged(any_of(pairs), "release") if pairs else Q(pk__in=[]))
    return any_of(found)


def _first_release(term: Term, _: Asked) -> Q:
    versions = Release.objects.filter(values_of("version", term.values))
    return Q(first_release__in=versions.values("pk"))


def _user(term: Term, asked: Asked) -> Q:
    """Whom it hit: people are known by a key, made of the first of id, address, name and IP."""
    projects = list(visible(asked.user).values_list("pk", "salt"))
    keys = [
        Q(project_id=pk, user_key=UUID(bytes=user_key(bytes(salt), text_of(value))))
        for pk, salt in projects
        for value in term.values
    ]
    if not keys:
        return Q(pk__in=[])
    rows = IssueUser.objects.filter(
        any_of(keys), project_id=OuterRef("project_id"), issue_id=OuterRef("pk")
    )
    return Q(Exists(rows))


def issues_of_event(event_id: UUID, user: User) -> list[int]:
    """The live issues of stored events with an id, among the user's projects."""
    seen = EventSeen.objects.filter(
        event_id=event_id, project_id__in=list(visible(user).values_list("pk", flat=True))
    )
    # The memory of ids tells the day, and with it the partition.
    where = [Q(project_id=p, day=d) for p, d in seen.values_list("project_id", "day")]
    if not where:
        return []
    rows = EventRow.objects.filter(any_of(where), event_id=event_id)
    return targets(list(rows.values_list("issue_id", flat=True)))


def _event(term: Term, asked: Asked) -> Q:
    numbers = [n for v in term.values for n in issues_of_event(UUID(v), asked.user)]
    return Q(pk__in=numbers)


def _trace(term: Term, asked: Asked) -> Q:
    """Issues with a stored event of a trace, at most 1,000 of them."""
    rows = EventRow.objects.filter(trace_id__in=[UUID(value) for value in term.values])
    mine = rows.filter(project_id__in=visible(asked.user).values("pk"))
    numbers = set(mine.values_list("issue_id", flat=True)[:COUNT_LIMIT])
    return Q(pk__in=targets(sorted(numbers)))


def targets(numbers: Sequence[int]) -> list[int]:
    """Issues by number; of those merged away, what they were merged into."""
    if not numbers:
        return []
    rows = Issue.objects.filter(pk__in=numbers, deleted_at__isnull=True)
    return [merged or number for number, merged in rows.values_list("pk", "merged_into")]


def short_id(text: str) -> tuple[str, int] | None:
    """The project's slug and the number in `SHOP-4F`."""
    slug, _, code = text.rpartition("-")
    if not slug or not re.fullmatch(r"[0-9A-Za-z]{1,12}", code):
        return None
    return slug.lower(), int(code, 36)


def _id(term: Term, _: Asked) -> Q:
    found = []
    for value in map(text_of, term.values):
        named = short_id(value)
        if named is None:
            raise SearchError(f"“{value[:40]}” is no short id, as in {KEYS['id'].example[3:]}.")
        found.append(Q(pk=named[1], project__slug=named[0]))
    return any_of(found)


MEANINGS: dict[str, Callable[[Term, Asked], Q]] = {
    "": texts.free,
    "is": _state,
    "assigned": _assigned,
    "owner": _owner,
    "project": _project,
    "env": _environment,
    "level": _level,
    "priority": _priority,
    "release": _release,
    "first_release": _first_release,
    "user.id": _user,
    "user.email": _user,
    "user.ip": _user,
    "tag": _tag,
    "has": _has,
    "events": _numbers("events"),
    "users": _numbers("users"),
    "age": _span("first_seen"),
    "seen": _span("last_seen"),
    "type": texts.type_,
    "culprit": texts.culprit,
    "file": texts.file,
    "function": texts.function,
    "message": texts.message,
    "logger": lambda term, _: matching("logger", term.values),
    "platform": lambda term, _: matching("platform", term.values),
    "trace_id": _trace,
    "event_id": _event,
    "id": _id,
    "ticket": _ticket,
}
