"""Bodies come in many codings, whole or in pieces, honest or hostile."""

import gzip
import os
import tracemalloc
import zlib

import brotli
import pytest
import zstandard

from ingest.decoding import (
    MIB,
    BodyTooLarge,
    BrokenBody,
    DecodingError,
    UnknownCoding,
    stream,
    told_size,
    unpack,
)

TEXT = b'{"message": "the shop is closed"}' * 50


def raw_deflate(data):
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(data) + compressor.flush()


CODINGS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
    "": bytes,
}
COMPRESSED = [name for name in CODINGS if name not in ("", "identity")]


def header(name):
    return "deflate" if name == "raw" else name


def pieces(data, size):
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize("name", CODINGS)
@pytest.mark.parametrize("size", [None, 1, 7, 1000])
def test_every_coding_whole_and_in_pieces(name, size):
    packed = CODINGS[name](TEXT)
    body = packed if size is None else pieces(packed, size)
    assert unpack(body, header(name)) == TEXT


@pytest.mark.parametrize("name", [" GZip ", "BR", "Deflate"])
def test_names_in_any_case_with_blanks(name):
    packed = CODINGS[name.strip().lower()](TEXT)
    assert unpack(packed, name) == TEXT


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("size", [None, 5])
def test_a_truncated_body_is_broken(name, size):
    packed = CODINGS[name](os.urandom(500))[:-9]
    with pytest.raises(BrokenBody) as caught:
        unpack(packed if size is None else pieces(packed, size), header(name))
    assert caught.value.status == 400


@pytest.mark.parametrize("name", COMPRESSED)
@pytest.mark.parametrize("body", [b"", b"x", b"no such coding at all", b"\x00" * 40])
def test_what_is_not_of_the_coding_is_broken(name, body):
    with pytest.raises(BrokenBody):
        unpack(body, header(name))


def test_an_unknown_coding_has_its_own_answer():
    with pytest.raises(UnknownCoding) as caught:
        unpack(b"abc", "compress")
    assert caught.value.status == 415
    with pytest.raises(UnknownCoding):
        stream([b"abc"], "gzip, br")


def test_several_gzip_members_and_padding():
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0" * 20
    assert unpack(packed, "gzip") == b"one two"
    assert unpack(pieces(packed, 3), "gzip") == b"one two"


def test_several_zstd_frames():
    pack = zstandard.ZstdCompressor().compress
    assert unpack(pack(b"one ") + pack(b"two"), "zstd") == b"one two"


def test_thousands_of_empty_members_are_refused():
    with pytest.raises(BrokenBody):
        unpack(gzip.compress(b"") * 5000, "gzip")
    with pytest.raises(BrokenBody):
        unpack(zstandard.ZstdCompressor().compress(b"") * 5000, "zstd")


def test_junk_after_the_end_is_broken():
    with pytest.raises(BrokenBody):
        unpack(gzip.compress(TEXT) + b"junk", "gzip")


@pytest.mark.parametrize("name", CODINGS)
def test_exactly_the_limit_is_fine_and_one_more_is_not(name):
    packed = CODINGS[name](TEXT)
    assert unpack(packed, header(name), limit=len(TEXT)) == TEXT
    with pytest.raises(BodyTooLarge) as caught:
        unpack(packed, header(name), limit=len(TEXT) - 1)
    assert caught.value.status == 413


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_bomb_is_stopped_while_inflating(name):
    bomb = CODINGS[name](bytes(64 * MIB))
    tracemalloc.start()
    with pytest.raises(BodyTooLarge):
        unpack(bomb, header(name), limit=2 * MIB)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24 * MIB


def test_a_stream_hands_on_what_it_has():
    compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    first = compressor.compress(TEXT) + compressor.flush(zlib.Z_SYNC_FLUSH)

    def chunks():
        yield first
        raise AssertionError("asked for more than was needed")

    assert next(iter(stream(chunks(), "gzip"))) == TEXT


def test_all_errors_share_a_base():
    assert {error.status for error in (UnknownCoding, BrokenBody, BodyTooLarge)} == {415, 400, 413}
    assert all(issubclass(error, DecodingError) for error in (UnknownCoding, BrokenBody))


@pytest.mark.parametrize("size", [1 << 20, 5 << 20, 20 << 20])
@pytest.mark.parametrize("quality", [1, 5])
def test_brotli_that_shrank_a_thousandfold_is_whole(size: int, quality: int) -> None:
    """It reports that it takes more input while megabytes of output are still to come."""
    packed = brotli.compress(b"\0" * size, quality=quality, lgwin=24)
    assert len(unpack(packed, "br")) == size


def test_some_codings_tell_how_large_they_are():
    for name in ("gzip", "x-gzip", "zstd", "identity", ""):
        assert told_size(CODINGS[name](TEXT), name) == len(TEXT), name
    for name in ("deflate", "br", "compress"):
        assert told_size(TEXT, name) == 0, name
    stream_of_unknown_length = zstandard.ZstdCompressor().compressobj()
    told_late = stream_of_unknown_length.compress(TEXT) + stream_of_unknown_length.flush()
    assert told_size(told_late, "zstd") == 0


def test_what_no_packing_could_reach_is_not_believed():
    """The last bytes of a body that was cut off are noise: it is broken, not too large."""
    assert told_size(gzip.compress(TEXT)[:-4] + b"\xff" * 4, "gzip") == 0
    assert told_size(b"", "gzip") == told_size(b"(\xb5/\xfd", "zstd") == 0
    honest = gzip.compress(bytes(4 * MIB), 9)
    assert told_size(honest, "gzip") == 4 * MIB
