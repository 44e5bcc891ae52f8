"""Parsed source maps of this process: the most recently used, bounded by bytes.

MapError    the map can't be used; `str()` is for the event's notes
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections import OrderedDict

import msgspec
from django.core.files.storage import default_storage
from msgspec import Struct
from symbolic.exceptions import SymbolicError
from symbolic.sourcemapcache import SourceMapCache, SourceMapCacheToken

from tracker.symbols import lookup
from tracker.symbols.bundles import MOST_FILE, BundleError, open_zip, read_member
from tracker.symbols.lookup import Found, Ref
from tracker.symbols.urls import beside, tilde

MIB = 1024 * 1024
KEPT_BYTES = 128 * MIB
MOST_SOURCES = 2_000
_WEIGHT = 2
"""Bytes of memory per byte of map and minified file, as measured."""
_SECTIONS = b'"sections"'
_CONTENTS = b'"sourcesContent"'


class MapError(Exception):
    """The map can't be used."""


class Parsed(Struct):
    """A map ready for questions, or why there is none."""

    cache: SourceMapCache | None
    size: int
    trouble: str = ""

    def at(self, line: int, column: int, around: int) -> SourceMapCacheToken | None:
        """What stood at a position: lines and columns from 1, here and in the answer."""
        if self.cache is None:
            return None
        try:
            return self.cache.lookup(line, column, around)
        except SymbolicError:
            return None


class Maps:
    """Remembers parsed maps; the least recently used make room."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[Found, Parsed] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def known(self, found: Found) -> Parsed | None:
        """The map if it is parsed already; costs nothing."""
        with self._lock:
            parsed = self._kept.get(found)
            if parsed is not None:
                self._kept.move_to_end(found)
        return parsed

    def load(self, found: Found) -> Parsed:
        """Read and parse it. A map that fails is remembered as failed."""
        try:
            parsed = _parse(found)
        except (MapError, BundleError) as error:
            parsed = Parsed(None, 1024, str(error))
        except SymbolicError as error:
            parsed = Parsed(None, 1024, f"it can't be parsed: {str(error)[:200]}")
        except OSError as error:
            # The storage is away: that passes, so nothing is remembered.
            return Parsed(None, 0, f"the storage failed ({type(error).__name__})")
        with self._lock:
            self._kept[found] = parsed
            self._size += parsed.size
            while self._size > self._most and len(self._kept) > 1:
                _, gone = self._kept.popitem(last=False)
                self._size -= gone.size
        return parsed

    @property
    def size(self) -> int:
        """Estimated bytes in memory."""
        return self._size

    def forget(self) -> None:
        """Keep none."""
        with self._lock:
            self._kept.clear()
            self._size = 0


MAPS = Maps()


def _parse(found: Found) -> Parsed:
    minified = read(found.minified) if found.minified else b""
    raw = read(found.map) if found.map else _inline(found.inline)
    if _SECTIONS in raw[:4096]:
        raise MapError("it is an index map, which is not supported.")
    if found.map and _CONTENTS not in raw:
        raw = _with_contents(raw, found)
    cache = SourceMapCache.from_bytes(minified, raw)
    return Parsed(cache, _WEIGHT * (len(minified) + len(raw)) + 1024)


def _with_contents(raw: bytes, found: Found) -> bytes:
    """A map that names its sources only, with those that were uploaded beside it."""
    try:
        told = msgspec.json.decode(raw)
    except msgspec.MsgspecError:
        return raw  # the parser says what is wrong with it
    names = told.get("sources") if isinstance(told, dict) else None
    if found.map is None or not isinstance(names, list):
        return raw
    root = told.get("sourceRoot")
    root = root.rstrip("/") + "/" if isinstance(root, str) and root else ""
    places = [_places(found.url, root, name) for name in names[:MOST_SOURCES]]
    there = lookup.sources(found.map.bundle_id, {place for some in places for place in some})
    refs = [next((there[p] for p in some if p in there), None) for some in places]
    if not any(refs):
        return raw
    contents: list[str | None] = []
    left = MOST_FILE
    for ref in refs:
        # Budgeted together: a hostile map may name one file a thousand times.
        fits = ref is not None and ref.size <= left
        contents.append(read(ref).decode("utf-8", "replace") if ref and fits else None)
        left -= ref.size if ref and fits else 0
    told["sourcesContent"] = contents
    return msgspec.json.encode(told)


def _places(map_url: str, root: str, name: object) -> list[str]:
    """Names under which a source may lie beside its map."""
    if not isinstance(name, str) or not name:
        return []
    whole = beside(map_url, root + name)
    return list(dict.fromkeys([name, root + name, whole, tilde(whole)]))


def read(ref: Ref) -> bytes:
    """A file out of its bundle. Raises BundleError, OSError."""
    if ref.size > MOST_FILE:
        raise BundleError(f"it is larger than {MOST_FILE // MIB} MiB")
    with default_storage.open(ref.path, "rb") as file, open_zip(file) as bundle:
        return read_member(bundle, ref.member)


def _inline(reference: str) -> bytes:
    """The map inside a `data:` reference. Raises MapError."""
    head, found, body = reference.partition(",")
    if not found or not head.endswith(";base64"):
        raise MapError("its reference to a map can't be read")
    try:
        return base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise MapError("its inline map can't be read") from None
