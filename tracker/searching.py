"""A parsed query as a condition on issues; the one place that gives the grammar its meaning."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Exists, OuterRef, Q

from tracker.domain.event import LEVELS
from tracker.domain.search import Query, SearchError, Term, age_of, text_of
from tracker.models import Environment, EventRow, EventSeen, IssueTag, User

REVIEW_WITHIN = timedelta(days=7)
_LOOKUPS = {"=": "", ">": "__gt", ">=": "__gte", "<": "__lt", "<=": "__lte"}


def condition(query: Query, me: User, now: datetime) -> Q:
    """What an issue must fulfil. Raises SearchError for a value that means nothing."""
    wanted = Q()
    for term in query.terms:
        any_of = reduce(or_, (_one(term, value, me, now) for value in term.values))
        wanted &= ~any_of if term.negated else any_of
    return wanted


def _one(term: Term, value: str, me: User, now: datetime) -> Q:
    value = text_of(value)
    if not term.key:
        return _free(value)
    if term.key in _SIMPLE:
        return _matching(_SIMPLE[term.key], value)
    if term.key in ("events", "users"):
        return Q(**{term.key + _LOOKUPS[term.op]: int(value)})
    if term.key == "level":
        return Q(**{"level" + _LOOKUPS[term.op]: LEVELS[value]})
    if term.key in ("age", "seen"):
        return _span("first_seen" if term.key == "age" else "last_seen", value, now)
    if term.key == "is":
        if value not in _STATES:
            raise SearchError(f"“is:{value}” can't be searched by yet.")
        return _STATES[value](now)
    if term.key == "assigned":
        return _assigned(value, me)
    if term.key in ("tag", "has"):
        return _tagged(term.subkey or value, value if term.subkey else "")
    if term.key not in _OTHERS:
        raise SearchError(f"“{term.key}:” can't be searched by yet.")
    return _OTHERS[term.key](value)


_SIMPLE = {
    "type": "type", "culprit": "culprit", "message": "message", "logger": "logger",
    "platform": "platform", "project": "project__slug",
    "first_release": "first_release__version",
}  # fmt: skip
_CONTAINED = {"culprit", "message"}


def _matching(field: str, value: str) -> Q:
    if value.endswith("*") and len(value) > 1:
        return Q(**{f"{field}__istartswith": value[:-1]})
    return Q(**{f"{field}__{'icontains' if field in _CONTAINED else 'iexact'}": value})


def _free(word: str) -> Q:
    return Q(type__icontains=word) | Q(message__icontains=word) | Q(culprit__icontains=word)


def _span(field: str, value: str, now: datetime) -> Q:
    span = age_of(value)
    if span is None:  # the parser lets none through
        raise SearchError(f"“{value[:40]}” is no span of time.")
    within, length = span
    return Q(**{field + ("__gte" if within else "__lt"): now - length})


_STATES: dict[str, Callable[[datetime], Q]] = {
    "unresolved": lambda now: Q(status="unresolved"),
    "resolved": lambda now: Q(status="resolved"),
    "new": lambda now: Q(status="unresolved", substatus="new"),
    "ongoing": lambda now: Q(status="unresolved", substatus="ongoing"),
    "regressed": lambda now: Q(status="unresolved", substatus="regressed"),
    "assigned": lambda now: Q(assignee__isnull=False) | Q(assignee_team__isnull=False),
    "unassigned": lambda now: Q(assignee__isnull=True, assignee_team__isnull=True),
    "unhandled": lambda now: Q(handled=False),
    "for_review": lambda now: Q(
        status="unresolved",
        substatus__in=["new", "regressed", "escalating"],
        reviewed_at__isnull=True,
        state_changed_at__gte=now - REVIEW_WITHIN,
    ),
}


def _assigned(value: str, me: User) -> Q:
    if value == "me":
        return Q(assignee=me)
    if value == "none":
        return Q(assignee__isnull=True, assignee_team__isnull=True)
    if value.startswith("#"):
        return Q(assignee_team__slug=value[1:])
    return Q(assignee__username__iexact=value.removeprefix("@"))


def _tagged(key: str, value: str) -> Q:
    rows = IssueTag.objects.filter(
        project_id=OuterRef("project_id"), issue_id=OuterRef("pk"), key=key
    )
    if value.endswith("*") and len(value) > 1:
        rows = rows.filter(value__istartswith=value[:-1])
    elif value and value != "*":
        rows = rows.filter(value=value)
    return Q(Exists(rows))


def _environment(name: str) -> Q:
    wanted = Environment.objects.filter(name="" if name == "none" else name)
    if name.endswith("*") and len(name) > 1:
        wanted = Environment.objects.filter(name__istartswith=name[:-1])
    return Q(environments__overlap=wanted.values("pk"))


def _release(version: str) -> Q:
    """Seen in a release: the tag knows the ones between the first and the last, too."""
    return (
        _matching("first_release__version", version)
        | _matching("last_release__version", version)
        | _tagged("release", version)
    )


def _event(value: str) -> Q:
    try:
        event_id = uuid.UUID(value)
    except ValueError:
        raise SearchError(f"“{value[:40]}” is no event id: 32 hex digits are expected.") from None
    # The memory of ids tells the day, and with it the partition.
    days = EventSeen.objects.filter(event_id=event_id).values("day")
    return Q(pk__in=EventRow.objects.filter(event_id=event_id, day__in=days).values("issue_id"))


def _short_id(value: str) -> Q:
    slug, _, code = value.rpartition("-")
    try:
        return Q(pk=int(code, 36), project__slug__iexact=slug)
    except ValueError:
        raise SearchError(f"“{value[:40]}” is no short id, as in SHOP-4F.") from None


_OTHERS: dict[str, Callable[[str], Q]] = {
    "env": _environment, "release": _release, "event_id": _event, "id": _short_id,
}  # fmt: skip
