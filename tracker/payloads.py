"""Packing of event payloads: JSON, zstd, numbered dictionaries.

Dictionary 0 is none, 1 is shipped with the product, others are trained on a
project's own events and live in the database as long as a payload may need them.

    PayloadError
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import zstandard
from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor

LEVEL = 1
"""zstd level: 3 saves 5 % and costs half as much time again, twice with the shipped dictionary."""
SHIPPED = 1
"""Number of the dictionary that every installation has."""
DICTIONARY_SIZE = 64 * 1024
SHIPPED_FILE = Path(__file__).parent / "data" / "payloads-1.dict"

_MAX_UNPACKED = 8 * 1024 * 1024
_MOST_TOOLS = 64
_BLANKED = frozenset({"user", "request", "vars", "message", "formatted", "params", "value"})


class PayloadError(Exception):
    """A stored payload can't be read."""


def _none(number: int) -> bytes | None:
    del number
    return None


fetch: Callable[[int], bytes | None] = _none
"""Reads a trained dictionary; set by the app when it starts."""


class _Tools(threading.local):
    """(De)compressors of one thread: they are not to be shared, and dear to make."""

    def __init__(self) -> None:
        self.compressors: dict[int, ZstdCompressor] = {}
        self.decompressors: dict[int, ZstdDecompressor] = {}


_tools = _Tools()
_known: dict[int, ZstdCompressionDict] = {}


@cache
def _shipped() -> ZstdCompressionDict:
    return _prepared(SHIPPED_FILE.read_bytes())


def _prepared(content: bytes) -> ZstdCompressionDict:
    dictionary = ZstdCompressionDict(content)
    dictionary.precompute_compress(level=LEVEL)
    return dictionary


def _dictionary(number: int) -> ZstdCompressionDict:
    """A dictionary by number. Raises PayloadError."""
    if number == SHIPPED:
        return _shipped()
    known = _known.get(number)
    if known is None:
        content = fetch(number)
        if content is None:
            raise PayloadError(f"dictionary {number} is not known")
        if len(_known) >= _MOST_TOOLS:
            _known.clear()
        known = _known[number] = _prepared(content)
    return known


def pack(data: dict[str, Any], dictionary: int = SHIPPED) -> bytes:
    """The bytes to store. Raises PayloadError for an unknown dictionary."""
    compressor = _tools.compressors.get(dictionary)
    if compressor is None:
        if len(_tools.compressors) >= _MOST_TOOLS:
            _tools.compressors.clear()
        # The frame needs neither checksum (PostgreSQL has its own) nor dictionary id (the row's).
        compressor = ZstdCompressor(
            level=LEVEL,
            dict_data=_dictionary(dictionary) if dictionary else None,
            write_checksum=False,
            write_dict_id=False,
        )
        _tools.compressors[dictionary] = compressor
    # Its answer keeps all the room it was made in, as much as the JSON: a batch holds hundreds.
    return bytes(memoryview(compressor.compress(orjson.dumps(data))))


def unpack(payload: bytes, dictionary: int = 0) -> dict[str, Any]:
    """The payload as it was packed. Raises PayloadError."""
    decompressor = _tools.decompressors.get(dictionary)
    if decompressor is None:
        if len(_tools.decompressors) >= _MOST_TOOLS:
            _tools.decompressors.clear()
        decompressor = ZstdDecompressor(dict_data=_dictionary(dictionary) if dictionary else None)
        _tools.decompressors[dictionary] = decompressor
    try:
        raw = decompressor.decompress(bytes(payload), max_output_size=_MAX_UNPACKED)
        data = orjson.loads(raw)
    except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
        raise PayloadError(f"stored payload can't be read: {error}") from error
    if not isinstance(data, dict):
        raise PayloadError("stored payload is not an object")
    return data


def train(events: Iterable[dict[str, Any]]) -> bytes:
    """A dictionary from payloads, with whatever tells of people blanked first.

    They may come one by one: unpacked, a thousand take a hundred megabytes. Raises PayloadError
    when there are too few of them.
    """
    samples: list[bytes | bytearray | memoryview] = [orjson.dumps(blank(one)) for one in events]
    try:
        trained = zstandard.train_dictionary(DICTIONARY_SIZE, samples, level=LEVEL)
    except (zstandard.ZstdError, ValueError) as error:
        raise PayloadError(f"no dictionary can be trained: {error}") from error
    content: bytes = trained.as_bytes()
    return content


def blank(value: Any) -> Any:
    """A payload without user, request, variables and messages: only shapes and code are left."""
    if isinstance(value, dict):
        return {
            key: _hollow(item) if key in _BLANKED else blank(item) for key, item in value.items()
        }
    if isinstance(value, list):
        return [blank(item) for item in value]
    return value


def _hollow(value: Any) -> Any:
    """The keys of a value, without what they hold."""
    if isinstance(value, dict):
        return {key: _hollow(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_hollow(item) for item in value[:1]]
    return "" if isinstance(value, str) else None
