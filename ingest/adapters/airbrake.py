"""Airbrake's notices, version 3 (also what clients of Errbit send)."""

from typing import Any

from ingest.adapters.base import MAX_EVENT, Context, Parsed, Receipt, Unusable
from ingest.adapters.told import Told, mapping, read_object

_SEVERITIES = {"emergency": "fatal", "alert": "fatal", "critical": "fatal", "notice": "info"}
_LIBRARIES = ("[GEM_ROOT]", "/GEM_ROOT", "site-packages/", "node_modules/", "/gems/", "vendor/")
_ROOTS = ("[PROJECT_ROOT]", "/PROJECT_ROOT")


class AirbrakeAdapter:
    """`POST /api/v3/projects/<id>/notices`."""

    name = "airbrake"
    most = MAX_EVENT

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Syntax, and whether there is an error. Raises Malformed, TooLarge or Unusable."""
        _errors(read_object(body, "notice").value)
        return Receipt(event_id, 1)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """The event. Raises as `check` does."""
        told = Told(body, context, "notice")
        return Parsed(events=(told.event(_tell(told.value, context)),))


def _errors(notice: dict[str, Any]) -> list[dict[str, Any]]:
    listed = notice.get("errors")
    errors = [item for item in listed if isinstance(item, dict)] if isinstance(listed, list) else []
    if not errors:
        raise Unusable("The notice has no errors.")
    return errors


def _tell(notice: dict[str, Any], context: Context) -> dict[str, Any]:
    """The notice in Sentry's words."""
    about = mapping(notice.get("context"))
    root = about.get("rootDirectory")
    root = root.rstrip("/") + "/" if isinstance(root, str) and len(root) > 1 else ""
    links = [_link(item, root) for item in _errors(notice)]
    severity = about.get("severity")
    if severity == "critical" or about.get("unhandled") is True:
        links[0]["mechanism"] = {"type": "airbrake", "handled": False}
    notifier = mapping(about.get("notifier"))
    names = (about.get("component"), about.get("action"))
    raw: dict[str, Any] = {
        "exception": {"values": links[::-1]},  # the raised one first, causes after it
        "level": _SEVERITIES.get(severity, severity) if isinstance(severity, str) else None,
        "platform": _platform(about.get("language"), notifier.get("name")),
        "environment": about.get("environment"),
        "release": about.get("version") or about.get("revision"),
        "server_name": about.get("hostname"),
        "transaction": about.get("route") or "#".join(str(n) for n in names if n) or None,
        "sdk": {**notifier, "settings": {"infer_ip": "never"}},
        "request": _request(notice, about),
        "user": _user(about),
        "extra": _extra(notice),
        "contexts": {"server": _mapping_without(about, _TOLD)},
    }
    return raw


_TOLD = frozenset(
    "environment version hostname rootDirectory url component action severity userAgent user"
    " userId userName userEmail userUsername notifier language route httpMethod headers remoteAddr"
    " userAddr".split()
)


def _mapping_without(value: dict[str, Any], keys: frozenset[str]) -> dict[str, Any]:
    return {key: inner for key, inner in value.items() if key not in keys}


def _link(item: dict[str, Any], root: str) -> dict[str, Any]:
    backtrace = item.get("backtrace")
    lines = backtrace if isinstance(backtrace, list) else []
    frames = [_frame(line, root) for line in lines if isinstance(line, dict)]
    link = {"type": item.get("type"), "value": item.get("message")}
    return {**link, "stacktrace": {"frames": frames[::-1]}} if frames else link


def _frame(line: dict[str, Any], root: str) -> dict[str, Any]:
    path = line.get("file")
    frame = {
        "filename": path,
        "function": line.get("function"),
        "lineno": line.get("line"),
        "colno": line.get("column"),
    }
    if isinstance(path, str):
        library = any(mark in path for mark in _LIBRARIES)
        marked = next((mark for mark in _ROOTS if path.startswith(mark)), "")
        own = bool(marked) or bool(root and path.startswith(root))
        if own or library:
            frame["in_app"] = own and not library
        if marked:
            frame["filename"] = path[len(marked) :].lstrip("/")
        elif root and path.startswith(root):
            frame["filename"], frame["abs_path"] = path[len(root) :], path
    return {**frame, **_code(line.get("code"), line.get("line"))}


def _code(code: Any, lineno: Any) -> dict[str, Any]:
    """`{"12": "..."}`, the source around a line, as the lines before, at and after it."""
    if not isinstance(code, dict) or not isinstance(lineno, int):
        return {}
    numbered = sorted(
        (int(number), text)
        for number, text in code.items()
        if number.isdecimal() and len(number) < 9 and isinstance(text, str)
    )
    return {
        "pre_context": [text for number, text in numbered if number < lineno],
        "context_line": next((text for number, text in numbered if number == lineno), None),
        "post_context": [text for number, text in numbered if number > lineno],
    }


_PLATFORMS = (
    ("node", "node"),
    ("javascript", "javascript"),
    ("airbrake-js", "javascript"),
    ("python", "python"),
    ("pybrake", "python"),
    ("ruby", "ruby"),
    ("gobrake", "go"),
    ("php", "php"),
    ("java", "java"),
    ("c#", "csharp"),
    ("sharp", "csharp"),
)


def _platform(language: Any, notifier: Any) -> str | None:
    """Our word for the language, from what the client says of it or of itself."""
    text = f"{language or ''} {notifier or ''}".lower()
    return next((name for mark, name in _PLATFORMS if mark in text), None)


def _request(notice: dict[str, Any], about: dict[str, Any]) -> dict[str, Any]:
    headers = dict(mapping(about.get("headers")))
    if agent := about.get("userAgent"):
        headers.setdefault("User-Agent", agent)
    request = {
        "url": about.get("url"),
        "method": about.get("httpMethod"),
        "headers": headers,
        "data": notice.get("params"),
    }
    return {key: value for key, value in request.items() if value}


def _user(about: dict[str, Any]) -> dict[str, Any]:
    user = dict(mapping(about.get("user")))
    flat = {"id": "userId", "name": "userName", "email": "userEmail", "username": "userUsername"}
    for key, name in flat.items():
        if about.get(name):
            user.setdefault(key, about[name])
    address = about.get("userAddr") or about.get("remoteAddr")
    if address:
        user.setdefault("ip_address", address)
    return user


def _extra(notice: dict[str, Any]) -> dict[str, Any]:
    known = ("errors", "context", "params", "environment", "session", "id", "type")
    extra = {key: value for key, value in notice.items() if key not in known}
    for key in ("environment", "session"):
        if notice.get(key):
            extra[f"airbrake.{key}"] = notice[key]
    return extra


ADAPTER = AirbrakeAdapter()
