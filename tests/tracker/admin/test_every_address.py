"""Every address of the resolver, every role, own and foreign objects: a foreign id is as good as none.

Generated: a page that is added is in here by itself, and one whose objects nobody knows how to
make fails until somebody says so. Answers to a foreign id must be those to an id that does not
exist, to the letter: anything else tells strangers what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse
from django.utils import timezone

from alerts.models import Delivery
from tests.tracker.admin.conftest import Cast
from tracker.admin.verbs import VERBS
from tracker.models import (
    Activity,
    BulkJob,
    Environment,
    Issue,
    IssueUser,
    Project,
    ProjectKey,
    Release,
    SavedView,
    Team,
    User,
)  # fmt: skip

INSIDE = ("admin", "triager", "viewer")
OPEN = {"app_list", "jsi18n", "autocomplete", "view_on_site"}
"""Addresses with arguments that name no object of a team (view_on_site: no model has a site)."""
NOBODY_HAS = 999_999_999
RELATED: dict[type[models.Model], tuple[str, ...]] = {
    SavedView: ("owner",), Delivery: ("channel", "incident"),
}  # fmt: skip
"""Keys to set where constraints want others than those that may not be null."""


# --- One row of everything ------------------------------------------------------------------------


@dataclass
class Things:
    """A project with one row of every kind, made as it is asked for."""

    project: Project
    person: User
    issue: Issue
    event: str

    def __post_init__(self) -> None:
        self.rows: dict[type[models.Model], models.Model] = {
            Project: self.project, Team: self.project.team, User: self.person, Issue: self.issue,
            ProjectKey: self.project.keys.get(), Environment: self.project.environments.get(),
            Release: Release.objects.get(project=self.project),
        }  # fmt: skip

    def row(self, model: type[models.Model]) -> models.Model:
        """The project's (or person's) row of a model."""
        model = model._meta.concrete_model or model  # a proxy's rows are another's
        if model not in self.rows:
            found = model._default_manager.filter(**self._mine(model)).first()
            self.rows[model] = found or self._make(model)
        return self.rows[model]

    def _mine(self, model: type[models.Model]) -> dict[str, Any]:
        for field in model._meta.concrete_fields:
            if field.related_model in (Project, User) and not field.null:
                return {field.name: self.rows[field.related_model]}
        return {"pk": None}

    def _make(self, model: type[models.Model]) -> models.Model:
        values: dict[str, Any] = {}
        for field in model._meta.concrete_fields:
            wanted = RELATED.get(model)
            if field.related_model is not None:
                if (wanted is None and not field.null) or (wanted and field.name in wanted):
                    values[field.name] = self.row(field.related_model)
            elif not (field.primary_key or field.null or field.has_default()):
                values[field.name] = _plain(field)
        with transaction.atomic():
            return model._default_manager.create(**values)

    def argument(self, name: str, converter: str, route: str) -> Any:
        """What fills a place of an address. Fails where nobody has said."""
        if name in ("issue_id", "project_id", "event_id", "key_id", "job_id", "key"):
            return {
                "issue_id": self.issue.pk, "project_id": self.project.pk, "event_id": self.event,
                "key_id": self.rows[ProjectKey].pk, "job_id": self.job().pk, "key": self.key(),
            }[name]  # fmt: skip
        if (
            converter in ("int", "path") or name == "id"
        ):  # a row of the model that the page is about
            return self.row(_model_of(route)).pk
        pytest.fail(f"{route}: what is <{converter}:{name}>? Say so in Things.argument.")

    def job(self) -> BulkJob:
        """A job of the person."""
        made, _ = BulkJob.objects.get_or_create(
            actor=self.person, verb="resolve",
            defaults={"ids": [self.issue.pk], "created_at": timezone.now(),
                      "finished_at": timezone.now()},
        )  # fmt: skip
        return made

    def key(self) -> Any:
        """Somebody who was hit."""
        return IssueUser.objects.filter(project_id=self.project.pk).first().user_key


def _plain(field: Any) -> Any:
    if isinstance(field, models.UUIDField):
        return uuid4()
    if isinstance(field, models.DateTimeField):
        return timezone.now()
    if isinstance(field, models.DateField):
        return timezone.now().date()
    if isinstance(field, models.BinaryField):
        return b"x"
    if isinstance(field, models.BooleanField):
        return False
    if isinstance(field, models.IntegerField | models.FloatField):
        return 1
    if isinstance(field, models.JSONField):
        return {}
    if isinstance(field, models.GenericIPAddressField):
        return "127.0.0.1"
    if field.choices:
        return field.flatchoices[0][0]
    return [] if "Array" in type(field).__name__ else uuid4().hex[: field.max_length or 32]


def _model_of(route: str) -> type[models.Model]:
    app, model = route.split("/")[:2]
    return apps.get_model(app, model)


# --- Every address --------------------------------------------------------------------------------


def walk(patterns: list[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """(route below /admin/, name) of every address that has a place to fill."""
    for one in patterns:
        route = before + str(one.pattern)
        if isinstance(one, URLResolver):
            yield from walk(one.url_patterns, route)
        elif "<" in route and one.name not in OPEN and not route.startswith("(?P<url>"):
            yield route, one.name or ""


def addresses() -> list[tuple[str, str]]:
    ours = [
        one for one in get_resolver().url_patterns
        if isinstance(one, URLResolver) and one.namespace == "admin"
    ]  # fmt: skip
    return [pair for resolver in ours for pair in walk(resolver.url_patterns)]


PLACE = re.compile(r"<(?:(\w+):)?(\w+)>")


def filled(route: str, things: Things | None) -> str:
    """The address for some things, or for such as do not exist."""

    def fill(match: re.Match[str]) -> str:
        converter, name = match[1] or "str", match[2]
        if things is not None:
            return str(things.argument(name, converter, route))
        return uuid4().hex if name == "event_id" else str(
            uuid4() if converter == "uuid" else NOBODY_HAS
        )  # fmt: skip

    return "/admin/" + PLACE.sub(fill, route)


@pytest.fixture
def ours(cast: Cast) -> Things:
    return Things(cast.red, cast.people["owner"], cast.ours, cast.event_of(cast.ours).event_id.hex)


@pytest.fixture
def theirs(cast: Cast) -> Things:
    person = cast.people["stranger"]
    return Things(cast.blue, person, cast.theirs, cast.event_of(cast.theirs).event_id.hex)


IDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|\d+")


def said(answer: HttpResponse) -> tuple[int, str]:
    """Status, and where it leads, whatever the ids."""
    return answer.status_code, IDS.sub("*", answer.get("Location", ""))


def told_apart(client: Client, role: str, route: str, theirs: Things) -> list[str]:
    found = []
    for method in ("get", "post"):
        answers = []
        for things in (theirs, None):
            address = filled(route, things)
            with transaction.atomic():
                answer = getattr(client, method)(address, {"post": "yes", "action": "resolve"})
            answers.append(said(answer))
        if answers[0] != answers[1] or answers[0][0] not in (302, 403, 404, 405):
            found.append(f"{role} {method} {route}: {answers[0]}, of nothing {answers[1]}")
    return found


def snapshot(things: Things) -> dict[str, Any]:
    """All that is known of somebody's rows."""
    rows = {model: row.pk for model, row in things.rows.items()}
    found = {
        model.__name__: model._default_manager.filter(pk=pk).values().first()
        for model, pk in rows.items()
    }
    return found | {"activity": Activity.objects.filter(project=things.project).count()}


@pytest.mark.parametrize(
    "role",
    ["triager", *(pytest.param(r, marks=pytest.mark.long) for r in ("admin", "viewer", "nobody"))],
)
def test_a_foreign_id_is_as_good_as_none(cast: Cast, theirs: Things, role: str):
    client = cast.client(role)
    routes = [route for route, _ in addresses()]
    assert len(routes) > 100
    for route in routes:  # so that everything is there
        filled(route, theirs)
    before = snapshot(theirs)
    problems = [line for route in routes for line in told_apart(client, role, route, theirs)]
    assert problems == []
    assert snapshot(theirs) == before, "nothing of theirs was changed"


def test_the_owner_and_the_team_find_their_own(cast: Cast, ours: Things):
    """The pages above are not simply closed: whoever is at home sees them."""
    seen = dict.fromkeys(("owner", *INSIDE), 0)
    for role in seen:
        client = cast.client(role)
        for route, _ in addresses():
            answer = client.get(filled(route, ours))
            assert answer.status_code < 500, route
            seen[role] += answer.status_code == 200
            if role == "owner":
                assert answer.status_code in (200, 302, 403, 405, 410), route
    assert seen["owner"] > 60 and seen["owner"] > seen["admin"] >= seen["triager"] > 20
    assert seen["triager"] >= seen["viewer"] > 20


def test_every_model_of_the_admin_is_in_there():
    routes = [route for route, _ in addresses()]
    for model in admin.site._registry:
        assert any(route.startswith(f"{model._meta.app_label}/{model._meta.model_name}/")
                   for route in routes), model  # fmt: skip


@pytest.mark.parametrize("role", [*INSIDE, "stranger", "nobody"])
def test_no_verb_on_many_touches_anything_when_one_id_is_foreign(cast: Cast, role: str):
    client, address = cast.client(role), reverse("admin:tracker_issue_changelist")
    ids = [cast.ours.pk, cast.theirs.pk]
    before = list(Issue.objects.order_by("pk").values()), Activity.objects.count()
    for verb in [*VERBS, "snooze:next", "snooze:time:60", "priority:high"]:
        form = {
            "action": verb, "_selected_action": ids, "assignee": "me", "releases": "9",
            "text": "x", "confirmed": "1", "next": "1",
        }  # fmt: skip
        assert client.post(address, form).status_code == 404, verb
    assert (list(Issue.objects.order_by("pk").values()), Activity.objects.count()) == before
