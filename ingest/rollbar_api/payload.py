"""Pure: a stored event in Rollbar's words, as its tools read occurrences.

Stored events are in Sentry's words whichever client sent them; so tools written for
Rollbar read those of every SDK.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

LEVELS = {"fatal": "critical"}
_LANGUAGES = {"node": "javascript", "csharp": "c#", "cocoa": "objective-c"}
_TELEMETRY = {"console": "log", "http": "network", "exception": "error"}


def level_word(name: str) -> str:
    """Rollbar's word for a level."""
    return LEVELS.get(name, name)


def data_of(stored: Mapping[str, Any], event_id: UUID, environment: str) -> dict[str, Any]:
    """`data` of an occurrence; absent attributes are left out."""
    tags = _tags(stored)
    contexts = _mapping(stored.get("contexts"))
    sdk = _mapping(stored.get("sdk"))
    platform = str(stored.get("platform") or "other")
    told = {
        "uuid": tags.pop("uuid", "") or str(event_id),
        "environment": environment,
        "level": level_word(str(stored.get("level") or "error")),
        "timestamp": int(float(stored.get("timestamp") or 0)),
        "platform": "browser" if platform == "javascript" else platform,
        "language": _LANGUAGES.get(platform, platform),
        "framework": tags.pop("framework", "") or platform,
        "code_version": stored.get("release"),
        "context": stored.get("transaction"),
        "title": stored.get("title"),
        "fingerprint": (stored.get("fingerprint") or [None])[0],
        "body": _body(stored),
        "request": _request(stored),
        "person": _person(stored),
        "server": _server(stored, contexts),
        "client": _client(contexts),
        "custom": stored.get("extra"),
        "notifier": {"name": sdk.get("name"), "version": sdk.get("version")} if sdk else None,
        "attributes": [{"key": key, "value": value} for key, value in tags.items()],
        "metadata": {"customer_timestamp": int(float(stored.get("timestamp") or 0))},
    }
    return {key: value for key, value in told.items() if value not in (None, "", {}, [])}


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _values(value: Any) -> list[Mapping[str, Any]]:
    """The entries of a list that may be wrapped in `values`."""
    listed = value.get("values") if isinstance(value, Mapping) else value
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _tags(stored: Mapping[str, Any]) -> dict[str, str]:
    tags = stored.get("tags")
    pairs = tags.items() if isinstance(tags, Mapping) else (tags or ())
    return {str(pair[0]): str(pair[1]) for pair in pairs if len(pair) == 2}


# -- the error ------------------------------------------------------------------------


def _body(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A trace, a chain of them with the raised one first, or a message."""
    body: dict[str, Any] = {}
    traces = [_trace(link) for link in reversed(_values(stored.get("exception")))]
    if len(traces) == 1:
        body["trace"] = traces[0]
    elif traces:
        body["trace_chain"] = traces
    else:
        body["message"] = {"body": _message(stored)}
    crumbs = [_telemetry(crumb) for crumb in _values(stored.get("breadcrumbs"))]
    return {**body, "telemetry": crumbs} if crumbs else body


def _message(stored: Mapping[str, Any]) -> str:
    entry = _mapping(stored.get("logentry"))
    text = stored.get("message") or entry.get("formatted") or entry.get("message") or ""
    if isinstance(text, Mapping):
        text = text.get("formatted") or text.get("message") or ""
    return str(text)


def _trace(link: Mapping[str, Any]) -> dict[str, Any]:
    frames = _mapping(link.get("stacktrace")).get("frames")
    listed = frames if isinstance(frames, list) else []
    return {
        "exception": {"class": link.get("type") or "", "message": link.get("value") or ""},
        "frames": [_frame(frame) for frame in listed if isinstance(frame, Mapping)],
    }


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        "filename": frame.get("abs_path") or frame.get("filename") or "(unknown)",
        "lineno": frame.get("lineno"),
        "colno": frame.get("colno"),
        "method": frame.get("function"),
        "class_name": frame.get("module"),
        "code": frame.get("context_line"),
        "locals": frame.get("vars"),
    }
    if frame.get("pre_context") or frame.get("post_context"):
        made["context"] = {
            "pre": frame.get("pre_context") or [],
            "post": frame.get("post_context") or [],
        }
    return {key: value for key, value in made.items() if value is not None}


def _telemetry(crumb: Mapping[str, Any]) -> dict[str, Any]:
    category = str(crumb.get("category") or crumb.get("type") or "manual")
    kind = "dom" if category.startswith("ui.") else _TELEMETRY.get(category, category)
    body = dict(_mapping(crumb.get("data")))
    if crumb.get("message") is not None:
        body["message"] = crumb["message"]
    made = {"level": crumb.get("level") or "info", "type": kind, "body": body}
    at = crumb.get("timestamp")
    if isinstance(at, int | float):
        made["timestamp_ms"] = int(at * 1000)
    return made


# -- around it ------------------------------------------------------------------------


def _request(stored: Mapping[str, Any]) -> dict[str, Any]:
    asked = _mapping(stored.get("request"))
    made = {
        "url": asked.get("url"),
        "method": asked.get("method"),
        "headers": _pairs(asked.get("headers")),
        "query_string": asked.get("query_string"),
        "body": asked.get("data"),
        "user_ip": _mapping(stored.get("user")).get("ip_address"),
    }
    return {key: value for key, value in made.items() if value}


def _pairs(value: Any) -> Any:
    """Headers as an object, from pairs too."""
    if isinstance(value, list):
        return {str(p[0]): p[1] for p in value if isinstance(p, list | tuple) and len(p) == 2}
    return value


def _person(stored: Mapping[str, Any]) -> dict[str, Any]:
    user = _mapping(stored.get("user"))
    return {name: user[name] for name in ("id", "username", "email") if user.get(name)}


def _server(stored: Mapping[str, Any], contexts: Mapping[str, Any]) -> dict[str, Any]:
    told = {**_mapping(contexts.get("server"))}
    told.pop("type", None)
    if stored.get("server_name"):
        told["host"] = stored["server_name"]
    return told


def _client(contexts: Mapping[str, Any]) -> dict[str, Any]:
    told = {**_mapping(contexts.get("client"))}
    told.pop("type", None)
    browser = _mapping(contexts.get("browser"))
    if browser:
        name = " ".join(str(browser[key]) for key in ("name", "version") if browser.get(key))
        told.setdefault("browser", name)
    return {"javascript": told} if told else {}
