"""Arrays arrive in PostgreSQL as they were, whoever packed them."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from psycopg import errors

from tracker.arrays import Packed, packed
from tracker.sql import run

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 23, 12, 30, 15, 123456, tzinfo=UTC)
COLUMNS: list[tuple[str, list[Any]]] = [
    ("bigint", [0, 1, -1, 2**62, -(2**63), 2**63 - 1]),
    ("int", [0, 7, -7, 2**31 - 1, -(2**31)]),
    ("int2", [0, 40, -40, 2**15 - 1]),
    ("text", ["", "a", "NULL", 'quo"ted', "{,}", "back\\slash", "gr\u00fc\u00dfe \U0001f600", " "]),
    ("bytea", [b"", b"\0\xff", b"x" * 300]),
    ("uuid", [UUID(int=0), UUID(int=2**128 - 1), UUID("13a704b3-908c-c1cb-babd-b9fdfa132e37")]),
    ("timestamptz", [NOON, NOON, datetime(1999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]),
]


def asked(kind: str, values: list[Any]) -> Any:
    row = run(f"SELECT %s::{kind}[]", [values]).fetchone()
    assert row is not None
    return row[0]


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=[kind for kind, _ in COLUMNS])
def test_what_is_packed_is_what_arrives(kind, values):
    assert isinstance(packed(kind, values), Packed)
    assert asked(kind, values) == values
    assert asked(kind, []) == []
    assert asked(kind, values[:1] * 1000) == values[:1] * 1000


@pytest.mark.parametrize(("kind", "values"), COLUMNS, ids=[kind for kind, _ in COLUMNS])
def test_nulls_and_types_without_a_packer_are_left_to_the_driver(kind, values):
    some = [None, *values, None]
    assert packed(kind, some) is some
    assert asked(kind, some) == some
    assert asked("bool", [True, False]) == [True, False]


def test_moments_of_any_zone_are_the_same_moments():
    there = NOON.astimezone(timezone(timedelta(hours=-9, minutes=-30)))
    assert asked("timestamptz", [there, NOON]) == [NOON, NOON]


def test_numbers_that_do_not_fit_are_refused_as_before():
    with pytest.raises(errors.NumericValueOutOfRange):
        asked("int", [2**31])


def test_parameters_beside_arrays_stay_as_they_are():
    found = run("SELECT %s::int, unnest(%s::text[]), %s, 7 %% 4", [5, ["a", "b"], "x"]).fetchall()
    assert found == [(5, "a", "x", 3), (5, "b", "x", 3)]
