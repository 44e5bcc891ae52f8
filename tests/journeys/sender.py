"""Sends many events at once over kept connections, and remembers what was acknowledged."""

import http.client
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from tests.factories.envelopes import envelope
from tests.journeys.window import Project
from tests.stack import Stack

RETRY_FOR = 60.0
"""Seconds that one event is tried again: a server that restarts must be back by then."""


class Sender:
    """Posts events from several threads; each is retried until it is acknowledged, as SDKs' queues do.

    An event whose answer was lost is sent again under the same id: counting it once
    is the server's business.
    """

    def __init__(self, stack: Stack, project: Project, threads: int = 8) -> None:
        self.port = stack.port
        self.project = project
        self.acknowledged: list[str] = []
        self.troubles = 0
        """Attempts without a 200."""
        self.failures: list[str] = []
        self._threads = threads
        self._lock = threading.Lock()

    def send(
        self, events: Iterable[dict[str, Any]], halfway: Callable[[], None] | None = None
    ) -> None:
        """Send all; `halfway` is called beside when half of them are acknowledged."""
        todo = list(events)
        feed = iter(todo)
        workers = [
            threading.Thread(target=self._work, args=(feed,), daemon=True)
            for _ in range(self._threads)
        ]
        for worker in workers:
            worker.start()
        if halfway is not None:
            while len(self.acknowledged) < len(todo) // 2 and any(w.is_alive() for w in workers):
                time.sleep(0.002)
            halfway()
        for worker in workers:
            worker.join(RETRY_FOR + 30)
        assert not self.failures, self.failures[:3]
        assert len(self.acknowledged) == len(todo)

    def _work(self, feed: Iterator[dict[str, Any]]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        while True:
            with self._lock:
                event = next(feed, None)
            if event is None:
                connection.close()
                return
            self._deliver(connection, event)

    def _deliver(self, connection: http.client.HTTPConnection, event: dict[str, Any]) -> None:
        deadline = time.monotonic() + RETRY_FOR
        said = ""
        while time.monotonic() < deadline:
            try:
                status, said = self._post(connection, envelope(event))
                if status == 200:
                    self.acknowledged.append(event["event_id"])
                    return
            except (OSError, http.client.HTTPException) as error:
                status, said = 0, repr(error)
                connection.close()
            self.troubles += 1
            if status not in {0, 429, 500, 502, 503}:
                break
            time.sleep(0.1)
        self.failures.append(said)

    def _post(self, connection: http.client.HTTPConnection, body: bytes) -> tuple[int, str]:
        headers = {
            "X-Sentry-Auth": f"Sentry sentry_key={self.project.public_key}, sentry_version=7",
            "Content-Type": "application/x-sentry-envelope",
        }
        connection.request("POST", f"/api/{self.project.id}/envelope/", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
