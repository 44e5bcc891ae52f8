"""Partitions of a day, as PostgreSQL makes them."""

from datetime import date

import pytest

from tracker import store
from tracker.sql import run

pytestmark = pytest.mark.django_db
DAY = date(2031, 5, 7)
PARENTS = ("tracker_event", "tracker_rollup5m", "tracker_rolluphour")


def test_a_day_has_its_partitions_and_asking_again_is_harmless() -> None:
    store.ensure_day(DAY)
    store.ensure_day(DAY)
    made = run(
        """SELECT inhparent::regclass::text, inhrelid::regclass::text FROM pg_inherits
           WHERE inhrelid::regclass::text LIKE %s ORDER BY 1""",
        [f"%_{DAY:%Y%m%d}"],
    ).fetchall()
    assert made == [(parent, f"{parent}_{DAY:%Y%m%d}") for parent in PARENTS]


def test_a_look_through_events_copies_a_quarter_of_the_rows() -> None:
    """ANALYZE copies 300 whole rows, payloads too, for each step of the highest target."""
    store.ensure_day(DAY)
    targets = run(
        """SELECT i.inhrelid::regclass::text, max(a.attstattarget::int)
           FROM pg_inherits i JOIN pg_attribute a ON a.attrelid = i.inhrelid
           WHERE i.inhparent = 'tracker_event'::regclass AND a.attnum > 0 AND NOT a.attisdropped
           GROUP BY 1 HAVING bool_or(a.attstattarget IS DISTINCT FROM 25)"""
    ).fetchall()
    assert targets == []
    assert (f"tracker_event_{DAY:%Y%m%d}",) in run(
        """SELECT inhrelid::regclass::text FROM pg_inherits
           WHERE inhparent = 'tracker_event'::regclass"""
    ).fetchall()
