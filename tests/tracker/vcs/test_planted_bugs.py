"""The bar: of ten planted bugs in a real history, eight culprits rank first and all within three."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.conftest import need
from tests.tracker.vcs import history, history_js
from tracker.domain.culprits import Case, Culprit, rank
from tracker.domain.stack_sites import calls_of, words_of
from tracker.vcs import placing, ranges, reading

LATER = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, tuple[Culprit, ...]]]:
    """The planted commit and the suspects, by bug."""
    need("git")
    need("tar")
    folder = tmp_path_factory.mktemp("planted") / "shop.git"
    planted = history.plant(folder)
    heads = reading.resolve(folder, ["refs/tags/v1.0.0", "refs/tags/v1.1.0"])
    good, bad = heads["refs/tags/v1.0.0"], heads["refs/tags/v1.1.0"]
    found = {}
    for bug, data in history.crashes(folder, bad, folder.parent / "code").items():
        sites = placing.sites(folder, bad, calls_of(data), ())
        paths = [site.path for site in sites]
        chosen = ranges.between(folder, bad, good, paths, LATER, {bad: "1.1.0"})
        assert len(chosen.shas) >= 40
        found[bug] = (planted[bug], rank(sites, chosen.patches, Case(words_of(data))))
    return found


def place(ranked: dict[str, tuple[str, tuple[Culprit, ...]]], bug: str) -> int:
    """Of the planted commit among the suspects, 1 for the first; 99 when it is not there."""
    sha, suspects = ranked[bug]
    shas = [one.sha for one in suspects]
    return shas.index(sha) + 1 if sha in shas else 99


def test_all_ten_bugs_really_happen(ranked: dict[str, tuple[str, tuple[Culprit, ...]]]):
    assert set(ranked) == set(history.SCENES)


@pytest.mark.parametrize("bug", history.SCENES)
def test_the_culprit_is_within_three(ranked: dict[str, tuple[str, tuple[Culprit, ...]]], bug: str):
    assert place(ranked, bug) <= 3, [
        (one.subject, one.score, one.reasons) for one in ranked[bug][1]
    ]


def test_eight_of_ten_rank_first(ranked: dict[str, tuple[str, tuple[Culprit, ...]]]):
    places = {bug: place(ranked, bug) for bug in ranked}
    assert sum(1 for at in places.values() if at == 1) >= 8, places


def test_who_is_called_likely_is_guilty(ranked: dict[str, tuple[str, tuple[Culprit, ...]]]):
    likely = [
        (bug, one.subject)
        for bug, (sha, suspects) in ranked.items()
        for one in suspects
        if one.sure == "likely" and one.sha != sha
    ]
    assert likely == []
    assert sum(1 for sha, s in ranked.values() if s and s[0].sure == "likely") >= 3


def test_a_history_that_no_rule_was_made_for(tmp_path: Path):
    """JavaScript, held out. Ranked before anything was changed for it: 8 of 11 first, 10 within
    three; the one that is missed renames a key that no error names.
    """
    need("git")
    need("node")
    folder = tmp_path / "shop.git"
    planted = history_js.plant(folder)
    heads = reading.resolve(folder, ["refs/tags/v1.0.0", "refs/tags/v1.1.0"])
    good, bad = heads["refs/tags/v1.0.0"], heads["refs/tags/v1.1.0"]
    places = {}
    for bug, data in history_js.crashes(folder, bad, tmp_path / "code").items():
        sites = placing.sites(folder, bad, calls_of(data), ())
        paths = [site.path for site in sites]
        chosen = ranges.between(folder, bad, good, paths, LATER, {bad: "1.1.0"})
        shas = [one.sha for one in rank(sites, chosen.patches, Case(words_of(data)))]
        places[bug] = shas.index(planted[bug]) + 1 if planted[bug] in shas else 99
    assert set(places) == set(history_js.SCENES)
    assert sum(1 for at in places.values() if at == 1) >= 8, places
    assert sum(1 for at in places.values() if at <= 3) >= 10, places
