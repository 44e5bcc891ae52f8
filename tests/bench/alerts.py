"""How long an alert takes: from the POST of a new problem to the request at the receiver.

python -m tests.bench.alerts [seconds]     a stack of its own, 50 events a second

Each of a few projects has a webhook that leads here. Among the events of known problems a new
one is posted now and then: its first byte sent and its request received are on the same clock.
"""

import http.client
import itertools
import json
import shutil
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from uuid import uuid4

import psutil

from tests.bench.meter import Meter, spread
from tests.factories.envelopes import envelope, error_event
from tests.journeys.window import Project, Window, eventually
from tests.receiver import Receiver, answer, read
from tests.stack import Stack

RATE = 50
"""Events a second."""
NEW_EVERY = 20
"""One event in so many is a new problem."""
PROJECTS = 12
"""A channel says at most 20 things a minute: new problems take turns."""
THREADS = 8
P50_MS, P99_MS = 300, 2_000
CHANNELS = """
from alerts.actions import add_channel
from alerts.models import Channel
from tracker.models import Project
for number in {projects}:
    project = Project.objects.get(pk=number)
    project.channels.all().delete()
    add_channel(project, "webhook", "Bench", {{"url": "{url}"}})
    project.channels.update(budget_per_hour=30_000)
print(1)
"""


class Noted(Receiver):
    """Notes when each issue's alert arrived, by its title."""

    path = "/hook"

    def __init__(self) -> None:
        super().__init__()
        self.arrived: dict[str, float] = {}
        self.repeats = 0

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        now = time.perf_counter()
        body = read(handler)
        answer(handler, 200)
        self.note(json.loads(body), now)

    def note(self, body: Any, now: float) -> None:
        """An alert, with those that were folded into it."""
        told = [body["issue"]["title"], *(also["title"] for also in body["issue"]["also"])]
        for title in told:
            name = title.partition(": ")[0]
            self.repeats += name in self.arrived
            self.arrived.setdefault(name, now)


class Posting:
    """Posts events at a steady rate from a few threads, each on a kept connection."""

    def __init__(self, stack: Stack, projects: list[Project], seconds: float) -> None:
        self.stack, self.projects = stack, projects
        self.sent: dict[str, float] = {}
        self.refused = 0
        self._numbers = itertools.count()
        self._count = int(seconds * RATE)
        self._lock = threading.Lock()

    def run(self) -> None:
        """Post everything."""
        self._began = time.perf_counter()
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=30)
        while (number := next(self._numbers)) < self._count:
            time.sleep(max(0.0, self._began + number / RATE - time.perf_counter()))
            self._post(connection, number)
        connection.close()

    def _post(self, connection: http.client.HTTPConnection, number: int) -> None:
        project = self.projects[number // NEW_EVERY % len(self.projects)]
        is_new = number % NEW_EVERY == 0
        name = f"New{uuid4().hex}" if is_new else f"Known{number % NEW_EVERY}"
        event = error_event(function=f"in_{name}")
        event["exception"]["values"][-1]["type"] = name
        body = envelope(event)
        headers = {
            "X-Sentry-Auth": f"Sentry sentry_key={project.public_key}, sentry_version=7",
            "Content-Type": "application/x-sentry-envelope",
        }
        began = time.perf_counter()
        connection.request("POST", f"/api/{project.id}/envelope/", body, headers)
        answer = connection.getresponse()
        answer.read()
        with self._lock:
            if answer.status != 200:
                self.refused += 1
            elif is_new:
                self.sent[name] = began


def run(stack: Stack, window: Window, seconds: float = 60.0) -> dict[str, Any]:
    """Figures of one run against a stack that may send to this machine."""
    with Noted() as receiver:
        projects = [window.new_project(f"Alerts {n}") for n in range(PROJECTS)]
        rounds = PROJECTS * NEW_EVERY / RATE
        Posting(stack, projects, rounds + 1).run()  # connections, caches, known problems
        window.settle(60)
        window.shell(CHANNELS.format(projects=[p.id for p in projects], url=receiver.url))
        meter = Meter(psutil.Process(stack.process.pid))
        meter.start()
        posting = Posting(stack, projects, seconds)
        posting.run()
        eventually(lambda: set(posting.sent) <= set(receiver.arrived), 60, "alerts are missing")
        cpu = meter.read()
    took = [receiver.arrived[name] - sent for name, sent in posting.sent.items()]
    latency = spread(took)
    return {
        "events": int(seconds * RATE),
        "refused": posting.refused,
        "alerts": len(took),
        "repeats": receiver.repeats,
        "latency_ms": latency,
        "cpu_s": cpu,
        "good": latency["p50"] <= P50_MS and latency["p99"] <= P99_MS,
    }


def main() -> int:
    """A stack, a run, its figures as JSON; exit status 1 when it is too slow."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    folder = Path(tempfile.mkdtemp(prefix="emberwatch-bench-"))
    folder.chmod(0o711)
    try:
        with Stack.start(folder, EMBERWATCH_OUTBOUND_ALLOW="127.0.0.1") as stack:
            window = Window(stack)
            eventually(lambda: stack.get("/readyz")[0] == 200, 60)
            figures = run(stack, window, seconds)
            window.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(figures, indent=2))
    return 0 if figures["good"] else 1


if __name__ == "__main__":
    sys.exit(main())
