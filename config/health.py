"""/healthz, /readyz and /metrics: alive, able to work, and how well.

Apps say what they know by registering a gauge:

    @gauge("inbox_oldest_seconds", "Age of the oldest event that waits")
    def inbox_age() -> float: ...

The registry is `tracker.gauges`: apps may not import config.
"""

import hmac
import sys
from collections.abc import Iterable
from ipaddress import ip_address

import psycopg
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from django.views.defaults import server_error
from prometheus_client import Counter
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import REGISTRY, Collector

from tracker import gauges

_AWAY = (
    OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError,
)  # fmt: skip

log = structlog.get_logger(__name__)


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """Alive: this process answers. Asks nobody else."""
    return JsonResponse({"status": "ok"})


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """Able to work: 200 with what the gauges say; 503 without database or above a limit."""
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT 1")
        values = {name: round(value, 3) for name, _help, value in gauges.read("readyz")}
    except Exception as error:
        log.warning("not ready", error=type(error).__name__)
        return JsonResponse({"status": "unavailable", "database": False}, status=503)
    late = gauges.late(values)
    facts = {"database": True, "redis": redis_answers(), **values}
    if late:
        return JsonResponse({"status": "late", "late": late, **facts}, status=503)
    return JsonResponse({"status": "ok", **facts})


def failed(request: HttpRequest) -> HttpResponse:
    """The answer when a page failed: 503 with a sentence while the database is away, else 500."""
    if not means_away(sys.exc_info()[1]):
        return server_error(request)
    text = "The database can't be reached at the moment. Events are taken all the same."
    away: HttpResponse
    if request.path.startswith("/api/"):
        away = JsonResponse({"detail": text}, status=503)
    else:
        away = HttpResponse(f"{text}\n", status=503, content_type="text/plain; charset=utf-8")
    away["Retry-After"] = "10"
    return away


def means_away(error: BaseException | None) -> bool:
    """Whether an error, or what led to it, says that the database can't be reached.

    Raw statements (tracker/sql.py) fail with the driver's own errors. The answer that libpq makes
    up when a connection breaks bears no code: it is a bare DatabaseError.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, _AWAY):
            return True
        if type(error) is psycopg.DatabaseError and error.sqlstate is None:
            return True
        error = error.__cause__ or error.__context__
    return False


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine or for who knows METRICS_TOKEN."""
    if not may_read_metrics(request):
        return HttpResponse("Forbidden\n", status=403, content_type="text/plain")
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    """Whether a request comes from loopback (no token set) or bears the token."""
    token = settings.METRICS_TOKEN
    if token:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False


def redis_answers() -> bool:
    """Whether Redis takes hints now; without it events are late, never lost."""
    import redis

    try:
        client = redis.Redis.from_url(
            settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2
        )
        with client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        return False


class GaugeCollector(Collector):
    """Reads the registered gauges at each scrape."""

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not read, importing this module needs no database."""
        return []

    def collect(self) -> Iterable[Metric]:
        """One family a gauge; those that cannot be read now are left out."""
        for name, help_text, value in gauges.read("metrics"):
            yield GaugeMetricFamily(f"emberwatch_{name}", help_text, value=value)


REGISTRY.register(GaugeCollector())
REFUSED = Counter(
    "emberwatch_requests_refused", "Requests that ended before they reached a view", ["reason"]
)
