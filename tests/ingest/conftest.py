"""Fresh tables of keys and limits for each test, and a way to post."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from ingest import auth, digest, limits
from tracker.actions import names
from tracker.actions import record as recording
from tracker.models import Project, ProjectKey


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test has another database content: nothing remembered may survive."""
    auth.KEYS.forget()
    auth.TOKENS.forget()
    names.environments.forget()
    names.releases.forget()
    digest._rules.clear()
    recording._days_made.clear()
    made = limits.Limits()
    monkeypatch.setattr(made, "_start", lambda: None)
    replace(monkeypatch, made)
    yield
    auth.KEYS.forget()
    auth.TOKENS.forget()


def replace(monkeypatch: pytest.MonkeyPatch, made: limits.Limits) -> None:
    """Make every module of ingest use these limits."""
    import sys

    for name, module in list(sys.modules.items()):
        if name.startswith("ingest") and getattr(module, "LIMITS", None) is not None:
            monkeypatch.setattr(module, "LIMITS", made)


class Poster:
    """Posts to one project, as an SDK would."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.key: ProjectKey = project.keys.get()
        self.client = Client(raise_request_exception=False)

    @property
    def auth(self) -> str:
        return f"Sentry sentry_key={self.key.public_key}, sentry_version=7, sentry_client=test/1"

    @property
    def dsn(self) -> str:
        return f"http://{self.key.public_key}@localhost/{self.project.pk}"

    def rows(self) -> Any:
        """What waits in the inbox for this project."""
        from ingest.models import InboxRow

        return InboxRow.objects.filter(project_id=self.project.pk).order_by("pk")

    def post(self, what: str, body: bytes | dict[str, Any], **headers: str) -> Any:
        """POST to an address of the project; headers in their HTTP form."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        content_type = headers.pop("content_type", "application/octet-stream")
        given = {"X-Sentry-Auth": self.auth, **headers}
        given = {name: value for name, value in given.items() if value}
        return self.client.post(
            f"/api/{self.project.pk}/{what}", raw, content_type=content_type, headers=given
        )

    def envelope(self, *items: tuple[dict[str, Any], Any], **head: Any) -> bytes:
        lines = [json.dumps(head)]
        for headers, payload in items:
            lines += [
                json.dumps(headers),
                payload if isinstance(payload, str) else json.dumps(payload),
            ]
        return "\n".join(lines).encode()


@pytest.fixture(scope="module")
def shared_db(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A database for a whole module: emptying all tables after each test is most of a test's time.

    Tests look at rows of their own project only.
    """
    with django_db_blocker.unblock():
        yield
        empty()


def empty() -> None:
    """Truncate every table of a model."""
    from django.apps import apps
    from django.db import connection

    there = set(connection.introspection.table_names())
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} & there
    kept = {"django_content_type", "auth_permission"}
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE " + ", ".join(f'"{t}"' for t in sorted(tables - kept)) + " CASCADE"
        )


@pytest.fixture
def poster(shared_db: None) -> Poster:
    """A project of the test's own."""
    from tests.factories.projects import make_project

    return Poster(make_project())
