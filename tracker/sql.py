"""The one door to raw SQL: Django's connection, values bound and plans kept by the server."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db import connection

_ARRAY = re.compile(r"%s(?=::\w+\[\])")


def raw() -> psycopg.Connection[Any]:
    """Django's own connection of this thread, inside whatever transaction it is in."""
    connection.ensure_connection()
    driver: psycopg.Connection[Any] = connection.connection
    return driver


def run(sql: str, params: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
    """Run one statement, prepared once per connection. Raises psycopg.Error as it is."""
    return psycopg.Cursor(raw()).execute(_with_arrays(sql), params, prepare=True, binary=True)


@lru_cache(maxsize=512)
def _with_arrays(sql: str) -> str:
    """Arrays (whose type is told) travel in binary: writing and reading them as text costs four
    times as much, ten times for bytes.
    """
    return _ARRAY.sub("%b", sql)


def need_not_wait() -> None:
    """The present transaction may be lost whole by a crash: its commit does not wait for the disk.

    Fit for work that would be done again. Any later commit that waits takes it along.
    """
    run("SELECT set_config('synchronous_commit', 'off', true)").fetchall()


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows turned into columns for `unnest`; `width` empty ones when there are no rows."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]


def hang_up() -> None:
    """Close this thread's connection; the next statement opens a fresh one."""
    connection.close()


def is_closed() -> bool:
    """Whether this thread's connection is known to be gone."""
    return connection.connection is None or connection.connection.closed
