"""Unpacks request bodies under a limit, piece by piece, whatever coding they come in.

DecodingError            .status, one sentence for the sender
├── UnknownCoding        415
├── BrokenBody           400
└── BodyTooLarge         413
"""

import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import brotli
import zstandard

from ingest.adapters.base import MAX_UNPACKED

# isal inflates twice as fast; there are no wheels of it for rare processors.
_quick: Any = zlib
with suppress(ImportError):
    _quick = import_module("isal.isal_zlib")

MIB = 1024 * 1024
_STEP = 256 * 1024  # most bytes one inflating call gives
_SLICE = 64 * 1024  # most bytes one inflating call takes; their rest is copied on each call
_ZSTD_SLICE = 128  # holds at most 43 blocks, so one call gives at most 5.4 MiB
_ZSTD_WINDOW = 8 * MIB
_MOST_DEFLATED = 1032  # bytes out of one byte: the format gives no more
_MOST_ZSTD = 128 * 1024 // 4
_MAX_MEMBERS = 100  # gzip members or zstd frames in one body; clients send one


class DecodingError(Exception):
    """Base: the body cannot be unpacked. `status` is the HTTP answer."""

    status = 400


class UnknownCoding(DecodingError):
    """A Content-Encoding we do not speak."""

    status = 415


class BrokenBody(DecodingError):
    """Truncated or corrupt."""


class BodyTooLarge(DecodingError):
    """More bytes than allowed, counted while unpacking."""

    status = 413


def unpack(body: bytes | Iterable[bytes], coding: str = "", *, limit: int = MAX_UNPACKED) -> bytes:
    """The body without its Content-Encoding, at most `limit` bytes.

    `body` may be bytes or an iterable of chunks. Raises UnknownCoding, BrokenBody or
    BodyTooLarge; never holds more than the limit and one step.
    """
    if isinstance(body, bytes):
        coding = coding.strip().lower()
        if coding in ("gzip", "x-gzip") and (quick := _quick_gunzip(body, limit)) is not None:
            return quick
        body = (body,)
    return b"".join(stream(body, coding, limit=limit))


def told_size(body: bytes, coding: str) -> int:
    """How large a body itself says that it is unpacked, at least; 0 when it does not say.

    Fit for refusing only: what unpacks to something else than it says is broken. A number that
    no packing could reach is noise at the end of a body that was cut off.
    """
    match coding.strip().lower():
        case "" | "identity":
            return len(body)
        case "gzip" | "x-gzip":
            size = int.from_bytes(body[-4:], "little")  # of the last member
            return size if size <= len(body) * _MOST_DEFLATED else 0
        case "zstd":
            with suppress(zstandard.ZstdError):
                size = zstandard.get_frame_parameters(body).content_size
                return size if size <= len(body) * _MOST_ZSTD else 0
    return 0


def stream(
    chunks: Iterable[bytes], coding: str = "", *, limit: int = MAX_UNPACKED
) -> Iterator[bytes]:
    """Like `unpack`, but hands each piece on as it comes."""
    inflate = _CODINGS.get(coding.strip().lower())
    if inflate is None:
        raise UnknownCoding("This Content-Encoding is not supported.")
    return _limited(inflate(iter(chunks)), limit)


def _limited(pieces: Iterator[bytes], limit: int) -> Iterator[bytes]:
    size = 0
    try:
        for piece in pieces:
            size += len(piece)
            if size > limit:
                raise BodyTooLarge(f"The body is larger than {limit} bytes.")
            if piece:
                yield piece
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise BrokenBody("The compressed body is corrupt.") from error


def _quick_gunzip(body: bytes, limit: int) -> bytes | None:
    """One call for the usual body, a single small gzip member. None: take the long way."""
    inflate = _quick.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacked: bytes = inflate.decompress(body, min(limit, MIB) or 1)
    except _quick.error:
        return None  # the long way says what is wrong with it
    if inflate.eof and not inflate.unused_data and len(unpacked) <= limit:
        return unpacked
    return None


def _slices(chunks: Iterator[bytes], size: int = _SLICE) -> Iterator[bytes]:
    for chunk in chunks:
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


def _gunzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """gzip: one member or several, zero padding at the end."""
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    members = 1
    for piece in _slices(chunks):
        while piece:
            if inflate.eof:
                piece = piece.lstrip(b"\0")
                if not piece:
                    break
                members += 1
                if members > _MAX_MEMBERS:
                    raise BrokenBody("The compressed body has too many members.")
                inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
            yield inflate.decompress(piece, _STEP)
            piece = inflate.unused_data if inflate.eof else inflate.unconsumed_tail
    yield from _rest(inflate)


def _inflate(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """deflate: in zlib's wrapper, as the standard says, or raw, as some send it."""
    head = b""
    inflate = None
    for piece in _slices(chunks):
        if inflate is None:
            head += piece
            if len(head) < 2:
                continue
            piece = head
            wrapped = head[0] & 0x0F == 8 and (head[0] << 8 | head[1]) % 31 == 0
            inflate = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        while piece and not inflate.eof:
            yield inflate.decompress(piece, _STEP)
            piece = inflate.unconsumed_tail
    if inflate is None:
        raise BrokenBody("The compressed body ends too early.")
    yield from _rest(inflate)


def _rest(inflate: "zlib._Decompress") -> Iterator[bytes]:
    """What zlib still holds back; raises BrokenBody when the stream never ended."""
    while not inflate.eof:
        piece = inflate.decompress(inflate.unconsumed_tail, _STEP)
        if not piece and not inflate.eof:
            raise BrokenBody("The compressed body ends too early.")
        yield piece


def _unbrotli(chunks: Iterator[bytes]) -> Iterator[bytes]:
    inflate = brotli.Decompressor()
    for piece in _slices(chunks):
        if inflate.is_finished():
            raise BrokenBody("Bytes follow the end of the compressed body.")
        given = inflate.process(piece, output_buffer_limit=_STEP)
        # It takes more input long before it has given all output: ask until there is none.
        while given or not inflate.can_accept_more_data():
            yield given
            given = inflate.process(b"", output_buffer_limit=_STEP)
    if not inflate.is_finished():
        raise BrokenBody("The compressed body ends too early.")


def _unzstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """zstd: one frame or several. Small slices of input bound what one call gives."""
    context = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
    inflate = context.decompressobj()
    frames = 0
    for piece in _slices(chunks, _ZSTD_SLICE):
        while piece:
            if inflate.eof or not frames:
                frames += 1
                if frames > _MAX_MEMBERS:
                    raise BrokenBody("The compressed body has too many frames.")
                inflate = context.decompressobj()
            yield inflate.decompress(piece)
            piece = inflate.unused_data if inflate.eof else b""
    if not inflate.eof:
        raise BrokenBody("The compressed body ends too early.")


_CODINGS: dict[str, Callable[[Iterator[bytes]], Iterator[bytes]]] = {
    "": iter,
    "identity": iter,
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
