"""Which event reopens what was resolved, by which comparison, and how that is told."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.domain.comebacks import (
    BadRelease,
    How,
    Resolution,
    Sighting,
    check_fixes,
    fix_for,
    judge,
)
from tracker.domain.versions import Known, Method

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)


def known(*releases: Known) -> dict[str, Known]:
    return {release.version: release for release in releases}


@pytest.mark.parametrize(
    ("seconds", "reopens"), [(-3600, False), (-1, False), (0, False), (1, True), (86400, True)]
)
def test_only_what_happened_after_the_resolution_reopens(seconds: int, reopens: bool) -> None:
    sighting = Sighting(NOON + timedelta(seconds=seconds))
    assert judge(Resolution(NOON), sighting).reopens is reopens


@pytest.mark.parametrize(
    ("fixed", "seen", "words"),
    [
        ("1.0", "1.1", ["1.1", "1.0"]),
        ("1.0", "1.0", ["the same release"]),
        ("", "1.1", ["1.1", "after it was resolved"]),
        ("1.0", "", ["after it was resolved"]),
    ],
)
def test_the_reason_names_both_releases(fixed: str, seen: str, words: list[str]) -> None:
    why = judge(Resolution(NOON, fixed), Sighting(NOON + timedelta(hours=1), seen)).why
    assert all(word in why for word in words)


@pytest.mark.parametrize(
    ("last", "seen", "reopens", "why"),
    [
        ("10.24.0", "10.18.7", False, "kept resolved: 10.18.7 < 10.24.0 (semver)"),
        ("10.18.7", "10.24.0", True, "reopened: 10.24.0 > 10.18.7 (semver)"),
        ("9", "10", True, "reopened: 10 > 9 (integer)"),
        ("10", "9", False, "kept resolved: 9 < 10 (integer)"),
        ("1.0", "main", True, "seen again in release main; it was resolved while release 1.0"),
    ],
)
def test_plain_resolve_takes_older_releases_for_stragglers(
    last: str, seen: str, reopens: bool, why: str
) -> None:
    verdict = judge(Resolution(NOON, last), Sighting(LATER, seen))
    assert verdict.reopens is reopens
    assert verdict.why.startswith(why)


@pytest.mark.parametrize(
    ("base", "seen", "reopens", "unknown"),
    [
        ("1.2.0", "1.2.0", False, False),
        ("1.2.0", "1.1.9", False, False),
        ("1.2.0", "1.2.1", True, False),
        ("1.2.0", "v1.3", True, False),
        ("1.2.0", "", False, True),
        ("1.2.0", "main", False, True),
        ("", "1.0", True, False),
        ("", "", False, True),
    ],
)
def test_next_release(base: str, seen: str, reopens: bool, unknown: bool) -> None:
    verdict = judge(Resolution(NOON, base, How.NEXT), Sighting(LATER, seen))
    assert (verdict.reopens, verdict.unknown) == (reopens, unknown)


@pytest.mark.parametrize(
    ("fixes", "seen", "reopens"),
    [
        # Backports: within major.minor; lines without a fix of their own await the newest one.
        (("10.18.7", "10.24.0"), "10.18.6", False),
        (("10.18.7", "10.24.0"), "10.18.8", True),
        (("10.18.7", "10.24.0"), "10.20.0", False),
        (("10.18.7", "10.24.0"), "10.23.9", False),
        (("10.24.0", "10.18.7"), "10.24.1", True),
        (("10.24.0", "10.18.7"), "11.0.0", True),
        (("2.0.0",), "1.9.9", False),
        (("2.0.0",), "2.0.1", True),
    ],
)
def test_given_releases(fixes: tuple[str, ...], seen: str, reopens: bool) -> None:
    verdict = judge(Resolution(NOON, how=How.IN, fixes=fixes), Sighting(LATER, seen))
    assert verdict.reopens is reopens
    assert (verdict.release, verdict.method) == (seen, Method.SEMVER)


def test_the_fix_itself_failing_reopens_unless_it_was_known_to_be_affected() -> None:
    fresh = Resolution(NOON, how=How.IN, fixes=("2.0",))
    verdict = judge(fresh, Sighting(LATER, "2.0"))
    assert verdict.reopens and "2.0, the release that was to fix it" in verdict.why
    seen_before = Resolution(NOON, how=How.IN, fixes=("2.0",), affected=("2.0",))
    verdict = judge(seen_before, Sighting(LATER, "2.0"))
    assert not verdict.reopens and verdict.why == "kept resolved: 2.0 = 2.0 (same)"


def test_events_alone_never_outrank_what_was_released() -> None:
    told = Known("1.0", NOON, told=True)
    resolution = Resolution(NOON, "1.0", How.NEXT)
    rumour = judge(resolution, Sighting(LATER, "9.9"), known(told, Known("9.9", LATER)))
    assert not rumour.reopens and rumour.unknown and "from events only" in rumour.why
    real = judge(resolution, Sighting(LATER, "9.9"), known(told, Known("9.9", LATER, told=True)))
    assert real.reopens
    plain = judge(Resolution(NOON, "1.0"), Sighting(LATER, "9.9"), known(told, Known("9.9", LATER)))
    assert plain.reopens and plain.why == (
        "seen again in release 9.9; it was resolved while release 1.0 was the last one affected"
    )


def test_implausible_versions_count_for_nothing() -> None:
    odd = known(Known("999.0", LATER, told=True, ignored=True))
    for resolution in (Resolution(NOON, "1.0"), Resolution(NOON, "1.0", How.NEXT)):
        verdict = judge(resolution, Sighting(LATER, "999.0"), odd)
        assert not verdict.reopens and "implausible" in verdict.why


def test_dates_decide_between_hashes() -> None:
    old, new = Known("0badcafe0bad", NOON), Known("8c5f1fa9d3b2", LATER)
    resolution = Resolution(NOON, old.version, How.NEXT)
    verdict = judge(resolution, Sighting(LATER, new.version), known(old, new))
    assert verdict.reopens and verdict.why == "reopened: 8c5f1fa9d3b2 > 0badcafe0bad (date)"
    back = judge(Resolution(NOON, new.version), Sighting(LATER, old.version), known(old, new))
    assert not back.reopens and back.method is Method.DATE


def test_the_fix_to_compare_with() -> None:
    fixes = ("1.2.9", "1.2.10", "2.0.1")
    assert fix_for("1.2.3", fixes) == "1.2.10"
    assert fix_for("1.3.0", fixes) == "2.0.1"
    assert fix_for("main", fixes) == "2.0.1"
    assert fix_for("1.0", ()) == ""


def test_fixes_are_checked() -> None:
    assert check_fixes((" 1.0 ", "1.0", "", "1.1")) == ("1.0", "1.1")
    for bad in ((), (" ",), ("x" * 201,), ("a\x00",), ("1.0", "main"), tuple(map(str, range(11)))):
        with pytest.raises(BadRelease):
            check_fixes(bad)
