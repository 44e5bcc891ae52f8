"""How urgent an issue is."""

import pytest

from tracker.domain.priority import Facts, Priority, is_production, priority_of


@pytest.mark.parametrize(
    ("facts", "priority"),
    [
        (Facts(50), Priority.HIGH),
        (Facts(50, production=False), Priority.HIGH),
        (Facts(40, unhandled=True), Priority.HIGH),
        (Facts(40, unhandled=True, production=False), Priority.LOW),
        (Facts(40), Priority.MEDIUM),
        (Facts(40, production=False), Priority.LOW),
        (Facts(30), Priority.LOW),
        (Facts(30, unhandled=True), Priority.HIGH),
        (Facts(20, users_24h=50), Priority.HIGH),
        (Facts(20, users_24h=49), Priority.LOW),
        (Facts(30, escalating=True), Priority.MEDIUM),
        (Facts(40, escalating=True), Priority.HIGH),
        (Facts(50, escalating=True), Priority.HIGH),
    ],
)
def test_priority(facts: Facts, priority: Priority) -> None:
    assert priority_of(facts) is priority


@pytest.mark.parametrize(
    ("name", "is_it"),
    [
        ("", True), ("production", True), ("Production", True), ("prod", True), ("prod-eu", True),
        ("live", True), ("production_2", True), ("staging", False), ("preprod", False),
        ("pre-production", False), ("product-demo", False), ("dev", False), ("delivery", False),
        ("liverpool-test", False),
    ],
)  # fmt: skip
def test_production_has_many_names(name: str, is_it: bool) -> None:
    assert is_production(name) is is_it
