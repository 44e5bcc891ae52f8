"""The ingest API's description is complete, and the running product keeps to it."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import checks

from ingest import openapi, urls
from tests.stack import Stack


@schemathesis.serializer("application/x-sentry-envelope")
def as_envelope(_context: Any, value: Any) -> bytes:
    """The text as it is, or as the payload of an item."""
    text = str(value).encode("utf-8", "replace")
    return text if len(text) % 3 else b'{}\n{"type":"event"}\n' + text


@schemathesis.serializer("application/csp-report")
def as_json(_context: Any, value: Any) -> bytes:
    """A report is JSON."""
    return json.dumps(value).encode()


SCHEMA = schemathesis.openapi.from_dict(openapi.document())
checks.load_all_checks()
CHECKS: list[Any] = [
    checks.not_a_server_error,
    checks.CHECKS.get_one("status_code_conformance"),
    checks.CHECKS.get_one("content_type_conformance"),
    checks.CHECKS.get_one("response_schema_conformance"),
    checks.CHECKS.get_one("response_headers_conformance"),
]
ELSEWHERE = ("api/ingest/schema", "api/embed", "api/0/", "api/1/", "uuid", "api/store", "(?!0/)")
"""Described by /api/v1/schema/, for browsers and sentry-cli, or the same by another address."""


def test_every_address_is_described():
    described = [path.replace("{project}", "1").strip("/") for path in openapi.document()["paths"]]
    fill = {"{event_id}": "a" * 32, "{slug}": "job", "{key}": "b" * 32, "{kind}": "logs"}
    for name, value in fill.items():
        described = [path.replace(name, value) for path in described]
    patterns: list[Any] = urls.urlpatterns
    for pattern in patterns:
        text = str(pattern.pattern)
        if any(word in text for word in ELSEWHERE) or "cron/(?P<slug>[^/]{1,256})/?$" in text:
            continue
        assert any(pattern.pattern.match(path) for path in described), text


def test_it_can_be_fetched(client):
    answer = client.get("/api/ingest/schema/")
    assert answer.status_code == 200
    assert answer.json()["openapi"] == "3.1.0"
    assert client.post("/api/ingest/schema/").status_code == 405


@pytest.fixture(scope="module")
def sender(stack: Stack) -> Iterator[dict[str, str]]:
    """The project's numbers and keys."""
    name = f"Described {uuid.uuid4().hex[:6]}"
    made = json.loads(stack.manage("create_project", name, "--unlimited", "--json").stdout)
    yield {
        "base": f"http://127.0.0.1:{stack.port}",
        "project": made["id"],
        "key": made["public_key"],
        "token": made["rollbar_tokens"]["post_server"],
    }
    assert stack.get("/healthz")[0] == 200


@pytest.mark.long
@pytest.mark.timeout(300)
@SCHEMA.parametrize()
@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_it_answers_as_it_says(case: Any, sender: dict[str, str]):
    # Half of them come with a key that fits, so that they get past the door.
    if len(repr(case.body)) % 2:
        case.path_parameters = {**(case.path_parameters or {}), "project": sender["project"]}
        case.headers = {
            **(case.headers or {}),
            "X-Sentry-Auth": f"Sentry sentry_key={sender['key']}, sentry_version=7",
            "X-Rollbar-Access-Token": sender["token"],
            "X-Airbrake-Token": sender["key"],
        }
        case.query = {k: v for k, v in (case.query or {}).items() if k != "sentry_key"}
    answer = case.call(base_url=sender["base"], timeout=20)
    case.validate_response(answer, checks=CHECKS)
    said = (case.method, answer.request.url, answer.status_code, answer.text[:200])
    assert answer.headers.get("access-control-allow-origin") == ["*"], said
