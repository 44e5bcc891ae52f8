"""Native crash reports: a dump as a multipart form of Crashpad and Breakpad, or by itself.

The dump is kept as an attachment; the event is made from the fields beside it.
"""

import bz2
import lzma
import re
import zlib
from typing import Any

import msgspec
import zstandard

from ingest.adapters import jsontext
from ingest.adapters.base import MAX_EVENT, MAX_UNPACKED, Context, Malformed, Parsed, Receipt
from ingest.adapters.normalise import event, scalars
from ingest.adapters.normalise.work import Work
from tracker.domain.items import AttachmentFile

MAX_PARTS = 100
MAX_FIELD = 1024 * 1024
MAX_FILE = 20 * 1024 * 1024
MAX_FILES_BYTES = 50 * 1024 * 1024
DUMP = "upload_file_minidump"
_MAGIC = (b"MDMP", b"PMDM")
_NAME = re.compile(rb'(?<!file)name="([^"\r\n]{0,256})"', re.IGNORECASE)
_FILENAME = re.compile(rb'filename="([^"\r\n]{0,256})"', re.IGNORECASE)
_TYPE = re.compile(rb"^content-type:[ \t]*([^\r\n;]{1,128})", re.IGNORECASE | re.MULTILINE)
_BRACKETS = re.compile(r"\[([^\[\]]{1,100})\]")


class Part(msgspec.Struct, frozen=True):
    """One field or file of a form; `filename` is None for a plain field."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def read_form(body: bytes, most: int = MAX_PARTS) -> list[Part]:
    """The parts of a multipart body, whose boundary is its first line. Raises Malformed."""
    line, _, _ = body[:300].partition(b"\n")
    boundary = line.rstrip(b"\r")
    if not boundary.startswith(b"--") or len(boundary) < 4:
        raise Malformed("The body is no multipart form.")
    sections = body[len(line) + 1 :].split(b"\r\n" + boundary, most + 1)
    if len(sections) > most + 1:
        raise Malformed(f"A form may hold at most {most} parts.")
    parts = []
    for section in sections[:-1]:
        head, found, content = section.lstrip(b"\r\n").partition(b"\r\n\r\n")
        name = _NAME.search(head)
        if not found or name is None:
            continue
        filename = _FILENAME.search(head)
        kind = _TYPE.search(head)
        parts.append(
            Part(
                name.group(1).decode("utf-8", "replace"),
                filename.group(1).decode("utf-8", "replace") if filename else None,
                kind.group(1).decode("ascii", "replace").strip() if kind else "",
                content,
            )
        )
    return parts


def is_dump(content: bytes) -> bool:
    """Whether bytes are a minidump, by their first four, also inside a compressed file."""
    return content[:4] in _MAGIC or _first_bytes(content) in _MAGIC


def _first_bytes(content: bytes) -> bytes:
    head = content[:65536]
    try:
        if head[:2] == b"\x1f\x8b":
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, 4)
        if head[:6] == b"\xfd7zXZ\0":
            return lzma.LZMADecompressor(memlimit=128 * 1024 * 1024).decompress(head, 4)
        if head[:3] == b"BZh":
            return bz2.BZ2Decompressor().decompress(content[: 1024 * 1024], 4)
        if head[:4] == b"\x28\xb5\x2f\xfd":
            context = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024)
            return context.stream_reader(head).read(4)
    except (zlib.error, lzma.LZMAError, OSError, EOFError, zstandard.ZstdError):
        pass
    return b""


def _parts(body: bytes) -> list[Part]:
    """All parts, with the dump among them. Raises Malformed when there is none."""
    if body[:4] in _MAGIC:
        return [Part(DUMP, "minidump.dmp", "application/x-dmp", body)]
    parts = read_form(body)
    dump = next((part for part in parts if part.name == DUMP), None)
    if dump is not None and dump.content[:2] == b"--":  # a form in the form
        inner = [part for part in read_form(dump.content) if is_dump(part.content)]
        if inner:
            kept = Part(DUMP, inner[0].filename or "minidump.dmp", "", inner[0].content)
            parts = [kept if part is dump else part for part in parts]
            dump = kept
    if dump is None or not is_dump(dump.content):
        raise Malformed(f"The field {DUMP} is missing or is no minidump.")
    return parts


class MinidumpAdapter:
    """`POST /api/<id>/minidump/`."""

    name = "minidump"
    most = MAX_UNPACKED

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Whether there is a dump. Raises Malformed."""
        raw = _fields(_parts(body))
        return Receipt(scalars.event_id(raw.get("event_id")) or event_id, 1)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """The event and its files. Raises Malformed as `check` does."""
        parts = _parts(body)
        raw = _fields(parts)
        work = Work(
            words=context.sensitive_words, scrub=context.scrub, keep_ip=context.keep_ip, deep=True
        )
        raw, _ = jsontext.without_nul(raw)
        made = event.build(crash(raw), context, work)
        files, dropped = _files(parts, made.event_id, work)
        return Parsed(events=(made,), attachments=files, dropped=dropped)


def crash(raw: dict[str, Any]) -> dict[str, Any]:
    """The event with what a crash without symbols can say."""
    raw.setdefault("platform", "native")
    raw.setdefault("level", "fatal")
    if not raw.get("exception"):
        mechanism = {"type": "minidump", "handled": False, "synthetic": True}
        raw["exception"] = [{"type": "Minidump", "value": "Native crash", "mechanism": mechanism}]
    return raw


def _files(
    parts: list[Part], event_id: str, work: Work
) -> tuple[tuple[AttachmentFile, ...], dict[str, int]]:
    files: list[AttachmentFile] = []
    total = dropped = 0
    for part in parts:
        if part.filename is None or part.name.startswith("__sentry"):
            continue
        total += len(part.content)
        if len(part.content) > MAX_FILE or total > MAX_FILES_BYTES:
            dropped += 1
            continue
        kind = "event.minidump" if part.name == DUMP else "event.attachment"
        name = work.text(part.filename or part.name, 256, None) or "unnamed"
        files.append(AttachmentFile(event_id, name, part.content_type, kind, part.content))
    return tuple(files), {"attachment": dropped} if dropped else {}


# --- fields ------------------------------------------------------------------------------


def _fields(parts: list[Part]) -> dict[str, Any]:
    """The event that the plain fields and the MessagePack files tell."""
    raw: dict[str, Any] = {}
    pieces: dict[int, bytes] = {}
    crumbs: list[Any] = []
    extra: dict[str, Any] = {}
    for part in parts:
        content = part.content[:MAX_FIELD]
        if part.name == "__sentry-event":
            raw.update(_unpacked(content, dict) or {})
        elif part.name.startswith("__sentry-breadcrumb"):
            crumbs += _unpacked(content, list) or []
        elif part.filename is not None:
            continue
        elif part.name == "sentry":
            raw.update(_object(content))
        elif part.name.startswith("sentry__") and part.name[8:].isdecimal():
            pieces[int(part.name[8:12])] = content
        elif part.name.startswith("sentry["):
            _nest(raw, _BRACKETS.findall(part.name[:1000]), content.decode("utf-8", "replace"))
        else:
            extra[part.name] = content[:16384].decode("utf-8", "replace")
    if pieces:
        raw.update(_object(b"".join(pieces[number] for number in sorted(pieces))))
    if crumbs and not raw.get("breadcrumbs"):
        raw["breadcrumbs"] = crumbs
    if extra:
        told = raw.get("extra")
        raw["extra"] = {**extra, **told} if isinstance(told, dict) else extra
    return raw


def _object(text: bytes) -> dict[str, Any]:
    try:
        value = jsontext.decode(text).value if len(text) <= MAX_EVENT else None
    except jsontext.NotJson:
        return {}
    return value if isinstance(value, dict) else {}


def _unpacked(content: bytes, kind: type) -> Any:
    """MessagePack of the wanted kind by way of JSON, which leaves only JSON's types."""
    try:
        value = jsontext.decode(msgspec.json.encode(msgspec.msgpack.decode(content))).value
    except (msgspec.MsgspecError, jsontext.NotJson, ValueError, TypeError, RecursionError):
        return None
    return value if isinstance(value, kind) else None


def _nest(raw: dict[str, Any], keys: list[str], text: str) -> None:
    """Put `sentry[a][b]=text` in its place."""
    if not keys or len(keys) > 8:
        return
    box = raw
    for key in keys[:-1]:
        inner = box.setdefault(key, {})
        if not isinstance(inner, dict):
            return
        box = inner
    box[keys[-1]] = text


ADAPTER = MinidumpAdapter()
