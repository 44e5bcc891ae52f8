"""Hashes of released versions never change: issues of users hang on them.

A failure here means that stored keys would no longer be found. Do not refresh
the file for a released version; make a new version.
"""

import json
from pathlib import Path

import msgspec
import pytest

from tracker.domain.event import Event
from tracker.domain.grouping import VERSIONS, keys_of

GOLDEN = Path(__file__).parent / "golden"


def cases():
    for path in sorted(GOLDEN.glob("*.json")):
        for case in json.loads(path.read_text()):
            yield pytest.param(path.stem, case, id=f"{path.stem}-{case['name']}")


@pytest.mark.parametrize(("version", "case"), list(cases()))
def test_hashes_are_frozen(version, case):
    event = msgspec.convert(case["event"], Event, strict=False)
    found = [[key.kind, key.hash.hex()] for key in keys_of(event, version).keys]
    assert found == case["keys"]


def test_every_version_has_golden_hashes():
    assert {path.stem for path in GOLDEN.glob("*.json")} == set(VERSIONS)
