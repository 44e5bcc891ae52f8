"""The description of `/api/v1/` is made without a warning, and its answers are as it says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from drf_spectacular.drainage import GENERATOR_STATS, reset_generator_stats
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema

from tests.tracker.api.conftest import World, client_for, member
from tests.tracker.api.test_scoping import LISTS, READ, own
from tracker.api.urls import SCHEMA
from tracker.models import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def document() -> Iterator[dict[str, Any]]:
    """The description; 3.1, whose shapes are those of JSON Schema."""
    reset_generator_stats()
    with patched_settings({**SCHEMA, "OAS_VERSION": "3.1.0"}):
        made = SchemaGenerator(urlconf="tracker.api.urls").get_schema(request=None, public=True)
    yield made
    reset_generator_stats()


def test_it_is_made_without_a_warning(document: dict[str, Any]):
    said = [*GENERATOR_STATS._warn_cache, *GENERATOR_STATS._error_cache]
    assert said == []
    with patched_settings({"OAS_VERSION": "3.1.0"}):
        validate_schema(document)


def test_answers_are_as_it_says(world: World, document: dict[str, Any]):
    client, names = client_for(member(world.shop, Role.ADMIN, "bo")), own(world)
    seen = set()
    for path in [*READ, *LISTS]:
        url = "/api/v1/" + path.format(**names)
        shape = next(
            (known for known in document["paths"] if matches(known, url.partition("?")[0])), None
        )
        assert shape is not None, url
        answer = client.get(url)
        kinds = document["paths"][shape]["get"]["responses"]["200"]["content"]
        if "application/json" not in kinds:
            assert answer["Content-Type"].partition(";")[0] in kinds, url
            continue
        schema = {**kinds["application/json"]["schema"], "components": document["components"]}
        try:
            jsonschema.validate(answer.json(), schema)
        except jsonschema.ValidationError as error:
            pytest.fail(f"{url}: {'.'.join(map(str, error.absolute_path))}: {error.message}")
        seen.add(shape)
    assert len(seen) > 20


def matches(known: str, path: str) -> bool:
    """Whether a path is meant; the more exact addresses are asked for first."""
    parts = re.split(r"\{\w+\}", known)
    return bool(re.fullmatch("[^/]+".join(map(re.escape, parts)), path))
