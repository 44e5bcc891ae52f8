"""The list of releases: by version within a project, and why."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from django.urls import reverse

from tests.tracker.admin.conftest import Cast
from tests.tracker.admin.test_budgets import ask
from tracker.admin.release_list import comparison, order_of
from tracker.models import Project, Release

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def make(project: Project, *versions: str) -> None:
    """Heard of in this order, a day apart."""
    Release.objects.filter(project=project).delete()
    for day, version in enumerate(versions):
        row = Release.objects.create(project=project, version=version)
        Release.objects.filter(pk=row.pk).update(created_at=NOW + timedelta(days=day))


def listed(cast: Cast, query: str, role: str = "viewer") -> tuple[list[str], str, int]:
    """Versions as listed, the page, and what it asked."""
    page, asked = ask(cast.client(role), reverse("admin:tracker_release_changelist") + query)
    found = re.findall(r'class="field-version"><a [^>]*>([^<]*)</a>', page)
    return found, page, len(asked)


def test_versions_go_before_dates(cast: Cast):
    make(cast.red, "1.9.3", "1.10.0", "1.9.4", "1.10.0-rc1", "2.0.0", "1.10.1")
    found, page, _ = listed(cast, f"?project__id__exact={cast.red.pk}")
    assert found == ["2.0.0", "1.10.1", "1.10.0", "1.10.0-rc1", "1.9.4", "1.9.3"]
    assert "&gt; 1.10.0-rc1 (semver)" in page and "&gt; 1.9.3 (semver)" in page


def test_the_only_project_needs_no_choice(cast: Cast):
    make(cast.red, "1.10.0", "1.9.0")
    assert listed(cast, "")[0] == ["1.10.0", "1.9.0"]


def test_several_projects_are_listed_by_date(cast: Cast):
    make(cast.red, "1.10.0", "1.9.0")
    make(cast.blue, "7")
    found, page, _ = listed(cast, "", "owner")
    assert found.index("1.9.0") < found.index("1.10.0")
    assert "(semver)" not in page
    assert listed(cast, f"?project__id__exact={cast.red.pk}", "owner")[0] == ["1.10.0", "1.9.0"]


def test_numbers_dates_and_what_does_not_compare(cast: Cast):
    sha, other = "8c5f1fa9d3b2", "f00dbabe12ab34cd56ef78ab90cd12ef34ab56cd"
    make(cast.red, "99", "100", other, sha)
    found, page, _ = listed(cast, f"?project__id__exact={cast.red.pk}")
    assert found == [sha, other, "100", "99"]
    assert "&gt; 99 (number)" in page and f"&gt; {other} (date)" in page
    assert "? 100 (not comparable; by date)" in page


def test_a_column_that_was_chosen_wins(cast: Cast):
    make(cast.red, "1.10.0", "1.9.0")
    found, page, _ = listed(cast, f"?project__id__exact={cast.red.pk}&o=5")
    assert "(semver)" not in page and sorted(found) == ["1.10.0", "1.9.0"]


def test_a_foreign_project_shows_nothing(cast: Cast):
    make(cast.blue, "6.6.6")
    _, page, _ = listed(cast, f"?project__id__exact={cast.blue.pk}")
    assert "6.6.6" not in page
    for odd in ("x", "9" * 40, "-1"):
        ask(cast.client("viewer"), reverse("admin:tracker_release_changelist") + f"?q={odd}")


def test_it_costs_the_same_however_many_there_are(cast: Cast):
    make(cast.red, *(f"1.{n}" for n in range(5)))
    _, _, few = listed(cast, f"?project__id__exact={cast.red.pk}")
    make(cast.red, *(f"1.{n}" for n in range(40)))
    found, _, many = listed(cast, f"?project__id__exact={cast.red.pk}")
    assert found[0] == "1.39" and len(found) == 40
    assert many == few


def test_all_releases_have_their_place(cast: Cast):
    make(cast.red, "2.0", "main", "1.0", "web@3.0", "api@9.0", "hotfix", "7")
    assert len(order_of(cast.red.pk)) == 7
    rows = list(Release.objects.filter(project=cast.red))
    assert all(comparison(a, b)[0] in "<>=?" for a in rows for b in rows)
