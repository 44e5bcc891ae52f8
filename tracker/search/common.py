"""What the meanings share: who asks, and how a pattern becomes a condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet
from msgspec import Struct

from tracker.domain.search import has_wildcard, text_of
from tracker.lookups import like, like_anywhere
from tracker.models import Project, User

COUNT_LIMIT = 1000
"""Counts above it read "1000+": an exact one costs more than it tells."""


class Asked(Struct, frozen=True):
    """Who asks, and when; the names of environments by id, where they are at hand."""

    user: User
    now: datetime
    environments: Mapping[int, str] | None = None


def any_of(conditions: Iterable[Q]) -> Q:
    """Their disjunction. There is at least one."""
    return reduce(or_, conditions)


def visible(user: User) -> QuerySet[Project]:
    """The projects that the user may see."""
    return Project.objects.visible_to(user)


def matching(field: str, values: Iterable[str], *, anywhere: bool = False) -> Q:
    """A column equals one of the patterns, or contains one."""
    form = like_anywhere if anywhere else like
    return any_of(Q(**{f"{field}__any_case_like": form(value)}) for value in values)


def values_of(field: str, values: Iterable[str]) -> Q:
    """Exact ones by the index, patterns whatever the case."""
    values = list(values)
    exact = [text_of(value) for value in values if not has_wildcard(value)]
    globs = [value for value in values if has_wildcard(value)]
    found = [Q(**{f"{field}__in": exact})] if exact else []
    return any_of(found + ([matching(field, globs)] if globs else []))
