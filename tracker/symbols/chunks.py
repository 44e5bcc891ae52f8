"""Pieces of files on their way: taken in, and put together under a check of the whole.

ChunkError           one sentence for whoever uploads
├── WrongChunk       the piece is not what its name says
└── WrongWhole       the pieces don't make the file that was announced
"""

from __future__ import annotations

import gzip
import hashlib
import tempfile
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.db.models import Sum

from tracker.models import UploadChunk

MIB = 1024 * 1024
CHUNK_SIZE = MIB
"""Small, so that a slow line finishes a request within the bridge's time-out."""
REQUEST_SIZE = 4 * MIB
CHUNKS_PER_REQUEST = 4
MOST_CHUNKS = 2048
WAITING = 8192 * MIB
"""Most bytes of pieces that wait for the rest of their file, all uploads together."""
KEPT = timedelta(days=1)


class ChunkError(Exception):
    """Base of what goes wrong here; `str()` is for the uploader."""


class WrongChunk(ChunkError):
    """A piece that is too large, unreadable or not what its name says."""


class WrongWhole(ChunkError):
    """A piece is gone, or together they make another file."""


def path_of(sha1: str) -> str:
    """Where a piece lies."""
    return f"chunks/{sha1[:2]}/{sha1}"


def is_sha1(text: object) -> bool:
    """Whether it is forty lower-case hex digits: it becomes part of a path."""
    return isinstance(text, str) and len(text) == 40 and not set(text) - set("0123456789abcdef")


def put(sha1: str, packed: bytes, *, zipped: bool, now: datetime) -> None:
    """Keep a piece; the same one again is no error. Raises WrongChunk."""
    content = _unzipped(packed) if zipped else packed
    if len(content) > CHUNK_SIZE:
        raise WrongChunk(f"A chunk is larger than {CHUNK_SIZE // MIB} MiB.")
    if hashlib.sha1(content, usedforsecurity=False).hexdigest() != sha1:
        raise WrongChunk(f"The content of chunk {sha1[:40]} has another SHA-1.")
    path = path_of(sha1)
    if not default_storage.exists(path):
        saved = default_storage.save(path, ContentFile(content))
        if saved != path:  # another request was faster: its bytes are the same
            default_storage.delete(saved)
    UploadChunk.objects.update_or_create(
        sha1=sha1, defaults={"size": len(content), "created_at": now}
    )


def _unzipped(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(packed, CHUNK_SIZE + 1)
    except (zlib.error, gzip.BadGzipFile):
        raise WrongChunk("A chunk is not readable gzip.") from None
    if len(content) <= CHUNK_SIZE and not unpacker.eof:
        raise WrongChunk("A chunk is cut short.")
    return content


def missing(chunks: Sequence[str]) -> list[str]:
    """Those that are not here, in order, each once."""
    here = set(UploadChunk.objects.filter(sha1__in=chunks).values_list("sha1", flat=True))
    return [sha1 for sha1 in dict.fromkeys(chunks) if sha1 not in here]


def join(chunks: Sequence[str], checksum: str) -> IO[bytes]:
    """The whole as a temporary file, at its start. Raises WrongWhole."""
    whole = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    digest = hashlib.sha1(usedforsecurity=False)
    try:
        for sha1 in chunks:
            with default_storage.open(path_of(sha1), "rb") as piece:
                content = piece.read()
            digest.update(content)
            whole.write(content)
    except FileNotFoundError:
        whole.close()
        UploadChunk.objects.filter(sha1__in=list(chunks)).delete()
        raise WrongWhole("A chunk is gone: upload again.") from None
    if digest.hexdigest() != checksum:
        whole.close()
        raise WrongWhole("The chunks together have another SHA-1 than was announced.")
    whole.seek(0)
    return whole


def keep(whole: IO[bytes] | File[bytes], path: str) -> str:
    """Put a file into the storage, once; returns its name there."""
    if default_storage.exists(path):
        return path
    whole.seek(0)
    return default_storage.save(path, File(whole))


def drop(chunks: Iterable[str]) -> None:
    """Forget pieces and their bytes."""
    wanted = list(chunks)
    for sha1 in wanted:
        with suppress(OSError):
            default_storage.delete(path_of(sha1))
    UploadChunk.objects.filter(sha1__in=wanted).delete()


def waiting_bytes() -> int:
    """Bytes of all pieces that wait."""
    return UploadChunk.objects.aggregate(total=Sum("size"))["total"] or 0


def drop_old(now: datetime, most: int = 5_000) -> int:
    """Forget pieces whose file was never finished; returns how many."""
    old = UploadChunk.objects.filter(created_at__lt=now - KEPT).order_by("created_at")
    names = list(old.values_list("sha1", flat=True)[:most])
    drop(names)
    return len(names)
