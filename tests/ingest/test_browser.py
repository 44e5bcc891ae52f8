"""What browsers and exporters send: security reports, network errors, OpenTelemetry."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ingest import digest
from ingest.adapters.csp import CONTENT_TYPES
from tests.ingest.conftest import Poster
from tracker import books
from tracker.models import Issue, Ledger

REPORT = {
    "csp-report": {
        "document-uri": "https://shop.example/cart", "violated-directive": "script-src 'self'",
        "effective-directive": "script-src", "blocked-uri": "https://evil.example/x.js",
    }
}  # fmt: skip


def report(
    poster: Poster, body: Any, what: str = "security/", more: str = "", **headers: str
) -> Any:
    where = f"{what}?sentry_key={poster.key.public_key}{more}"
    sent = {"X-Sentry-Auth": "", "content_type": "application/csp-report", **headers}
    return poster.post(where, json.dumps(body).encode(), **sent)


@pytest.mark.parametrize("what", ["security/", "csp-report/", "security", "csp-report"])
def test_a_report_becomes_an_issue(poster: Poster, what: str) -> None:
    more = "&sentry_release=shop@9&sentry_environment=staging"
    answer = report(poster, REPORT, what, more, Origin="null")
    assert answer.status_code == 200 and answer.content == b""
    assert answer["Access-Control-Allow-Origin"] == "*"
    digest.run()
    issue = Issue.objects.get(project=poster.project)
    assert "evil.example" in issue.title
    assert issue.first_release and issue.first_release.version == "shop@9"
    assert poster.project.environments.filter(name="staging").exists()
    assert books.differences() == []


@pytest.mark.parametrize("content_type", sorted(CONTENT_TYPES))
def test_types_that_browsers_send(poster: Poster, content_type: str) -> None:
    assert report(poster, REPORT, content_type=content_type).status_code == 200


@pytest.mark.parametrize("content_type", ["text/html", "text/plain", "application/xml"])
def test_other_types(poster: Poster, content_type: str) -> None:
    answer = report(poster, REPORT, content_type=content_type)
    assert answer.status_code == 415 and answer.json()["detail"].endswith(".")


def test_noise_of_extensions_is_counted_only(poster: Poster) -> None:
    noise = {"csp-report": {**REPORT["csp-report"], "blocked-uri": "moz-extension://abc"}}
    assert report(poster, noise).status_code == 200
    assert not poster.rows().exists()
    from ingest import limits

    limits.LIMITS.flush()
    assert Ledger.objects.get(project_id=poster.project.pk, kind="skipped").reason == "extension"


def test_network_errors_are_dropped_and_counted(poster: Poster) -> None:
    assert report(poster, [{"type": "network-error"}], "nel/").status_code == 200
    assert not poster.rows().exists()


@pytest.mark.parametrize("where", ["otlp/v1/logs", "integration/otlp/v1/logs/"])
def test_opentelemetry_logs_with_an_exception(poster: Poster, where: str) -> None:
    attributes = [
        {"key": "exception.type", "value": {"stringValue": "KeyError"}},
        {"key": "exception.message", "value": {"stringValue": "till"}},
    ]
    logs = {"resourceLogs": [{"scopeLogs": [{"logRecords": [
        {"severityNumber": 17, "attributes": attributes}, {"severityNumber": 9, "body": {"stringValue": "fine"}},
    ]}]}]}  # fmt: skip
    answer = poster.post(where, logs, content_type="application/json")
    assert answer.status_code == 200 and answer.json() == {}
    digest.run()
    assert Issue.objects.get(project=poster.project).events == 1
    assert books.differences() == []


def test_opentelemetry_protobuf_is_answered_in_kind(poster: Poster) -> None:
    answer = poster.post("otlp/v1/traces", b"\x0a\x00", content_type="application/x-protobuf")
    assert answer.status_code == 200 and answer.content == b""
    assert answer["Content-Type"] == "application/x-protobuf"
