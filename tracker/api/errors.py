"""Errors as JSON: `{"detail": "one sentence"}`, and for queries where they went wrong."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

from tracker.actions.releases import ReleaseError
from tracker.actions.repositories import RepositoryError
from tracker.actions.triage import TriageError
from tracker.domain.search import SearchError


class BadRequest(APIException):
    """The caller's mistake, in a sentence."""

    status_code = 400
    default_code = "invalid"


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's handler: what verbs and the search raise becomes a 400. None: a bug, answered 500."""
    extra: dict[str, Any] = {}
    if isinstance(error, SearchError):
        extra = {"position": error.position, "suggestion": error.suggestion}
        error = BadRequest(str(error))
    elif isinstance(error, TriageError | RepositoryError | ReleaseError):
        error = BadRequest(str(error))
    elif isinstance(error, ValidationError):
        error = BadRequest(sentence(error.detail))
    response = exception_handler(error, context)
    if response is not None and isinstance(response.data, dict):
        response.data.update(extra)
    return response


def sentence(detail: Any) -> str:
    """The first complaint of a serializer, with its field."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        text = sentence(inner)
        return text if name == "non_field_errors" else f"{name}: {text}"
    if isinstance(detail, list):
        return sentence(detail[0]) if detail else ""
    return str(detail)


def missing(what: str) -> NotFound:
    """A 404; the same whether it is not there or not the caller's to see."""
    return NotFound(f"There is no such {what}.")
