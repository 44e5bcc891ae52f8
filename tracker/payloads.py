"""Packing of event payloads: JSON, zstd, with numbered dictionaries later.

PayloadError
"""

import threading
from functools import partial
from typing import Any

import orjson
import zstandard

LEVEL = 3
"""zstd level: higher ones save 4 % and cost twice the time on 29 KB events."""

_MAX_UNPACKED = 8 * 1024 * 1024
_local = threading.local()


class PayloadError(Exception):
    """A stored payload can't be read."""


def _tool(name: str, make: Any) -> Any:
    """One (de)compressor per thread: they are not to be shared, and dear to make."""
    tool = getattr(_local, name, None)
    if tool is None:
        tool = make()
        setattr(_local, name, tool)
    return tool


def pack(data: dict[str, Any]) -> tuple[bytes, int]:
    """The bytes to store and the number of the dictionary that packs them (0: none)."""
    compressor = _tool("compressor", partial(zstandard.ZstdCompressor, level=LEVEL))
    packed: bytes = compressor.compress(orjson.dumps(data))
    return packed, 0


def unpack(payload: bytes, dictionary: int = 0) -> dict[str, Any]:
    """The payload as it was packed. Raises PayloadError."""
    if dictionary:
        raise PayloadError(f"dictionary {dictionary} is not known")
    decompressor = _tool("decompressor", zstandard.ZstdDecompressor)
    try:
        raw = decompressor.decompress(bytes(payload), max_output_size=_MAX_UNPACKED)
        data = orjson.loads(raw)
    except (zstandard.ZstdError, orjson.JSONDecodeError) as error:
        raise PayloadError(f"stored payload can't be read: {error}") from error
    if not isinstance(data, dict):
        raise PayloadError("stored payload is not an object")
    return data
