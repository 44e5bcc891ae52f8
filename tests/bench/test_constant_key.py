"""Grouping may cost the digest at most 15 % over a constant key."""

from pathlib import Path

import pytest

from tests.bench.constant_key import measure
from tests.factories import faults

MOST = 1.15


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_real_keys_cost_little_more_than_a_constant_one(tmp_path: Path) -> None:
    corpus = tmp_path / "faults.jsonl.gz"
    faults.make(corpus, variants=1)
    found = measure(corpus, rounds=7)
    print(found)
    assert found["cpu"]["real_to_constant"] <= MOST, found
    assert found["cpu"]["real_to_free"] <= MOST, found
