"""Makes envelopes of what arrives in other shapes, so that the digest knows one form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import zstandard
from msgspec import Struct

from ingest.adapters.base import Receipt

_PACK_ABOVE = 4 * 1024


class Wrapped(Struct, frozen=True):
    """An item and its bytes."""

    type: str
    payload: bytes
    headers: dict[str, Any] = {}


def envelope(items: Sequence[Wrapped], event_id: str = "") -> tuple[bytes, str]:
    """The body of an envelope with these items, and how it is packed."""
    head = {"event_id": event_id} if event_id else {}
    lines = [orjson.dumps(head)]
    for item in items:
        headers = {**item.headers, "type": item.type, "length": len(item.payload)}
        lines += [orjson.dumps(headers), item.payload]
    body = b"\n".join(lines)
    if len(body) < _PACK_ABOVE:
        return body, ""
    return zstandard.ZstdCompressor(level=1).compress(body), "zstd"


def receipt(items: Sequence[Wrapped], event_id: str = "") -> Receipt:
    """What to keep of such an envelope."""
    events = sum(item.type == "event" for item in items)
    return Receipt(event_id=event_id, events=events, kept=len(items) - events)
