"""Words, type, message, culprit, files and functions: found by the trigram index."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from tracker.domain.search import Term, has_wildcard, literal, pieces
from tracker.lookups import like_anywhere, line_regex
from tracker.models import IssueText
from tracker.search.common import Asked, any_of, matching

_PATH_ENDS, _NAME_ENDS = r"/\\", r".:#/$\\ "


def words(patterns: Iterable[str]) -> Q:
    """Type, message or culprit contain one of these patterns."""
    said = any_of(Q(text__capital_like=like_anywhere(pattern)) for pattern in patterns)
    return _text(said, IssueText.Kind.WORDS)


def _text(said: Q, kind: int) -> Q:
    rows = IssueText.objects.filter(
        said, project_id=OuterRef("project_id"), issue_id=OuterRef("pk"), kind=kind
    )
    return Q(Exists(rows))


def narrowed(column: Q, term: Term) -> Q:
    """A condition on a column of text, with the trigram index to find candidates."""
    longest = [max((p or "" for p in pieces(v)), key=len) for v in term.values]
    if min(len(part) for part in longest) < 3:  # a trigram's length
        return column
    return column & words(literal(part) for part in longest)


def free(term: Term, _: Asked) -> Q:
    """Type, message or culprit contain it."""
    return words(" ".join(value.split()) for value in term.values)


def culprit(term: Term, _: Asked) -> Q:
    """With a wildcard the whole of it, else a part."""
    whole = [value for value in term.values if has_wildcard(value)]
    parts = [value for value in term.values if not has_wildcard(value)]
    found = [matching("culprit", whole)] if whole else []
    found += [matching("culprit", parts, anywhere=True)] if parts else []
    return narrowed(any_of(found), term)


def message(term: Term, _: Asked) -> Q:
    """The message contains it."""
    return narrowed(matching("message", term.values, anywhere=True), term)


def file(term: Term, _: Asked) -> Q:
    """A file of the application's frames, from any folder on."""
    said = any_of(Q(text__capital_regex=line_regex(v, _PATH_ENDS)) for v in term.values)
    return _text(said, IssueText.Kind.FILES)


def function(term: Term, _: Asked) -> Q:
    """A function of the application's frames, with or without what stands before its name."""
    said = any_of(Q(text__capital_regex=line_regex(v, _NAME_ENDS)) for v in term.values)
    return _text(said, IssueText.Kind.FUNCTIONS)


def type_(term: Term, _: Asked) -> Q:
    """The whole of the type, or a pattern of it."""
    return narrowed(matching("type", term.values), term)
