"""Commits of a clone by the API, page by page."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.tracker.api.conftest import client_for
from tests.tracker.vcs.conftest import Cloned, git
from tracker.models import User
from tracker.vcs import clone

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(owner: User) -> APIClient:
    return client_for(owner)


def walked(api: APIClient, url: str) -> list[Any]:
    rows: list[Any] = []
    while url:
        answer = api.get(url)
        assert answer.status_code == 200, answer.content
        rows += answer.json()["results"]
        url = answer.json()["next"]
    return rows


def test_all_of_them_newest_first(api: APIClient, cloned: Cloned):
    url = f"/api/v1/repositories/{cloned.row.pk}/commits/"
    rows = walked(api, f"{url}?limit=20")
    told = git(clone.folder_of(cloned.row), "log", "--no-merges", "--topo-order", "--format=%H")
    assert [row["sha"] for row in rows] == told.split()
    first = rows[0]
    assert first["url"] == f"https://github.com/team/shop/commit/{first['sha']}"
    assert first["repository"] == "team/shop" and first["files"][0]["path"]
    older = api.get(f"{url}?ref={rows[5]['sha']}&limit=1").json()["results"]
    assert [row["sha"] for row in older] == [rows[5]["sha"]]
    assert api.get(f"{url}?ref=main&limit=1").json()["results"][0] == first
    assert api.get(f"{url}?ref=nowhere").status_code == 404
    assert api.get(f"{url}?ref=--all").status_code == 404
    for cursor in ("odd", f"{'0' * 40}:0", f"{first['sha']}:x", f"{first['sha'][:39]}:1"):
        assert api.get(url, {"cursor": cursor}).status_code in (400, 409), cursor


def test_a_clone_that_is_gone(api: APIClient, cloned: Cloned):
    clone.remove(cloned.row.folder)
    answer = api.get(f"/api/v1/repositories/{cloned.row.pk}/commits/")
    assert answer.status_code == 409 and "not cloned" in answer.json()["detail"]
