"""What a query of the search grammar means: conditions on issues; the only place that says so.

`find(query, user, now)` is the user's issues that a query finds, `condition(query, user,
now)` the condition alone (for querysets that are scoped already), `jump(query, user)` the
one issue and event that an id names, `bounded_count(found)` how many, at most 1,000.

Most conditions are part of the one statement that reads the list; `user.*`, `owner:me`,
`release:latest`, `event_id` and `trace_id` cost a look-up each before it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from msgspec import Struct

from tracker.domain.search import Query, text_of
from tracker.models import Issue, User
from tracker.models.issue import IssueQuerySet
from tracker.search.common import COUNT_LIMIT, Asked
from tracker.search.meanings import MEANINGS, STATES, issues_of_event, short_id

__all__ = ["COUNT_LIMIT", "STATES", "Jump", "bounded_count", "condition", "find", "jump"]


def find(query: Query, user: User, now: datetime) -> IssueQuerySet:
    """The issues that `user` may see and `query` finds. Raises SearchError."""
    return Issue.objects.visible_to(user).live().filter(condition(query, user, now))


def condition(
    query: Query, user: User, now: datetime, environments: Mapping[int, str] | None = None
) -> Q:
    """What an issue must fulfil. Raises SearchError for what can't be searched.

    With `environments`, the names by id of all that the issues searched may have, no look-up
    stands in the statement: PostgreSQL then knows how many issues an environment has.
    """
    asked = Asked(user, now, environments)
    wanted = Q()
    for term in query.terms:
        found = MEANINGS[term.key](term, asked)
        wanted &= ~found if term.negated else found
    return wanted


def bounded_count(found: QuerySet[Issue], limit: int = COUNT_LIMIT) -> tuple[int, bool]:
    """How many there are, at most `limit`, and whether there are more."""
    count = found.order_by()[: limit + 1].count()
    return min(count, limit), count > limit


class Jump(Struct, frozen=True):
    """Where a query that is an id leads."""

    issue_id: int
    event_id: UUID | None = None


def jump(query: Query, user: User) -> Jump | None:
    """The issue (and event) that a query of one term names; None for any other query.

    Names are `event_id:...`, `id:SHOP-4F`, and both without the key.
    """
    if len(query.terms) != 1 or query.terms[0].negated or len(query.terms[0].values) != 1:
        return None
    term, text = query.terms[0], text_of(query.terms[0].value)
    if term.key in ("event_id", "") and re.fullmatch(r"[0-9a-fA-F]{32}|[0-9a-fA-F\-]{36}", text):
        return _jump_to_event(text, user)
    if term.key in ("id", "") and (named := short_id(text)):
        slug, number = named
        mine = Issue.objects.visible_to(user).filter(deleted_at__isnull=True)
        issue = mine.filter(pk=number, project__slug=slug).first()
        return Jump(issue.merged_into or issue.pk) if issue else None
    return None


def _jump_to_event(text: str, user: User) -> Jump | None:
    try:
        event_id = UUID(text)
    except ValueError:
        return None
    for number in issues_of_event(event_id, user):
        return Jump(number, event_id)
    return None
