"""Puts an `Event` together from a decoded payload; never refuses one."""

import math
from typing import Any

import msgspec

from ingest.adapters.base import Context
from ingest.adapters.normalise import (
    bags,
    breadcrumbs,
    clients,
    contexts,
    links,
    message,
    people,
    request,
    scalars,
    stack,
    tags,
)
from ingest.adapters.normalise.work import Work
from tracker.domain.event import Event, ExceptionInfo, Frame, Thread
from tracker.domain.scrub import scrub_query

STORED_BYTES = 512 * 1024
CLOCK_TOLERANCE = 55 * 60.0
FUTURE = 60.0
PAST = 30 * 86400.0

_OLD_NAMES = {
    "sentry.interfaces.Exception": "exception",
    "sentry.interfaces.Stacktrace": "stacktrace",
    "sentry.interfaces.User": "user",
    "sentry.interfaces.Http": "request",
    "sentry.interfaces.Breadcrumbs": "breadcrumbs",
    "sentry.interfaces.Template": "template",
    "sentry.interfaces.Contexts": "contexts",
}


class Moment(msgspec.Struct, frozen=True):
    """When it happened, and by how much the client's clock was corrected."""

    timestamp: float
    shift: float


def clock_shift(sent_at: Any, received: float) -> float:
    """Seconds to add to a client's moments: 0 unless its clock is badly off."""
    sent = scalars.moment(sent_at) if sent_at is not None else None
    if sent is None or abs(received - sent) < CLOCK_TOLERANCE:
        return 0.0
    return received - sent


def when(raw: Any, shift: float, received: float, work: Work) -> Moment:
    """The event's moment; the time of receipt when it is unreadable, old or ahead."""
    if raw is None:
        return Moment(received, shift)
    told = scalars.moment(raw)
    if told is None:
        work.invalid((None, "timestamp"), raw)
        return Moment(received, shift)
    told += shift
    if told > received + FUTURE or told < received - PAST:
        kind = "future_timestamp" if told > received else "past_timestamp"
        work.invalid((None, "timestamp"), raw, kind)
        return Moment(received, shift + received - told)
    return Moment(told, shift)


def build(raw: dict[str, Any], context: Context, work: Work) -> Event:
    """The event of a decoded payload, which is taken over and changed."""
    for old, name in _OLD_NAMES.items():
        if old in raw and not raw.get(name):
            raw[name] = raw[old]
    clients.mend(raw)
    sent_at = context.meta.get("sent_at")
    shift = clock_shift(sent_at, context.received)
    moment = when(raw.get("timestamp"), shift, context.received, work)
    data: dict[str, Any] = {}
    error = _error(raw, data, work)
    facts = _facts(raw, work)
    data.update({key: value for key, value in facts.items() if value})
    around = _surroundings(raw, data, context, work, moment, facts)
    kind = _type(raw.get("type"), bool(error.links))
    if kind not in ("error", "default"):
        data["type"] = kind
    data["event_id"] = identity = _identity(raw, context, work)
    data["timestamp"] = moment.timestamp
    data["level"] = level = _level(raw.get("level"), work)
    fingerprint = _fingerprint(raw.get("fingerprint"), raw.get("checksum"), work)
    if fingerprint:
        data["fingerprint"] = list(fingerprint)
    all_tags = _all_tags(raw, data, error.links, facts, work)
    title = work.sentence(raw.get("title"), 255, (None, "title"))
    if title:
        data["title"] = title
    _finish(data, raw, work)
    return Event(
        event_id=identity,
        timestamp=moment.timestamp,
        received=context.received,
        level=level,
        type=kind,
        exceptions=error.links,
        threads=error.threads,
        stack=error.frames,
        message=error.text,
        template=error.template,
        sdk=around[0],
        fingerprint=fingerprint,
        tags=all_tags,
        user_key=around[1],
        cut=work.changed,
        data=data,
        title=title,
        platform=facts["platform"],
        logger=facts["logger"],
        transaction=facts["transaction"],
        release=facts["release"],
        dist=facts["dist"],
        environment=facts["environment"],
        server_name=facts["server_name"],
    )


class _Error(msgspec.Struct, frozen=True, gc=False):
    """What went wrong, without what surrounds it."""

    links: tuple[ExceptionInfo, ...]
    threads: tuple[Thread, ...]
    frames: tuple[Frame, ...]
    text: str
    template: str


def _error(raw: dict[str, Any], data: dict[str, Any], work: Work) -> _Error:
    """Exceptions, threads, stack and message; their stored forms go into `data`."""
    get = raw.get
    stored_links, made_links = links.exceptions(get("exception"), work)
    stored_threads, made_threads = links.threads(get("threads"), work)
    stored_stack, frames = stack.stacktrace(get("stacktrace"), (None, "stacktrace"), work)
    text, template, stored_message = message.message(raw, work)
    data.update(stored_message)
    if stored_links:
        data["exception"] = {"values": stored_links}
    if stored_threads:
        data["threads"] = {"values": stored_threads}
    if stored_stack:
        data["stacktrace"] = stored_stack
    made_links, frames = _message_with_stack(text, made_links, frames)
    return _Error(made_links, made_threads, frames, text, template)


def _all_tags(
    raw: dict[str, Any],
    data: dict[str, Any],
    made_links: tuple[ExceptionInfo, ...],
    facts: dict[str, str],
    work: Work,
) -> tuple[tuple[str, str], ...]:
    """The SDK's tags, stored as they came, then those we derive; the SDK's win."""
    told = tags.tags(raw.get("tags"), work)
    if told:
        data["tags"] = told
    every = told.copy()
    contexts, request = data.get("contexts", {}), data.get("request", {})
    for key, value in tags.derived(contexts, request, made_links, facts).items():
        every.setdefault(key, value)
    return tuple(every.items())


def _message_with_stack(
    text: str, made: tuple[ExceptionInfo, ...], frames: tuple[Frame, ...]
) -> tuple[tuple[ExceptionInfo, ...], tuple[Frame, ...]]:
    """A message whose stack came as an invented exception is a message again."""
    if text and len(made) == 1 and made[0].synthetic and not made[0].type:
        return (), frames or made[0].frames
    return made, frames


def _level(given: Any, work: Work) -> str:
    if given is None or given == "":
        return "error"
    known = scalars.level(given)
    if known is None:
        work.invalid((None, "level"), given)
    return known or "error"


def _type(given: Any, has_exception: bool) -> str:
    if isinstance(given, str) and given not in ("", "error", "default") and len(given) <= 32:
        return given if given.isidentifier() else "default"
    return "error" if has_exception else "default"


_JUDGED = (
    ("release", 200, scalars.release),
    ("environment", 64, scalars.environment),
    ("dist", 64, scalars.dist),
)


def _facts(raw: dict[str, Any], work: Work) -> dict[str, str]:
    """The event's plain attributes, mended."""
    get = raw.get
    name = get("server_name")
    if isinstance(name, dict):
        name = name.get("name") or name.get("host")
    transaction = get("transaction")
    if transaction is None:
        transaction = get("culprit")
    transaction = work.text(transaction, 200, (None, "transaction"))
    if work.scrub and "?" in transaction:
        transaction = scrub_query(transaction, work.keys)[:200]
    facts = {
        "platform": work.text(get("platform"), 64, (None, "platform")).strip().lower() or "other",
        "logger": work.text(get("logger"), 64, (None, "logger")),
        "transaction": transaction,
        "server_name": work.text(name, 256, (None, "server_name")),
    }
    for key, limit, judge in _JUDGED:
        text = work.text(get(key), limit, (None, key))
        fit = judge(text) if text else ""
        if fit is None:
            work.invalid((None, key), text)
        facts[key] = fit or ""
    return facts


def _surroundings(
    raw: dict[str, Any],
    data: dict[str, Any],
    context: Context,
    work: Work,
    moment: Moment,
    facts: dict[str, str],
) -> tuple[str, bytes]:
    """Everything around the error into `data`; the SDK's label and the user's key."""
    get = raw.get
    stored_sdk, label = contexts.sdk(get("sdk"), work)
    if not label:
        label = work.text(context.meta.get("sentry_client"), 128, (None, "sdk"))
    if stored_sdk:
        data["sdk"] = stored_sdk
    if crumbs := breadcrumbs.breadcrumbs(get("breadcrumbs"), work, moment.shift):
        data["breadcrumbs"] = {"values": crumbs}
    if asked := request.request(get("request"), work):
        data["request"] = asked
    known = contexts.contexts(get("contexts"), work)
    contexts.add_client(known, _user_agent(asked, context, facts["platform"]))
    if known:
        data["contexts"] = known
    person, key = people.user(
        get("user"),
        work,
        client_ip=context.client_ip,
        salt=context.salt,
        infer_ip=people.may_infer_ip(facts["platform"], stored_sdk),
    )
    if person:
        data["user"] = person
    if extra := contexts.own_data(get("extra"), work):
        data["extra"] = extra
    if modules := contexts.modules(get("modules"), work):
        data["modules"] = modules
    if "debug_meta" in raw and (images := contexts.images(raw["debug_meta"], work)):
        data["debug_meta"] = {"images": images}
    return label, key


def _user_agent(asked: dict[str, Any], context: Context, platform: str) -> str:
    """That of the request; of scripts in a browser, the one that sent the event."""
    for name, value in asked.get("headers", {}).items():
        if len(name) == _AGENT and name.lower() == "user-agent":
            told: str = value
            return told
    return context.user_agent if platform == "javascript" else ""


_AGENT = len("user-agent")


def _identity(raw: dict[str, Any], context: Context, work: Work) -> str:
    told = raw.get("event_id")
    own = scalars.event_id(told)
    if told is not None and not own:
        work.invalid((None, "event_id"), told)
    return context.event_id or own


def _fingerprint(given: Any, checksum: Any, work: Work) -> tuple[str, ...]:
    if given is None and isinstance(checksum, str) and checksum.strip():
        return (checksum.strip()[:256],)
    if not given and given != 0:
        return ()
    place = (None, "fingerprint")
    if not isinstance(given, list):
        work.invalid(place, given)
        return ()
    if len(given) > 20:
        work.shortened(place, len(given))
        given = given[:20]
    parts = (work.text(part, 256, (place, index)) for index, part in enumerate(given))
    return tuple(part for part in parts if part)


# --- the whole ---------------------------------------------------------------------------


def _finish(data: dict[str, Any], raw: dict[str, Any], work: Work) -> None:
    """Hold the whole under its budget, then write the notes down."""
    if work.size > STORED_BYTES:
        _hold(data, work)
    sent = raw.get("errors")
    if isinstance(sent, list) and sent:
        kept = [
            {
                "type": work.text(item.get("type"), 64, None),
                "name": work.text(item.get("name"), 200, None),
            }
            for item in sent[:20]
            if isinstance(item, dict)
        ]
        work.errors[:0] = kept
    if work.errors:
        data["errors"] = work.errors
    if work.meta:
        data["_meta"] = work.meta


def _hold(data: dict[str, Any], work: Work) -> None:
    """Cut an event to its stored size, the largest part first."""
    sizes = {key: len(msgspec.json.encode(value)) for key, value in data.items()}
    total = sum(sizes.values())
    for key in sorted(sizes, key=sizes.__getitem__, reverse=True):
        if total <= STORED_BYTES:
            return
        allowed = max(4096, sizes[key] - (total - STORED_BYTES))
        data[key] = _shrunk(key, data[key], allowed, work)
        total += len(msgspec.json.encode(data[key])) - sizes[key]


def _shrunk(key: str, value: Any, allowed: int, work: Work) -> Any:
    """A part of the event within `allowed` bytes."""
    if key in ("exception", "threads", "stacktrace"):
        for name in ("vars", "pre_context", "post_context"):
            dropped = _strip_frames(value, name)
            if dropped:
                work.shortened(((None, key), name), dropped)
            if len(msgspec.json.encode(value)) <= allowed:
                return value
    if key == "breadcrumbs":
        values = value["values"]
        keep = max(1, math.floor(len(values) * allowed / len(msgspec.json.encode(value))))
        work.shortened((None, key), len(values))
        return {"values": values[-keep:]}
    if isinstance(value, dict):
        bags.fit(value, allowed, (None, key), work)
    return value


def _strip_frames(value: dict[str, Any], name: str) -> int:
    """Take one attribute from all frames under `value`; how many had it."""
    dropped = 0
    stacks = [value] if "frames" in value else []
    for link in value.get("values", ()):
        stacks += [link[key] for key in ("stacktrace", "raw_stacktrace") if key in link]
    for stored in stacks:
        for made in stored["frames"]:
            dropped += made.pop(name, None) is not None
    return dropped
