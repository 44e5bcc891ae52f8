"""One timer for many waits of an event loop: one for each costs more than most waits take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Deadline:
    """Ends the waits of one event loop that take longer than so many seconds."""

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        # Who waits and when that ends, the next first, as all may wait equally long.
        self._waiting: dict[asyncio.Task[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    async def within(self, wait: Awaitable[T]) -> T:
        """What `wait` comes to; a task has one such wait at a time. Raises TimeoutError."""
        task = cast("asyncio.Task[Any]", asyncio.current_task(self._loop))
        due = self._loop.time() + self._seconds
        self._waiting[task] = due
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._look)
        try:
            return await wait
        except asyncio.CancelledError:
            if task in self._waiting or task.uncancel():  # somebody else ends it, too
                raise
            raise TimeoutError from None
        finally:
            self._waiting.pop(task, None)

    def _look(self) -> None:
        now = self._loop.time()
        late = []
        self._timer = None
        for task, due in self._waiting.items():
            if due > now:
                self._timer = self._loop.call_at(due, self._look)
                break
            late.append(task)
        for task in late:
            del self._waiting[task]
            task.cancel()
