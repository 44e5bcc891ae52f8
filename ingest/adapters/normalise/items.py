"""Items beside events: sessions, reports, feedback, check-ins. Bad ones are None, never raised."""

import re
from typing import Any

from ingest.adapters.normalise import scalars
from ingest.adapters.normalise.event import clock_shift
from ingest.adapters.normalise.work import Work
from tracker.domain.items import (
    CheckInReport,
    FeedbackReport,
    LossReport,
    SessionBucket,
    SessionUpdate,
    UserReport,
)

MAX_SESSIONS = 100
MAX_LOSSES = 200
MAX_COMMENT = 4096
_OLDEST_SESSION = 5 * 86400.0
_SLUG = re.compile(r"[a-z0-9_-]{1,50}")
_STATUSES = frozenset({"in_progress", "ok", "error"})
_TOP = 10**9


def _attributes(raw: dict[str, Any], work: Work) -> tuple[str, str]:
    """Release and environment of a session; release "" when it has none that is usable."""
    attrs = raw.get("attrs")
    if not isinstance(attrs, dict):
        return "", ""
    release = work.text(attrs.get("release"), 200, None)
    environment = work.text(attrs.get("environment"), 64, None)
    return scalars.release(release) or "", scalars.environment(environment) or ""


def _started(raw: Any, received: float, shift: float) -> float | None:
    """When a session began; None when it is unreadable, too old or ahead."""
    moment = scalars.moment(raw)
    if moment is None:
        return None
    moment += shift
    return moment if received - _OLDEST_SESSION <= moment <= received + 60 else None


def session(raw: dict[str, Any], received: float, shift: float, work: Work) -> SessionUpdate | None:
    """One update; None without release, id or a sensible start."""
    release, environment = _attributes(raw, work)
    started = _started(raw.get("started"), received, shift)
    sid = work.text(raw.get("sid"), 64, None)
    if not release or not sid or started is None:
        return None
    return SessionUpdate(
        sid=sid,
        release=release,
        environment=environment,
        did=work.text(raw.get("did"), 256, None),
        seq=scalars.integer(raw.get("seq"), 2**53) or 0,
        init=scalars.boolean(raw.get("init")) is True,
        started=started,
        status=work.text(raw.get("status"), 32, None) or "ok",
        errors=scalars.integer(raw.get("errors"), _TOP) or 0,
    )


def sessions(raw: dict[str, Any], received: float, shift: float, work: Work) -> list[SessionBucket]:
    """The buckets of an aggregate, at most a hundred."""
    release, environment = _attributes(raw, work)
    aggregates = raw.get("aggregates")
    if not release or not isinstance(aggregates, list):
        return []
    made: list[SessionBucket] = []
    for bucket in aggregates[:MAX_SESSIONS]:
        if not isinstance(bucket, dict):
            continue
        started = _started(bucket.get("started"), received, shift)
        counts = {
            key: scalars.integer(bucket.get(key), _TOP) or 0
            for key in ("exited", "errored", "abnormal", "unhandled", "crashed")
        }
        if started is not None and any(counts.values()):
            did = work.text(bucket.get("did"), 256, None)
            made.append(SessionBucket(release, environment, did, started, **counts))
    return made


def losses(raw: dict[str, Any], work: Work) -> list[LossReport]:
    """What a client report counts."""
    listed = raw.get("discarded_events")
    made: list[LossReport] = []
    for item in listed[:MAX_LOSSES] if isinstance(listed, list) else ():
        if isinstance(item, dict):
            reason = work.text(item.get("reason"), 64, None)
            category = work.text(item.get("category"), 64, None)
            quantity = scalars.integer(item.get("quantity"), _TOP)
            if reason and quantity:
                made.append(LossReport(reason, category or "default", quantity))
    return made


def user_report(raw: dict[str, Any], event_id: str, work: Work) -> UserReport | None:
    """A comment about an event; None without event or words."""
    event = scalars.event_id(raw.get("event_id")) or event_id
    comments = work.sentence(raw.get("comments"), MAX_COMMENT, None)
    if not event or not comments:
        return None
    name = work.text(raw.get("name"), 256, None)
    return UserReport(event, name, work.text(raw.get("email"), 256, None), comments)


def feedback(
    raw: dict[str, Any], event_id: str, received: float, sent_at: Any, work: Work
) -> FeedbackReport | None:
    """Feedback by a person; None without a message."""
    contexts = raw.get("contexts")
    told = contexts.get("feedback") if isinstance(contexts, dict) else None
    if not isinstance(told, dict):
        return None
    message = work.sentence(told.get("message"), MAX_COMMENT, None).strip()
    if not message:
        return None
    moment = scalars.moment(raw.get("timestamp"))
    moment = received if moment is None else moment + clock_shift(sent_at, received)
    if not received - 30 * 86400 <= moment <= received + 60:
        moment = received
    user = raw["user"] if isinstance(raw.get("user"), dict) else {}
    return FeedbackReport(
        event_id=scalars.event_id(raw.get("event_id")) or event_id,
        message=message,
        timestamp=moment,
        name=work.text(told.get("name") or user.get("name"), 256, None),
        email=work.text(told.get("contact_email") or user.get("email"), 256, None),
        url=work.text(told.get("url"), 2048, None),
        associated_event_id=scalars.event_id(told.get("associated_event_id")),
        replay_id=scalars.event_id(told.get("replay_id")),
        release=scalars.release(work.text(raw.get("release"), 200, None)) or "",
        environment=scalars.environment(work.text(raw.get("environment"), 64, None)) or "",
        source=work.text(told.get("source"), 64, None),
    )


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= _TOP else None


def check_in(raw: dict[str, Any], fresh_id: str, work: Work) -> CheckInReport | None:
    """A check-in; None without a usable monitor slug."""
    slug = work.text(raw.get("monitor_slug"), 256, None).strip().lower()
    slug = re.sub(r"[^a-z0-9_-]+", "-", slug).strip("-")[:50]
    if not _SLUG.fullmatch(slug):
        return None
    status = raw.get("status")
    contexts = raw.get("contexts")
    trace = contexts.get("trace") if isinstance(contexts, dict) else None
    config = raw.get("monitor_config")
    told = raw.get("check_in_id")
    latest = isinstance(told, str) and told != "" and not told.strip("0-")
    return CheckInReport(
        check_in_id="0" * 32 if latest else scalars.event_id(told) or fresh_id,
        slug=slug,
        status=status if isinstance(status, str) and status in _STATUSES else "unknown",
        duration=_seconds(raw.get("duration")),
        release=scalars.release(work.text(raw.get("release"), 200, None)) or "",
        environment=scalars.environment(work.text(raw.get("environment"), 64, None))
        or "production",
        trace_id=scalars.event_id(trace.get("trace_id")) if isinstance(trace, dict) else "",
        config=config if isinstance(config, dict) and config else None,
    )
