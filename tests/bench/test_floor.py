"""The floor runs the product's own pure work; what it calls must stay what it is."""

from pathlib import Path

from tests.bench.__main__ import python
from tests.factories import faults


def test_the_floor_measures_reading_and_all_pure_work(tmp_path: Path) -> None:
    corpus = tmp_path / "faults.jsonl.gz"
    faults.make(corpus, faults=3, variants=1)
    found = python("tests.bench.floor", corpus, 0.2)
    assert 0 < found["decode"]["cpu_ms"] < found["pure"]["cpu_ms"]
    assert found["pure"]["events"] >= 200
