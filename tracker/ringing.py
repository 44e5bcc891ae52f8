"""Publishes a task to Celery's broker quickly or not at all: what rings is a hint, never the fact.

One kept connection of its own with short time-outs; threads take turns. Who rings decides what a
failure means: everything that is not rung is found by a sweep.

    RingingError
    └── Busy     another thread has held the connection for too long
"""

from __future__ import annotations

import contextlib
import os
import threading
import weakref
from typing import Any

from celery import current_app


class RingingError(Exception):
    """Base of what goes wrong here; brokers raise errors of their own."""


class Busy(RingingError):
    """Another thread has held the connection for too long."""


class Publisher:
    """A connection to whatever broker Celery is configured with."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        """Seconds for the turn, for connecting and for each command."""
        self._lock = threading.Lock()
        self._connection: Any = None
        self._url = ""
        _all.add(self)

    def publish(
        self, task: str, args: tuple[int, ...] = (), countdown: float | None = None
    ) -> None:
        """Ask for a run of `task`. Raises Busy, and what the broker's client raises."""
        if not self._lock.acquire(timeout=self.patience):
            raise Busy(task)
        try:
            current_app.send_task(
                task, args=args, countdown=countdown, connection=self._open(), retry=False,
                ignore_result=True,
            )  # fmt: skip
        except Exception:
            self._drop()
            raise
        finally:
            self._lock.release()

    def _open(self) -> Any:
        url = str(current_app.conf.broker_url)
        if self._connection is None or url != self._url:
            self._drop()
            options = {
                **current_app.conf.broker_transport_options,
                "socket_timeout": self.patience,
                "socket_connect_timeout": self.patience,
                "max_retries": 0,
                "interval_start": 0,
            }
            self._url = url
            self._connection = current_app.connection_for_write(url, transport_options=options)
        return self._connection

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        with contextlib.suppress(Exception):  # it is broken already
            if connection is not None:
                connection.release()

    def forget(self) -> None:
        """A child must not talk on its parent's socket, nor wait for its parent's threads."""
        self._lock = threading.Lock()
        self._connection = None


_all: weakref.WeakSet[Publisher] = weakref.WeakSet()


def _forget_all() -> None:
    for publisher in list(_all):
        publisher.forget()


os.register_at_fork(after_in_child=_forget_all)
