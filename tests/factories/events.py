"""Events put through the real inbox and digest."""

from __future__ import annotations

import gzip
import json
import uuid
from typing import Any

from ingest import digest, inbox
from ingest.inbox import Letter
from tracker.models import Project


def python_event(fault: int = 1, **more: Any) -> dict[str, Any]:
    """A ValueError in `shop.orders<fault>`; one fault is one issue."""
    frame = {
        "function": f"fail_{fault}", "module": f"shop.orders{fault}", "filename": "shop/orders.py",
        "lineno": 3, "context_line": f"raise ValueError({fault})", "in_app": True,
    }  # fmt: skip
    return {
        "event_id": uuid.uuid4().hex,
        "platform": "python",
        "level": "error",
        "exception": {
            "values": [{"type": "ValueError", "value": "no", "stacktrace": {"frames": [frame]}}]
        },
        **more,
    }


def store_letter(project: Project, body: dict[str, Any] | bytes, events: int = 1) -> Letter:
    """A body as the store endpoint puts it."""
    key = project.keys.get()
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    event_id = body["event_id"] if isinstance(body, dict) else uuid.uuid4().hex
    packed = gzip.compress(raw)
    return Letter(project.pk, key.pk, "store", "gzip", uuid.UUID(event_id), events, b"{}", packed)


def send(project: Project, *bodies: dict[str, Any] | bytes) -> int:
    """Put bodies and digest them; returns how many events were counted."""
    inbox.put_rows([store_letter(project, body) for body in bodies])
    return digest.run()
