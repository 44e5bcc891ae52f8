"""What a load leaves in the inbox: dead rows are vacuumed on the way, the disk is given back."""

from __future__ import annotations

import os
import uuid

import pytest

from ingest import inbox, tidying
from ingest.inbox import Letter
from ingest.models import InboxRow
from tests.ingest.conftest import Poster
from tests.journeys.window import eventually
from tracker.sql import run

BODY = 64 * 1024


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few megabytes do."""
    monkeypatch.setattr(tidying, "DEAD", 4 * 2**20)
    monkeypatch.setattr(tidying, "LARGE", 8 * 2**20)


def put(poster: Poster, count: int) -> list[int]:
    """So many large bodies; their ids."""
    inbox.put_rows([
        Letter(poster.project.pk, poster.key.pk, "store", "", uuid.uuid4(), 1, b"{}",
               os.urandom(BODY))
        for _ in range(count)
    ])  # fmt: skip
    return list(InboxRow.objects.values_list("pk", flat=True))


def on_disk() -> int:
    row = run("SELECT pg_total_relation_size('ingest_inbox')").fetchone()
    assert row is not None
    return int(row[0])


def who_holds_on() -> list[tuple[object, ...]]:
    """Transactions for whose sake dead rows must stay."""
    return run(
        """SELECT pid, backend_type, state, backend_xmin, now() - xact_start, query
           FROM pg_stat_activity WHERE datname = current_database()"""
    ).fetchall()


def pass_through(poster: Poster, broom: tidying.Broom, count: int) -> None:
    ids = put(poster, count)
    assert inbox.delete(ids) == len(ids)
    broom.deleted(count * BODY)


@pytest.mark.django_db(transaction=True)
def test_what_passes_through_leaves_no_trail(poster: Poster) -> None:
    run("TRUNCATE ingest_inbox")  # other tests' bodies lie there
    broom, batch = tidying.Broom(), 32
    passed = 0
    while passed < 6 * tidying.DEAD:
        pass_through(poster, broom, batch)
        passed += batch * BODY
    # Where autovacuum was at it, a turn was left out.
    assert on_disk() < 4 * tidying.DEAD, who_holds_on()


@pytest.mark.django_db(transaction=True)
def test_the_disk_of_a_backlog_is_given_back(poster: Poster) -> None:
    run("TRUNCATE ingest_inbox")
    assert not tidying.shrink()
    ids = put(poster, 2 * tidying.LARGE // BODY)
    assert on_disk() > tidying.LARGE
    assert not tidying.shrink()  # it all waits
    inbox.delete(ids)
    eventually(lambda: (tidying.shrink(), on_disk() < tidying.LARGE)[1], 20)


@pytest.mark.django_db
def test_nothing_is_vacuumed_inside_a_transaction(poster: Poster) -> None:
    broom = tidying.Broom()
    broom.deleted(10 * tidying.DEAD)
    assert run("SELECT 1").fetchone() == (1,)
