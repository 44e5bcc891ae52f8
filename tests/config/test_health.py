"""/healthz, /readyz, /metrics: who may ask, and what they say when something is gone."""

import psycopg
import pytest
from django.db import OperationalError, connections
from django.test import Client

from tracker import gauges


@pytest.fixture
def own_gauges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gauges, "_gauges", {})


def test_healthz_asks_nobody(client: Client):
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_tells_what_apps_know(client: Client, own_gauges: None):
    gauges.gauge("inbox_oldest_seconds", "Age", ready=True)(lambda: 1.23456)
    gauges.gauge("not_shown", "Only a metric")(lambda: 5.0)
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "database": True,
        "redis": True,
        "inbox_oldest_seconds": 1.235,
    }


@pytest.mark.django_db
def test_readyz_says_503_without_a_database(client: Client, monkeypatch: pytest.MonkeyPatch):
    def gone(*_args: object) -> None:
        raise ConnectionError("password of the database")

    monkeypatch.setattr(connections["default"], "cursor", gone)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"status": "unavailable", "database": False}


@pytest.mark.django_db
def test_readyz_stays_ready_without_redis(client: Client, settings):
    settings.REDIS_URL = "unix:///nowhere/redis.sock"
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["redis"] is False


class TestMetrics:
    def test_this_machine_may_read_them(self, client: Client, own_gauges: None):
        gauges.gauge("things", "How many things")(lambda: 7.0)
        gauges.gauge("broken", "Cannot be read")(lambda: 1 / 0)
        text = client.get("/metrics").content.decode()
        assert "# HELP emberwatch_things How many things" in text
        assert "emberwatch_things 7.0" in text
        assert "broken" not in text

    def test_strangers_may_not(self, client: Client):
        assert client.get("/metrics", REMOTE_ADDR="203.0.113.7").status_code == 403

    def test_with_a_token_only_its_bearer_may(self, client: Client, settings, own_gauges: None):
        settings.METRICS_TOKEN = "sesame"
        assert client.get("/metrics").status_code == 403
        wrong = client.get("/metrics", headers={"authorization": "Bearer sésame"})
        assert wrong.status_code == 403
        right = client.get(
            "/metrics", headers={"authorization": "Bearer sesame"}, REMOTE_ADDR="203.0.113.7"
        )
        assert right.status_code == 200


class TestAnswers:
    def test_pages_carry_the_policy(self, client: Client):
        answer = client.get("/healthz")
        directives = {
            part.split()[0]: part.split()[1:]
            for part in answer["Content-Security-Policy"].split("; ")
        }
        assert directives == {
            "default-src": ["'none'"],
            "script-src": ["'self'"],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:"],
            "connect-src": ["'self'"],
            "font-src": ["'self'"],
            "form-action": ["'self'"],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
        }
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Referrer-Policy"] == "same-origin"
        assert answer["X-Frame-Options"] == "DENY"

    def test_a_request_id_is_made_or_kept_if_sane(self, client: Client):
        made = client.get("/healthz")["X-Request-ID"]
        assert len(made) == 16
        kept = client.get("/healthz", headers={"x-request-id": "trace-0123456789"})
        assert kept["X-Request-ID"] == "trace-0123456789"
        forged = client.get("/healthz", headers={"x-request-id": "a b<script>"})
        assert "<" not in forged["X-Request-ID"]

    def test_the_front_door_leads_to_the_admin(self, client: Client):
        answer = client.get("/")
        assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def _raw() -> None:
    raise psycopg.OperationalError("connection refused by 10.1.2.3")


def _without_code() -> None:
    raise psycopg.DatabaseError("server closed the connection unexpectedly, 10.1.2.3")


def _while_handling() -> None:
    try:
        _raw()
    except psycopg.Error as error:
        raise ValueError("10.1.2.3") from error


def _by_django() -> None:
    raise OperationalError("connection refused by 10.1.2.3")


def _otherwise() -> None:
    raise ValueError("10.1.2.3")


def _by_our_own_fault() -> None:
    raise psycopg.errors.UndefinedTable("no such table on 10.1.2.3")


@pytest.mark.parametrize(
    ("fail", "status"),
    [(_by_django, 503), (_raw, 503), (_without_code, 503), (_while_handling, 503),
     (_otherwise, 500), (_by_our_own_fault, 500)],
)  # fmt: skip
def test_pages_say_that_the_database_is_away(rf, fail, status):
    from config import health

    for path in ("/admin/", "/api/v1/issues/"):
        try:
            fail()
        except Exception:
            answer = health.failed(rf.get(path))
        else:
            raise AssertionError
        assert answer.status_code == status and b"10.1.2.3" not in answer.content
        assert (answer.get("Retry-After") == "10") is (status == 503)
        if status == 503:
            assert (answer["Content-Type"] == "application/json") is path.startswith("/api/")
