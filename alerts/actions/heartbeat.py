"""Tells a watcher elsewhere that alerts work; silence is the alarm."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.conf import settings

from alerts import health
from alerts.transports.base import TransportError
from alerts.transports.http import USER_AGENT, post

log = structlog.get_logger(__name__)
LATE = timedelta(minutes=2)


def beat(now: datetime) -> bool:
    """POST to EMBERWATCH_HEARTBEAT_URL while letters are read and pages leave; True: sent."""
    url = settings.EMBERWATCH_HEARTBEAT_URL
    if not url:
        return False
    late = LATE.total_seconds()
    if health.evaluator_lag(now) > late or health.oldest_queued_page(now) > late:
        log.warning("no heartbeat: alerts are late")
        return False
    try:
        post(url, b"", {"User-Agent": USER_AGENT})
    except TransportError as error:
        log.warning("heartbeat not taken", error=str(error))
        return False
    return True
