"""A bad exception to the outbound guard stops the start."""

from typing import Any

import pytest

from alerts.checks import outbound_allow


@pytest.mark.parametrize(
    ("entry", "good"),
    [
        ("10.0.0.0/8", True), ("hooks.lan", True), ("hooks.lan:8443", True), ("[::1]:9000", True),
        ("fd00::/8", True), ("10.0.0.0/33", False), ("http://hooks.lan", False), ("x:70000", False),
        ("a b", False),
    ],
)  # fmt: skip
def test_entries(entry: str, good: bool, settings: Any) -> None:
    settings.EMBERWATCH_OUTBOUND_ALLOW = (entry,)
    assert (outbound_allow() == []) is good
