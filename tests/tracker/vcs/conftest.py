"""A shop whose code lies in a real repository on this machine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ingest import digest
from tests.conftest import need
from tests.factories.projects import make_project
from tests.tracker.vcs import history
from tracker import code
from tracker.actions import names, ownership, record, repositories
from tracker.actions.repositories import RepositoryTold
from tracker.models import Project, Repository, User
from tracker.vcs import placing


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """The history with ten bugs, and the commits that planted them."""
    need("git")
    folder = tmp_path_factory.mktemp("origins") / "shop.git"
    return folder, history.plant(folder)


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Any) -> Iterator[None]:
    """Clones of this test alone, and nothing remembered of others'."""
    settings.EMBERWATCH_DATA = tmp_path
    settings.EMBERWATCH_GIT_FOLDERS = ()
    settings.EMBERWATCH_OUTBOUND_ALLOW = ()
    yield
    record._days_made.clear()
    names.environments.forget()
    names.releases.forget()
    digest._rules.clear()
    ownership.forget()
    placing.forget()
    code._failed.clear()


@pytest.fixture
def shop(db: None) -> Project:
    return make_project("Shop", "Payments")


@pytest.fixture
def owner(db: None) -> User:
    return User.objects.create_superuser("root", "root@shop.example")


@dataclass(frozen=True)
class Cloned:
    """A repository that was fetched."""

    row: Repository
    origin: Path
    culprits: dict[str, str]


@pytest.fixture
def cloned(
    shop: Project, owner: User, planted: tuple[Path, dict[str, str]], settings: Any
) -> Cloned:
    origin, culprits = planted
    settings.EMBERWATCH_GIT_FOLDERS = (str(origin.parent),)
    told = RepositoryTold("team/shop", f"file://{origin}", "github", "https://github.com/team/shop")
    row = repositories.save(shop, None, told, owner, now())
    assert repositories.work_off(datetime(2100, 1, 1, tzinfo=UTC), now) == 1
    row.refresh_from_db()
    assert (row.state, row.problem) == ("ready", "")
    return Cloned(row, origin, culprits)


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", f"--git-dir={folder}", *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
