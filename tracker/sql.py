"""The one door to raw SQL: Django's connection, values bound and plans kept by the server."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connection, connections
from psycopg.pq import TransactionStatus

from tracker.arrays import packed

_ARRAY = re.compile(r"%s(?=::\w+\[\])")
_PLACE = re.compile(r"%s(?:::(\w+)\[\])?")


def raw() -> psycopg.Connection[Any]:
    """Django's own connection of this thread, inside whatever transaction it is in."""
    connection.ensure_connection()
    driver: psycopg.Connection[Any] = connection.connection
    return driver


def run(sql: str, params: Sequence[Any] = ()) -> psycopg.Cursor[Any]:
    """Run one statement, prepared once per connection. Raises psycopg.Error as it is."""
    text, kinds = _with_arrays(sql)
    if kinds and len(kinds) == len(params):
        params = [
            packed(kind, one) if kind else one for kind, one in zip(kinds, params, strict=True)
        ]
    return psycopg.Cursor(raw()).execute(text, params, prepare=True, binary=True)


@lru_cache(maxsize=512)
def _with_arrays(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with arrays (whose type is told) in binary, and the type of each parameter's
    elements: writing and reading them as text costs four times as much, ten times for bytes.
    """
    kinds = tuple(_PLACE.findall(sql.replace("%%", "")))
    return _ARRAY.sub("%b", sql), kinds if any(kinds) else ()


def need_not_wait() -> None:
    """The present transaction may be lost whole by a crash: its commit does not wait for the disk.

    Fit for work that would be done again. Any later commit that waits takes it along.
    """
    run("SELECT set_config('synchronous_commit', 'off', true)").fetchall()


def plan_for_values() -> None:
    """Have this connection plan each statement for its values, however often it comes.

    A plan that is kept knows neither how long arrays are nor which day's partition is meant.
    """
    run("SELECT set_config('plan_cache_mode', 'force_custom_plan', false)").fetchall()


def in_transaction() -> bool:
    """Whether this thread is inside a transaction, where there is no VACUUM."""
    return connection.in_atomic_block


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


def held() -> Any:
    """What holds this thread's connection, now and after each fresh start; for `asks` and `cut`."""
    return connections[DEFAULT_DB_ALIAS]


def asks(holder: Any) -> bool:
    """Whether a connection, of whatever thread, waits for the answer to a statement."""
    driver = holder.connection
    try:
        return driver is not None and driver.pgconn.transaction_status == TransactionStatus.ACTIVE
    except psycopg.Error:  # it is closing at this very moment
        return False


def cut(holder: Any) -> bool:
    """Shut a connection's socket under the thread that reads it, which gets an OperationalError.

    For a server that neither answers nor refuses: no time-out of PostgreSQL's own ends that wait.
    False when the connection is gone already.
    """
    try:
        with socket.socket(fileno=os.dup(holder.connection.pgconn.socket)) as handle:
            handle.shutdown(socket.SHUT_RDWR)
    except (psycopg.Error, OSError, AttributeError):
        return False
    return True
