"""Reads protobuf by a table of fields, into the same shapes as the JSON form of a message.

Only what OTLP needs: varints, 64- and 32-bit numbers, texts, bytes, nested messages.
Unknown fields are skipped, as the format wants.
"""

import struct
from typing import Any

MAX_DEPTH = 50

Table = dict[int, tuple[str, Any, bool]]
"""Field number -> (JSON name, kind, repeated). A kind is `str`, `bytes`, `int`, `float`,
`bool`, or the table of a nested message."""


class BadProtobuf(ValueError):
    """The bytes are no such message."""


def read(data: bytes, table: Table, depth: int = 0) -> dict[str, Any]:
    """The message in `data`. Raises BadProtobuf."""
    if depth > MAX_DEPTH:
        raise BadProtobuf("nested too deep")
    message: dict[str, Any] = {}
    at, size = 0, len(data)
    while at < size:
        tag, at = _varint(data, at)
        value, at = _value(data, at, tag & 7)
        known = table.get(tag >> 3)
        if known is None:
            continue
        name, kind, repeated = known
        made = _convert(value, kind, depth)
        if repeated:
            message.setdefault(name, []).append(made)
        else:
            message[name] = made
    return message


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise BadProtobuf("ends too early")
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, at
    raise BadProtobuf("a number is too long")


def _value(data: bytes, at: int, wire: int) -> tuple[int | bytes, int]:
    if wire == 0:
        return _varint(data, at)
    if wire == 2:
        length, at = _varint(data, at)
    elif wire in (1, 5):
        length = 8 if wire == 1 else 4
    else:
        raise BadProtobuf("an unknown wire type")
    end = at + length
    if end > len(data):
        raise BadProtobuf("ends too early")
    return data[at:end], end


def _convert(value: int | bytes, kind: Any, depth: int) -> Any:
    if isinstance(kind, dict):
        if not isinstance(value, bytes):
            raise BadProtobuf("a message is a number")
        return read(value, kind, depth + 1)
    if isinstance(value, bytes):
        if kind is str:
            return value.decode("utf-8", "replace")
        if kind is float:
            return struct.unpack("<d", value)[0] if len(value) == 8 else None
        if kind is int:
            return int.from_bytes(value, "little")
        return value.hex() if kind is bytes else None
    if kind is bool:
        return bool(value)
    if kind is int:
        return value - (1 << 64) if value >> 63 else value
    return None
