"""Bodies to post: each event packed once, except for the few bytes that must be new every time."""

import os
import random
import struct
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from tests.factories import faults

GZIP_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
RAW_DEFLATE = -15
PEOPLE = 2_000


@dataclass(frozen=True)
class Template:
    """An event whose unchanging part is deflated already.

    A deflate stream is a chain of blocks. Ids, time and user come first, in blocks that
    end with a full flush; what follows refers to nothing before it and is reused. The
    result is one ordinary gzip member, as an SDK would send.
    """

    rest: bytes
    """The event's JSON after the fresh part, and the newline that ends its item."""
    packed: bytes

    @classmethod
    def of(cls, event: dict[str, Any]) -> "Template":
        """Leave out what changes, and deflate the rest."""
        kept = {k: v for k, v in event.items() if k not in {"event_id", "timestamp", "user"}}
        rest = orjson.dumps(kept)[1:] + b"\n"
        packer = zlib.compressobj(6, zlib.DEFLATED, RAW_DEFLATE)
        return cls(rest, packer.compress(rest) + packer.flush())

    def body(self, event_id: str, person: int, more: str = "") -> bytes:
        """An envelope with this event, gzipped; `more` is JSON put among what is fresh."""
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        fresh = (
            f'{{"event_id":"{event_id}","timestamp":"{now}","user":{{"id":"{person}",'
            f'"email":"person{person}@example.com","ip_address":"203.0.113.{person % 250}"}},{more}'
        )
        length = len(fresh) + len(self.rest) - 1
        head = (
            f'{{"event_id":"{event_id}","sent_at":"{now}"}}\n'
            f'{{"type":"event","content_type":"application/json","length":{length}}}\n{fresh}'
        ).encode()
        packer = zlib.compressobj(1, zlib.DEFLATED, RAW_DEFLATE)
        start = packer.compress(head) + packer.flush(zlib.Z_FULL_FLUSH)
        check = zlib.crc32(self.rest, zlib.crc32(head))
        end = struct.pack("<II", check, len(head) + len(self.rest))
        return GZIP_HEAD + start + self.packed + end


def shaped(event: dict[str, Any], shape: str) -> dict[str, Any]:
    """An event of the corpus (30 KB) made small (3 KB) or large (300 KB)."""
    if shape == "large":
        return {**event, "extra": {f"part {n}": event["breadcrumbs"] for n in range(16)}}
    if shape != "small":
        return event
    kept = {k: v for k, v in event.items() if k not in {"breadcrumbs", "modules", "extra"}}
    values = [
        {**link, "stacktrace": {"frames": [
            {name: value for name, value in frame.items() if name not in _LONG}
            for frame in link["stacktrace"]["frames"][-5:]
        ]}}
        for link in event["exception"]["values"][-1:]
    ]  # fmt: skip
    return {**kept, "exception": {"values": values}, "contexts": {}}


_LONG = {"vars", "pre_context", "post_context"}


class Source:
    """Events without end, over all faults in a shuffled order; ids are never repeated.

    Shapes: `typical`, `small`, `large`, `giant` (one fault only) and `lots:N` (typical ones,
    each of another of N issues; events of an issue are alike) or `lots:N:S`, from the S-th on.
    """

    def __init__(self, corpus: Path, seed: int = 5, shape: str = "typical") -> None:
        self._rng = random.Random(seed)
        events = [event for _, event in faults.read(corpus)]
        events = events[:1] if shape == "giant" else events
        self._rng.shuffle(events)
        self.events = events
        """In their order; those of lot n are like the one at n modulo their number."""
        self._templates = [Template.of(shaped(event, shape)) for event in events]
        numbers = [int(part) for part in shape.split(":")[1:]]
        self._lots, self._at = (*numbers, 0, 0)[:2]

    def take(self) -> tuple[str, bytes]:
        """A fresh event id and its body."""
        at, more = self._at, ""
        self._at += 1
        event_id = os.urandom(16).hex()
        if self._lots:  # a step that shares no factor with N visits every lot before any twice
            at = 1 + self._at * 7919 % self._lots
            more = f'"fingerprint":["lot-{at}"],'
        template = self._templates[at % len(self._templates)]
        return event_id, template.body(event_id, self._rng.randrange(1, PEOPLE), more)

    def json_bytes(self) -> int:
        """Median size of an event's JSON."""
        sizes = sorted(len(template.rest) for template in self._templates)
        return sizes[len(sizes) // 2] + 180


def headers(path: str, host: str, key: str) -> bytes:
    """What an SDK says before a body; the length is missing at the end."""
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sentry.python/2.75.0\r\n"
        "Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n"
        f"X-Sentry-Auth: Sentry sentry_key={key}, sentry_version=7, "
        "sentry_client=sentry.python/2.75.0\r\nContent-Length: "
    ).encode()
