"""Which release is newer: a table of cases, and the laws that every order obeys."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.versions import Comparison, Known, Method, compare, newest, parse, same_line

DAY = datetime(2026, 1, 1, tzinfo=UTC)
SHA_A, SHA_B = "8c5f1fa9d3b2", "f00dbabe12ab34cd56ef78ab90cd12ef34ab56cd"

# (older, newer, method)
ORDERED = [
    ("10.18.7", "10.24.0", "semver"),
    ("1.9.0", "1.10.0", "semver"),
    ("0.9", "0.10", "semver"),
    ("1.2", "1.2.1", "semver"),
    ("1.2.3", "2.0", "semver"),
    ("v1.2.3", "1.2.4", "semver"),
    ("1.2.3", "V1.2.4", "semver"),
    ("v1.9", "v1.10", "semver"),
    ("shop@1.9.0", "shop@1.10.0", "semver"),
    ("shop@1.9.0", "1.10.0", "semver"),
    ("1.9.0", "shop@v1.10.0", "semver"),
    ("@acme/web@1.9.0", "@acme/web@1.10.0", "semver"),
    ("com.acme.app@2.9.1+41", "com.acme.app@2.10.0+7", "semver"),
    ("shop-1.9.0", "shop-1.10.0", "semver"),
    ("shop-web-v1.9", "shop-web-v1.10", "semver"),
    ("release/1.9.0", "release/1.10.0", "semver"),
    ("1.0.0-alpha", "1.0.0-alpha.1", "semver"),
    ("1.0.0-alpha.1", "1.0.0-alpha.beta", "semver"),
    ("1.0.0-alpha.beta", "1.0.0-beta", "semver"),
    ("1.0.0-beta", "1.0.0-beta.2", "semver"),
    ("1.0.0-beta.2", "1.0.0-beta.11", "semver"),
    ("1.0.0-beta.11", "1.0.0-rc.1", "semver"),
    ("1.0.0-rc.1", "1.0.0", "semver"),
    ("1.0.0-rc2", "1.0.0-rc10", "semver"),
    ("1.0.0rc1", "1.0.0", "semver"),
    ("1.0b2", "1.0rc1", "semver"),
    ("1.0.dev4", "1.0", "semver"),
    ("1.0", "1.0.post1", "semver"),
    ("1.0.post1", "1.0.post2", "semver"),
    ("1.0.post2", "1.0.1", "semver"),
    ("1.2.3-SNAPSHOT", "1.2.3", "semver"),
    ("1.2.3-1", "1.2.3", "semver"),
    ("1.2.3", "1.2.3-14-gdeadbee", "semver"),
    ("1.2.3-9-gfeedbee", "1.2.3-14-gdeadbee", "semver"),
    ("1.2.3-14-gdeadbee", "1.2.4", "semver"),
    ("1.2.3+45", "1.2.3+46", "semver"),
    ("1.2.3+9", "1.2.3+10", "semver"),
    ("1.2.3.4", "1.2.3.10", "semver"),
    ("126.0.6478.55", "126.0.6478.126", "semver"),
    ("2024.1.15", "2024.02.03", "semver"),
    ("24.04", "24.10", "semver"),
    ("1.0.0", "1.0.0.1", "semver"),
    ("1.2.3", "999999999999.0.0", "semver"),
    ("9", "10", "integer"),
    ("v9", "v10", "integer"),
    ("build-99", "build-100", "integer"),
    ("r99", "100", "integer"),
    ("20240131", "20240201", "integer"),
    ("shop@99", "shop@100", "integer"),
    ("#7", "8", "integer"),
    (SHA_A, SHA_B, "date"),
    (SHA_B, SHA_A, "date"),
    ("main", "hotfix", "date"),
    ("2026-01-02", "2026-01-03", "date"),
    ("blue zebra", "amber lion", "date"),
    ("1234567890123456789012345678901234567890", SHA_A, "date"),
    ("", "x", "date"),
]  # fmt: skip

EQUAL = [
    ("1.2.3", "1.2.3", "same"),
    (SHA_A, SHA_A, "same"),
    ("", "", "same"),
    ("1.2", "1.2.0", "semver"),
    ("v1.2.3", "1.2.3", "semver"),
    ("shop@1.2.3", "1.2.3", "semver"),
    ("Shop@1.2.3", "shop@1.2.3", "semver"),
    ("1.2.3+45", "1.2.3", "semver"),
    ("1.2.3+abc", "1.2.3+def", "semver"),
    ("1.2.3.Final", "1.2.3", "semver"),
    ("1.2.3-RC1", "1.2.3-rc.1", "semver"),
    ("v7", "7", "integer"),
]

NOT_COMPARABLE = [
    ("web@1.0.0", "api@2.0.0"),
    ("web@9", "api@10"),
    ("1.2.3", SHA_A),
    ("dev", "1.2.3"),
    ("1.2.3", "124"),
    ("1.2.3", "unknown"),
    ("12", "main"),
    ("1.2.3", "1.2.3 (patched by hand)"),
    ("1.2.3", "¯\\_(ツ)_/¯"),
    ("1.2.3", "1..2"),
    ("1.2.3", "1.2.3.4.5.6.7.8"),
    ("1.2.3", "9" * 5_000),
    ("1.2.3", "1." * 5_000),
    ("1.2.3", "null"),
    ("1.2.3", "1.2.3+" + "a" * 300),
]


def known(version: str, day: int = 0, *, told: bool = False) -> Known:
    return Known(version, DAY + timedelta(days=day), told)


def test_the_table_is_long_enough() -> None:
    assert len(ORDERED) + len(EQUAL) + len(NOT_COMPARABLE) >= 80


@pytest.mark.parametrize(("older", "newer", "method"), ORDERED)
def test_older_comes_before_newer(older: str, newer: str, method: str) -> None:
    # The dates agree only where they are what decides.
    first, second = (0, 1) if method == "date" else (1, 0)
    a, b = known(older, first), known(newer, second)
    assert compare(a, b) == Comparison(-1, Method(method))
    assert compare(b, a) == Comparison(1, Method(method))


@pytest.mark.parametrize(("one", "other", "method"), EQUAL)
def test_two_names_of_one_release(one: str, other: str, method: str) -> None:
    assert compare(known(one, 0), known(other, 5)) == Comparison(0, Method(method))
    assert compare(known(other, 5), known(one, 0)) == Comparison(0, Method(method))


@pytest.mark.parametrize(("one", "other"), NOT_COMPARABLE)
def test_methods_are_never_mixed(one: str, other: str) -> None:
    assert compare(known(one, 0), known(other, 5)).sign is None
    assert compare(known(other, 5), known(one, 0)).sign is None


def test_a_change_of_scheme_is_settled_by_dates_that_tools_told() -> None:
    old, new = known(SHA_A, 0, told=True), known("1.0.0", 3, told=True)
    assert compare(new, old) == Comparison(1, Method.DATE)
    assert compare(known("1.0.0", 3), old).sign is None


def test_without_dates_there_is_no_order_by_date() -> None:
    assert compare(Known("main"), known("hotfix")).sign is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("10.18.7", "10.18.9", True),
        ("10.18.7", "10.24.0", False),
        ("v10.18.7", "shop@10.18", True),
        ("web@10.18.7", "api@10.18.7", False),
        ("10", "10.0.1", False),
        (SHA_A, SHA_A, False),
    ],
)
def test_lines_of_backports(one: str, other: str, same: bool) -> None:
    assert same_line(one, other) is same is same_line(other, one)


def test_the_newest_release_is_one_that_was_told_of() -> None:
    releases = [
        known("1.10.0", 1, told=True), known("1.9.0", 2, told=True), known("99.0.0", 3),
        Known("50.0.0", DAY, told=True, ignored=True),
    ]  # fmt: skip
    best = newest(releases)
    assert best is not None and best.version == "1.10.0"
    assert newest([]) is None
    last = newest([known(SHA_A, 1), known(SHA_B, 2)])
    assert last is not None and last.version == SHA_B


def test_the_newest_release_of_a_package() -> None:
    releases = [known("web@1.0", 1), known("api@7.0", 2), known("web@1.1", 3)]
    best = newest(releases, like="api@6.0")
    assert best is not None and best.version == "api@7.0"


VERSIONS = st.sampled_from(sorted({text for case in ORDERED + EQUAL for text in case[:2]}))


@given(VERSIONS, VERSIONS, VERSIONS)
def test_one_method_orders_everything(a: str, b: str, c: str) -> None:
    x, y, z = known(a), known(b), known(c)
    forth, back = compare(x, y), compare(y, x)
    assert forth.method == back.method
    assert forth.sign is None or forth.sign == -(back.sign or 0)
    steps = compare(x, y), compare(y, z), compare(x, z)
    packages = {parsed.package for v in (a, b, c) if (parsed := parse(v)) and parsed.package}
    builds = {parsed.build for v in (a, b, c) if (parsed := parse(v))}
    one_way = {step.method for step in steps} == {Method.SEMVER} and len(packages) < 2
    if one_way and len(builds) == 1 and steps[0].sign == steps[1].sign:
        assert steps[2].sign == steps[0].sign


@given(st.text(max_size=300))
def test_anything_at_all_may_be_a_version(text: str) -> None:
    assert compare(known(text), known("1.2.3")).method in Method
