"""Pure: what is in an artifact bundle. A stranger's ZIP: nothing in it is believed.

BundleError    one sentence for whoever uploaded it
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from typing import IO, Any, BinaryIO
from uuid import UUID

import msgspec
from msgspec import Struct

from tracker.symbols.urls import stored_form

MAGIC = b"SYSB"
MIB = 1024 * 1024
MOST_FILES = 20_000
MOST_UNPACKED = 2048 * MIB
MOST_FILE = 64 * MIB
"""A file larger than this is not parsed: about a second and 300 MB for a map."""
MOST_MANIFEST = 32 * MIB
_KINDS = frozenset({"minified_source", "source_map", "source"})


class BundleError(Exception):
    """The bundle can't be used; `str()` says why."""


class Entry(Struct, frozen=True):
    """A file of a bundle."""

    kind: str
    member: str
    url: str
    debug_id: UUID | None
    sourcemap: str
    size: int


class Contents(Struct, frozen=True):
    """What a manifest says."""

    entries: tuple[Entry, ...]
    release: str = ""
    dist: str = ""


class _Tail(io.RawIOBase):
    """A seekable file without its first bytes."""

    def __init__(self, inner: BinaryIO | IO[bytes], skip: int) -> None:
        super().__init__()
        self._inner, self._skip = inner, skip
        inner.seek(skip)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._inner.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        at = self._inner.seek(offset + (self._skip if whence == 0 else 0), whence)
        return at - self._skip

    def tell(self) -> int:
        return self._inner.tell() - self._skip


def open_zip(file: BinaryIO | IO[bytes]) -> zipfile.ZipFile:
    """The ZIP behind the bundle's eight bytes, if it has them. Raises BundleError."""
    file.seek(0)
    head = file.read(8)
    try:
        if head[:4] != MAGIC:
            file.seek(0)
            return zipfile.ZipFile(file)
        return zipfile.ZipFile(io.BufferedReader(_Tail(file, 8), 64 * 1024))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
        raise BundleError("The bundle is not a readable ZIP archive.") from None


def read_member(bundle: zipfile.ZipFile, member: str, limit: int = MOST_FILE) -> bytes:
    """A file's bytes, never more than `limit`, whatever the ZIP says. Raises BundleError."""
    try:
        info = bundle.getinfo(member)
        if info.file_size > limit:
            raise BundleError(f"{member[:200]} is larger than {limit // MIB} MiB.")
        with bundle.open(info) as file:
            content = file.read(limit + 1)
    except KeyError:
        raise BundleError(f"{member[:200]} is not in the bundle.") from None
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        ValueError,
        NotImplementedError,
        RuntimeError,
    ):
        raise BundleError(f"{member[:200]} can't be unpacked.") from None
    if len(content) > limit:
        raise BundleError(f"{member[:200]} is larger than {limit // MIB} MiB.")
    return content


def survey(bundle: zipfile.ZipFile) -> Contents:
    """Check sizes and names, then read the manifest. Raises BundleError."""
    members = bundle.infolist()
    if len(members) > MOST_FILES:
        raise BundleError(f"The bundle holds more than {MOST_FILES:,} files.")
    if sum(info.file_size for info in members) > MOST_UNPACKED:
        raise BundleError(f"The bundle unpacks to more than {MOST_UNPACKED // MIB} MiB.")
    sizes = {info.filename: info.file_size for info in members}
    for name in sizes:
        if name.startswith("/") or "\\" in name or ".." in name.split("/") or "\x00" in name:
            raise BundleError(f"The bundle holds a file named {name[:200]!r}.")
    manifest = _manifest(bundle)
    files = manifest.get("files")
    if not isinstance(files, dict):
        raise BundleError("The manifest of the bundle lists no files.")
    entries = [
        entry
        for member, told in files.items()
        if isinstance(told, dict) and (entry := _entry(member, told, sizes)) is not None
    ]
    return Contents(tuple(entries), _text(manifest, "release", 200), _text(manifest, "dist", 64))


def _manifest(bundle: zipfile.ZipFile) -> dict[str, Any]:
    try:
        manifest = json.loads(read_member(bundle, "manifest.json", MOST_MANIFEST))
    except (ValueError, RecursionError):
        raise BundleError("The manifest of the bundle is not JSON.") from None
    if not isinstance(manifest, dict):
        raise BundleError("The manifest of the bundle is not an object.")
    return manifest


def _text(mapping: dict[str, Any], key: str, limit: int) -> str:
    value = mapping.get(key)
    return value.replace("\x00", "")[:limit] if isinstance(value, str) else ""


def _entry(member: Any, told: dict[str, Any], sizes: dict[str, int]) -> Entry | None:
    """A listed file; None when it is not there or of no use to us."""
    kind = _text(told, "type", 20)
    if member not in sizes or len(member) > 1024 or kind not in _KINDS:
        return None
    headers = told.get("headers")
    given = headers if isinstance(headers, dict) else {}
    lower = {str(key).lower(): str(value) for key, value in given.items()}
    return Entry(
        kind=kind,
        member=member,
        url=stored_form(_text(told, "url", 4096)),
        debug_id=debug_id_of(lower.get("debug-id", "")),
        sourcemap=(lower.get("sourcemap") or lower.get("x-sourcemap") or "")[:1024],
        size=sizes[member],
    )


def debug_id_of(text: Any) -> UUID | None:
    """The UUID of a debug id; what follows it (an age) is ignored. None: it is none."""
    if not isinstance(text, str):
        return None
    try:
        return UUID(text.strip().replace("-", "")[:32])
    except ValueError:
        return None


def make(files: list[tuple[Entry, bytes]], release: str, dist: str) -> bytes:
    """A bundle of files that came one by one."""
    listed = {}
    out = io.BytesIO()
    out.write(MAGIC + (2).to_bytes(4, "little"))
    tail = io.BytesIO()
    with zipfile.ZipFile(tail, "w", zipfile.ZIP_DEFLATED) as bundle:
        for entry, content in files:
            bundle.writestr(entry.member, content)
            headers = {"sourcemap": entry.sourcemap} if entry.sourcemap else {}
            if entry.debug_id:
                headers["debug-id"] = str(entry.debug_id)
            listed[entry.member] = {"url": entry.url, "type": entry.kind, "headers": headers}
        manifest = {"files": listed, "release": release, "dist": dist}
        bundle.writestr("manifest.json", msgspec.json.encode(manifest))
    out.write(tail.getvalue())
    return out.getvalue()
