"""Which issues a rule's query finds, in the one search grammar."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import structlog

from tracker.domain.search import Query, SearchError, parse
from tracker.models import Issue, User
from tracker.search import condition

log = structlog.get_logger(__name__)


def parsed(text: str) -> Query:
    """A rule's query. Raises SearchError, also for what depends on who looks."""
    query = parse(text)
    for term in query.of("assigned"):
        if "me" in term.values:
            raise SearchError("A rule is nobody's: “me” means no one here.")
    return query


def check(text: str, now: datetime) -> None:
    """Refuse a query that can't be used by a rule. Raises SearchError."""
    condition(parsed(text), _anybody(), now)


def matching(project_id: int, text: str, issues: Iterable[int], now: datetime) -> set[int]:
    """Those of `issues` that a query finds; none when it can't be read any more."""
    try:
        wanted = condition(parsed(text), _anybody(), now)
    except SearchError as error:
        log.warning("query of a rule can't be read", project=project_id, error=str(error))
        return set()
    found = Issue.objects.filter(project=project_id, pk__in=list(issues)).filter(wanted)
    return set(found.values_list("pk", flat=True))


def _anybody() -> User:
    """Sees everything; the caller scopes by project."""
    return User(is_superuser=True, is_active=True)
