"""What the bench sends is what an SDK would send."""

import gzip
import json
import zlib
from pathlib import Path

import pytest

from ingest import decoding
from tests.bench.bodies import Source, Template
from tests.bench.meter import spread
from tests.factories import faults
from tests.factories.envelopes import error_event

EVENT = error_event(extra={"note": "x" * 5_000}, user={"id": "1"}, timestamp=1.5)


def test_a_body_is_one_gzip_member_with_an_honest_length() -> None:
    body = Template.of(EVENT).body("ab" * 16, 7)
    member = zlib.decompressobj(31)
    text = member.decompress(body)
    assert member.eof
    assert member.unused_data == b""
    header, item, payload, rest = text.split(b"\n")
    assert rest == b""
    assert json.loads(header)["event_id"] == "ab" * 16
    assert json.loads(item)["length"] == len(payload)
    event = json.loads(payload)
    assert event["event_id"] == "ab" * 16
    assert event["user"]["email"] == "person7@example.com"
    assert event["exception"] == EVENT["exception"]
    assert decoding.unpack(body, "gzip") == gzip.decompress(body) == text


@pytest.mark.parametrize(
    ("seconds", "p50", "p99"), [([0.001], 1.0, 1.0), ([n / 1000 for n in range(100)], 50.0, 99.0)]
)
def test_figures_are_spread_in_milliseconds(seconds: list[float], p50: float, p99: float) -> None:
    found = spread(seconds)
    assert (found["p50"], found["p99"]) == (p50, p99)


def test_nothing_has_no_spread() -> None:
    assert spread([]) == {}


def test_every_lot_comes_once_and_its_events_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = [(name, error_event(logger=name)) for name in ("till", "cart", "shelf")]
    monkeypatch.setattr(faults, "read", lambda path: iter(corpus))

    def taken(shape: str, count: int) -> list[tuple[str, str]]:
        source = Source(Path("corpus"), shape=shape)
        bodies = [gzip.decompress(source.take()[1]) for _ in range(count)]
        events = [json.loads(body.split(b"\n")[2]) for body in bodies]
        return [(*event["fingerprint"], event["logger"]) for event in events]

    first = taken("lots:10", 10)
    assert len(dict(first)) == 10
    assert {logger for _, logger in first} == {"till", "cart", "shelf"}
    assert taken("lots:10:4", 10) == first[4:] + first[:4]
