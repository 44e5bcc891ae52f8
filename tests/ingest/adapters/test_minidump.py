"""Minidumps in forms of every kind, and by themselves."""

import bz2
import gzip
import lzma
from typing import Any

import msgspec
import orjson
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.adapters.base import Context, Malformed
from ingest.adapters.minidump import ADAPTER

DUMP = b"MDMP\x93\xa7" + bytes(range(256))


def form(*fields: Any, boundary=b"--xyz"):
    body = b""
    for name, filename, content in fields:
        label = f'; filename="{filename}"' if filename else ""
        head = f'Content-Disposition: form-data; name="{name}"{label}\r\n'
        head += "Content-Type: application/octet-stream\r\n" if filename else ""
        body += boundary + b"\r\n" + head.encode() + b"\r\n" + content + b"\r\n"
    return body + boundary + b"--\r\n"


FILE = ("upload_file_minidump", "crash.dmp", DUMP)


def test_a_form(context):
    body = form(
        FILE,
        ("sentry", None, orjson.dumps({"release": "v1", "event_id": "a" * 32})),
        ("sentry[tags][gpu]", None, b"none"),
        ("build", None, b"77"),
        ("log", "app.log", b"line\r\n--other\r\nline"),
    )
    assert ADAPTER.check(body, "e" * 32).event_id == "a" * 32
    parsed = ADAPTER.parse(body, context)
    (event,) = parsed.events
    assert (event.release, event.platform, event.level) == ("v1", "native", "fatal")
    assert event.unhandled and event.exceptions[0].type == "Minidump"
    assert dict(event.tags)["gpu"] == "none" and event.data["extra"] == {"build": "77"}
    dump, log = parsed.attachments
    assert (dump.kind, dump.filename, dump.content) == ("event.minidump", "crash.dmp", DUMP)
    assert (log.kind, log.content) == ("event.attachment", b"line\r\n--other\r\nline")


def test_json_in_pieces_and_messagepack(context):
    text = orjson.dumps({"release": "v1", "environment": "qa"})
    body = form(
        ("sentry__2", None, text[10:]),
        ("sentry__1", None, text[:10]),
        ("__sentry-event", "e", msgspec.msgpack.encode({"dist": "3"})),
        ("__sentry-breadcrumb1", "b", msgspec.msgpack.encode([{"message": "hi"}])),
        FILE,
    )
    (event,) = ADAPTER.parse(body, context).events
    assert (event.release, event.environment, event.dist) == ("v1", "qa", "3")
    assert event.data["breadcrumbs"]["values"] == [{"message": "hi"}]


@pytest.mark.parametrize(
    "pack",
    [bytes, gzip.compress, bz2.compress, lzma.compress, zstandard.ZstdCompressor().compress,
     lambda dump: form(("f", "x.dmp", dump), boundary=b"--inner")],
)  # fmt: skip
def test_dumps_may_be_wrapped(pack, context):
    body = form(("upload_file_minidump", "crash.dmp", pack(DUMP)))
    assert ADAPTER.check(body, "e" * 32).events == 1
    assert len(ADAPTER.parse(body, context).attachments) == 1


def test_a_raw_dump(context):
    assert ADAPTER.parse(DUMP, context).attachments[0].content == DUMP


@pytest.mark.parametrize(
    "body",
    [b"", b"--", b"--x", b"nope", form(("other", "a", DUMP)), form(("upload_file_minidump", "a", b"ELF")),
     form(FILE)[:40], form(*[("a", None, b"")] * 200, FILE)],
)  # fmt: skip
def test_no_dump_is_malformed(body):
    with pytest.raises(Malformed):
        ADAPTER.check(body, "e" * 32)


@given(st.binary(max_size=200), st.text(max_size=30), st.binary(max_size=100))
@settings(max_examples=150, deadline=None)
def test_any_field(content, name, packed):
    name = name.replace('"', "").replace("\r", "").replace("\n", "")
    body = form(
        (name, None, content), ("__sentry-event", "e", packed), ("sentry", None, content), FILE
    )
    context = Context(project_id=1, received=1795370400.0)
    try:
        ADAPTER.check(body, "e" * 32)
    except Malformed:
        return
    assert len(ADAPTER.parse(body, context).events) == 1
