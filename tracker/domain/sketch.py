"""A mergeable count of distinct people, small while few, bounded when many.

A sketch is bytes: one tag, then
  0: a log of 4-byte entries, one per sighting, repeats allowed; counted exactly;
  1: 2,048 HyperLogLog registers (standard error 2.3 %), then such a log.
Appending a log to a sketch is therefore plain concatenation, which SQL can do
in an upsert; `fold` shortens a sketch that has grown.  Entries are the first
four bytes of a user key, which is an HMAC and so evenly spread already.
"""

import math
from collections.abc import Iterable

ENTRY = 4
_BITS = 11
_REGISTERS = 1 << _BITS
_REST = 32 - _BITS
_ALPHA = 0.7213 / (1 + 1.079 / _REGISTERS)

FOLD_ABOVE = 2400
"""Bytes above which a sketch is to be folded."""


def log(user_keys: Iterable[bytes]) -> bytes:
    """A sketch of some user keys (16 bytes each); repeats are dropped."""
    entries = {key[:ENTRY] for key in user_keys if key}
    return b"\x00" + b"".join(sorted(entries))


def _entries(sketch: bytes) -> set[bytes]:
    start = 1 + _REGISTERS if sketch[:1] == b"\x01" else 1
    return {sketch[at : at + ENTRY] for at in range(start, len(sketch) - ENTRY + 1, ENTRY)}


def _registers(entries: set[bytes], registers: bytearray) -> bytearray:
    for entry in entries:
        number = int.from_bytes(entry, "big")
        index = number >> _REST
        rest = number & ((1 << _REST) - 1)
        rank = _REST - rest.bit_length() + 1
        registers[index] = max(registers[index], rank)
    return registers


def merge(sketches: Iterable[bytes]) -> bytes:
    """One sketch of everybody in the given ones, as short as it gets."""
    entries: set[bytes] = set()
    registers: bytearray | None = None
    for sketch in sketches:
        entries |= _entries(sketch)
        if sketch[:1] == b"\x01":
            dense = sketch[1 : 1 + _REGISTERS]
            registers = (
                bytearray(dense)
                if registers is None
                else bytearray(max(a, b) for a, b in zip(registers, dense, strict=True))
            )
    if registers is None and len(entries) * ENTRY <= _REGISTERS:
        return b"\x00" + b"".join(sorted(entries))
    return b"\x01" + bytes(_registers(entries, registers or bytearray(_REGISTERS)))


def fold(sketch: bytes) -> bytes:
    """The same people in fewer bytes."""
    return merge([sketch])


def estimate(sketch: bytes) -> int:
    """How many people; exact up to 512, within about 2.3 % above."""
    small = merge([sketch])
    if small[:1] != b"\x01":
        return (len(small) - 1) // ENTRY
    registers = small[1:]
    zeros = registers.count(0)
    raw = _ALPHA * _REGISTERS * _REGISTERS / sum(2.0**-rank for rank in registers)
    # Never fewer when people are added, also where one way of counting ends and the next begins.
    linear = _REGISTERS * math.log(_REGISTERS / zeros) if zeros else 0.0
    if raw <= 2.5 * _REGISTERS and zeros:
        return max(round(linear), _REGISTERS // ENTRY)
    return round(max(raw, linear))


def as_log(sketch: bytes) -> bytes:
    """A sketch with registers as a log of entries that sets the same registers.

    Longer, but it can be appended to any other; `fold` makes it short again.
    """
    if sketch[:1] != b"\x01":
        return sketch
    entries = set(_entries(sketch))
    for index, rank in enumerate(sketch[1 : 1 + _REGISTERS]):
        if rank:
            rest = 0 if rank > _REST else 1 << (_REST - rank)
            entries.add(((index << _REST) | rest).to_bytes(ENTRY, "big"))
    return b"\x00" + b"".join(sorted(entries))
