"""The body of a Rollbar item (traces, messages, crash reports, telemetry) in Sentry's words."""

from collections.abc import Callable
from typing import Any

ROLLBAR_GO = frozenset({"rollbar/rollbar-go", "rollbar-go"})
NEWEST_FIRST = ROLLBAR_GO | {"go-roll"}
"""Notifiers that send the raising frame first; all others send it last."""

COLUMNS_FROM_ZERO = frozenset({"node_rollbar"})


def told(data: dict[str, Any], notifier: dict[str, Any], uncaught: bool) -> dict[str, Any]:
    """`exception` or `message`, and `breadcrumbs`, of an item."""
    body = data.get("body")
    body = body if isinstance(body, dict) else {}
    raw: dict[str, Any] = {}
    chain = body.get("trace_chain") or body.get("trace")
    if chain:
        traces = chain if isinstance(chain, list) else [chain]
        frame = _frame_teller(data, notifier)
        newest_first = name_of(notifier) in NEWEST_FIRST
        links = [
            _link(trace, frame, uncaught, newest_first, is_top=index == 0)
            for index, trace in enumerate(traces)
            if isinstance(trace, dict)
        ]
        raw["exception"] = {"values": links[::-1]}  # the raised one comes last
        _descriptions(raw, traces)
    elif message := body.get("message"):
        _message(raw, message)
    elif report := body.get("crash_report"):
        text = report.get("raw") if isinstance(report, dict) else report
        raw["message"] = text
    raw["breadcrumbs"] = _breadcrumbs(body.get("telemetry"), data)
    return raw


def name_of(notifier: dict[str, Any]) -> str:
    """The client's own name, "" when it has none."""
    name = notifier.get("name")
    return name if isinstance(name, str) else ""


def _link(
    trace: dict[str, Any],
    frame: Callable[[Any], dict[str, Any] | None],
    uncaught: bool,
    newest_first: bool,
    is_top: bool,
) -> dict[str, Any]:
    exception = trace.get("exception")
    exception = exception if isinstance(exception, dict) else {}
    frames = trace.get("frames")
    listed = frames if isinstance(frames, list) else []
    told_frames = [made for item in listed if (made := frame(item))]
    if newest_first:
        told_frames.reverse()
    link: dict[str, Any] = {"type": exception.get("class"), "value": exception.get("message")}
    if not link["type"] and not link["value"]:
        link["value"] = exception.get("description")
    if told_frames:
        link["stacktrace"] = {"frames": told_frames}
    if is_top:
        link["mechanism"] = {"type": "rollbar", "handled": not uncaught}
    return link


def _descriptions(raw: dict[str, Any], traces: list[Any]) -> None:
    """What the developer said beside the error, and `extra` of the traces."""
    extra: dict[str, Any] = {}
    for trace in traces:
        if not isinstance(trace, dict):
            continue
        exception = trace.get("exception")
        said = exception.get("description") if isinstance(exception, dict) else None
        if said and "description" not in extra:
            extra["description"] = said
        if isinstance(trace.get("extra"), dict):
            extra.update(trace["extra"])
    if extra:
        raw["extra"] = extra


def _message(raw: dict[str, Any], message: Any) -> None:
    if not isinstance(message, dict):
        raw["message"] = message
        return
    raw["message"] = message.get("body")
    rest = {key: value for key, value in message.items() if key != "body"}
    if isinstance(rest.get("extra"), dict):
        rest.update(rest.pop("extra"))
    if rest:
        raw["extra"] = rest


# --- frames ------------------------------------------------------------------------------


def _frame_teller(
    data: dict[str, Any], notifier: dict[str, Any]
) -> Callable[[Any], dict[str, Any] | None]:
    """How this notifier's frames become ours."""
    name = name_of(notifier)
    server = data.get("server")
    root = server.get("root") if isinstance(server, dict) else None
    root = root.rstrip("/") + "/" if isinstance(root, str) and len(root) > 1 else ""
    if "://" in root:
        root = ""
    first_column = 1 if name in COLUMNS_FROM_ZERO else 0
    go = name in ROLLBAR_GO

    def tell(item: Any) -> dict[str, Any] | None:
        if not isinstance(item, dict):
            return None
        frame = _frame(item, root, first_column)
        if go:
            _go_frame(frame)
        return frame

    return tell


def _go_frame(frame: dict[str, Any]) -> None:
    """`main.index` is the function index of the package main; `x@v1.4.5/` is a module's path."""
    method, path = frame.get("function"), frame.get("filename")
    if isinstance(method, str) and "." in method:
        at = method.find(".", method.rfind("/") + 1)
        frame["module"], frame["function"] = method[:at], method[at + 1 :]
    if isinstance(path, str) and "@v" in path:
        frame["in_app"] = False


def panicked(body: Any) -> bool:
    """Whether rollbar-go tells a panic that it recovered: nothing else calls its LogPanic."""
    chain = body.get("trace_chain") if isinstance(body, dict) else None
    top = chain[0] if isinstance(chain, list) and chain else None
    frames = top.get("frames") if isinstance(top, dict) else None
    return isinstance(frames, list) and any(
        isinstance(frame, dict) and str(frame.get("method")).endswith(".LogPanic")
        for frame in frames[:10]
    )


_LIBRARIES = ("site-packages/", "dist-packages/", "node_modules/", "/gems/", "vendor/")


def _frame(item: dict[str, Any], root: str, first_column: int) -> dict[str, Any]:
    path = item.get("filename")
    frame: dict[str, Any] = {
        "filename": path,
        "function": item.get("method"),
        "lineno": item.get("lineno"),
        "context_line": item.get("code"),
    }
    if isinstance(item.get("class_name"), str):
        frame["module"] = item["class_name"]
    column = item.get("colno")
    if isinstance(column, int) and not isinstance(column, bool):
        column += first_column
    if column is not None:
        frame["colno"] = column
    context = item.get("context")
    if isinstance(context, dict):
        frame["pre_context"], frame["post_context"] = context.get("pre"), context.get("post")
    if isinstance(path, str) and path:
        if root:
            inside = path.startswith(root) or not path.startswith(("/", "<", "("))
            frame["in_app"] = inside and not any(part in path for part in _LIBRARIES)
        if root and path.startswith(root):
            frame["abs_path"], frame["filename"] = path, path[len(root) :]
        elif "/" in path:
            frame["abs_path"] = path
    names = item.get("locals")
    arguments = item.get("args") or item.get("kwargs")
    if isinstance(names, dict) and names:
        frame["vars"] = names
    elif isinstance(arguments, dict | list) and arguments:
        frame["vars"] = arguments
    return {key: value for key, value in frame.items() if value is not None}


# --- telemetry ---------------------------------------------------------------------------

_CATEGORIES = {
    "log": "console",
    "network": "http",
    "navigation": "navigation",
    "error": "exception",
    "manual": "manual",
    "connectivity": "connectivity",
}


def _breadcrumbs(telemetry: Any, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Telemetry as crumbs, without the entry that repeats the item; else Python's history."""
    if isinstance(telemetry, dict):
        telemetry = [telemetry]
    if not isinstance(telemetry, list) or not telemetry:
        return _history(data)
    last, uuid = telemetry[-1], data.get("uuid")
    if isinstance(last, dict) and uuid and last.get("uuid") == uuid:
        telemetry = telemetry[:-1]
    return [_crumb(entry) for entry in telemetry[-100:] if isinstance(entry, dict)]


def _crumb(entry: dict[str, Any]) -> dict[str, Any]:
    kind = entry.get("type")
    body = entry.get("body")
    body = dict(body) if isinstance(body, dict) else {"message": body} if body else {}
    category = _CATEGORIES.get(kind, kind) if isinstance(kind, str) else "manual"
    if kind == "dom":
        category = f"ui.{body.get('subtype') or 'event'}"
    message = body.pop("message", None)
    crumb: dict[str, Any] = {
        "category": category,
        "level": entry.get("level"),
        "timestamp": entry.get("timestamp_ms") or entry.get("timestamp"),
        "data": body,
    }
    if message is not None:
        crumb["message"] = message
    if kind == "network":
        crumb["type"] = "http"
    elif kind in ("navigation", "error"):
        crumb["type"] = kind
    return crumb


def _history(data: dict[str, Any]) -> list[dict[str, Any]]:
    """`server.history` of Python's logging handler."""
    server = data.get("server")
    history = server.get("history") if isinstance(server, dict) else None
    if not isinstance(history, list):
        return []
    crumbs: list[dict[str, Any]] = []
    for entry in history[-100:]:
        if not isinstance(entry, dict) or (entry.get("uuid") and entry["uuid"] == data.get("uuid")):
            continue
        crumb = {
            "category": "logging",
            "timestamp": entry.get("timestamp"),
            "message": entry.get("format"),
        }
        if entry.get("args"):
            crumb["data"] = {"args": entry["args"]}
        crumbs.append(crumb)
    return crumbs
