"""Events and envelopes as SDKs write them, small."""

import json
import uuid
from typing import Any


def error_event(kind: str = "ValueError", function: str = "total", **more: Any) -> dict[str, Any]:
    """A Python error with one frame; `kind` and `function` decide its issue."""
    frame = {
        "filename": "shop/cart.py",
        "abs_path": "/srv/shop/cart.py",
        "module": "shop.cart",
        "function": function,
        "lineno": 12,
        "in_app": True,
        "pre_context": ["def f():"],
        "context_line": f"    raise {kind}()",
        "post_context": [""],
        "vars": {"basket": "7"},
    }
    return {
        "event_id": uuid.uuid4().hex,
        "platform": "python",
        "level": "error",
        "exception": {"values": [{"type": kind, "value": "no", "stacktrace": {"frames": [frame]}}]},
        **more,
    }


def envelope(event: dict[str, Any], *, dsn: str = "", length: bool = True) -> bytes:
    """One event in an envelope; without `length` the item ends with its line."""
    payload = json.dumps(event).encode()
    header: dict[str, Any] = {"event_id": event["event_id"], **({"dsn": dsn} if dsn else {})}
    item: dict[str, Any] = {"type": "event", **({"length": len(payload)} if length else {})}
    return b"\n".join([json.dumps(header).encode(), json.dumps(item).encode(), payload, b""])
