"""A running stack under load: what it takes, what that costs, what it leaves behind."""

import http.client
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from tests.bench.bodies import Source
from tests.bench.meter import Meter, spread
from tests.journeys.window import Project, Window
from tests.stack import ROOT, Stack

COUNTED = (
    "SELECT coalesce(sum(count), 0)::bigint FROM tracker_ledger"
    " WHERE project_id = %s AND kind = 'counted'"
)
SIZES = r"""
SELECT regexp_replace(c.relname, '_\d{8}$', '') AS name,
       sum(pg_total_relation_size(c.oid))::bigint AS bytes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname = 'public' AND c.relname NOT LIKE 'ingest%%'
GROUP BY 1
"""


LEND = """
from tracker.models import PayloadDictionary, Project
content = PayloadDictionary.objects.filter(project_id={lender}).latest("pk").content
fresh = PayloadDictionary.objects.create(project_id={borrower}, content=content)
Project.objects.filter(pk={borrower}).update(dictionary=fresh.pk)
"""


class Stage:
    """One stack, and one project in it that is posted to."""

    def __init__(
        self, corpus: Path, stack: Stack, window: Window, project: Project | None = None
    ) -> None:
        self.corpus, self.stack, self.window = corpus, stack, window
        self.project = project or window.new_project("Bench")
        self.meter = Meter(psutil.Process(stack.process.pid))

    def at(self, project: Project) -> "Stage":
        """The same stack, another project."""
        return Stage(self.corpus, self.stack, self.window, project)

    def lend_dictionary(self, borrower: Project) -> None:
        """Spare a project that nobody posted to yet the training of its own: that takes a second
        of the io worker, in the middle of whatever is measured.
        """
        self.run_inside(LEND.format(lender=self.project.id, borrower=borrower.id))

    def load(
        self,
        count: int,
        shape: str = "typical",
        connections: int = 32,
        rate: float = 0.0,
        bad: int = 0,
    ) -> dict[str, Any]:
        """Post events as fast as the server takes them (or at a rate), wait until all are counted.

        With `bad`, something that is refused follows each so many of them.
        """
        before = self.counted()
        self.meter.start()
        generator = subprocess.Popen(
            [*(sys.executable, "-m", "tests.bench.load", "--corpus", str(self.corpus)),
             *("--port", str(self.stack.port), "--project", str(self.project.id)),
             *("--key", self.project.public_key, "-n", str(count), "-c", str(connections)),
             *("--shape", shape, "--rate", str(rate), "--bad", str(bad))],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        said, _ = generator.communicate(timeout=1500 + (count / rate if rate else 0))
        sent: dict[str, Any] = json.loads(said)
        while self.counted() < before + sent["accepted"]:
            if time.monotonic() - sent["began"] > sent["seconds"] + 200:
                break
            time.sleep(0.02)
        seconds = time.monotonic() - sent["began"]
        counted = self.counted() - before
        cpu = self.meter.read()
        return {
            "events": counted,
            "refused_or_failed": count - sent["accepted"],
            "lost": sent["accepted"] - counted,
            "statuses": sent["statuses"],
            "accepted_per_s": round(sent["accepted"] / sent["seconds"], 1),
            "digested_per_s": round(counted / seconds, 1),
            "seconds": round(seconds, 2),
            "accept_ms": sent["accept_ms"],
            "refused": sent["refused"],
            "refuse_ms": sent["refuse_ms"],
            "body_bytes": round(sent["sent_bytes"] / count),
            "cpu_s": cpu,
            "cpu_ms_per_event": round(1000 * cpu["total"] / max(1, counted), 3),
            "generator_cpu_s": round(sent["cpu_s"], 2),
            "elsewhere": self.meter.elsewhere(sent["cpu_s"]),
        }

    def counted(self) -> int:
        """Events of the project that are in the books."""
        return int(self.window.one(COUNTED, self.project.id))

    def visible(self, singles: int) -> dict[str, float]:
        """Milliseconds from the first byte sent to the row being there, at one event a second."""
        source = Source(self.corpus, seed=6)
        path = f"/api/{self.project.id}/envelope/"
        headers = {
            "X-Sentry-Auth": f"Sentry sentry_key={self.project.public_key}, sentry_version=7",
            "Content-Encoding": "gzip",
        }
        found = []
        for _ in range(singles):
            event_id, body = source.take()
            began = time.perf_counter()
            connection = http.client.HTTPConnection("127.0.0.1", self.stack.port, timeout=20)
            connection.request("POST", path, body, headers)
            if connection.getresponse().status == 200:
                self._await(event_id)
                found.append(time.perf_counter() - began)
            connection.close()
            time.sleep(max(0.0, 1 - (time.perf_counter() - began)))
        return spread(found)

    def _await(self, event_id: str) -> None:
        sql = "SELECT 1 FROM tracker_eventseen WHERE project_id = %s AND event_id = %s"
        deadline = time.monotonic() + 30
        while not self.window.rows(sql, self.project.id, event_id):
            if time.monotonic() > deadline:
                raise SystemExit(f"event {event_id} was acknowledged and never became visible")
            time.sleep(0.002)

    def await_dictionary(self, seconds: float = 40.0) -> None:
        """Wait until events are packed with a dictionary trained on the project's own."""
        sql = "SELECT dictionary FROM tracker_project WHERE id = %s"
        deadline = time.monotonic() + seconds
        while int(self.window.one(sql, self.project.id)) < 2 and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(6)  # workers believe a project's settings for five seconds

    def idle(self, seconds: float = 5.0) -> float:
        """CPU milliseconds a second while nothing happens."""
        self.meter.start()
        time.sleep(seconds)
        return round(1000 * self.meter.read()["total"] / seconds, 1)

    def sizes(self) -> dict[str, int]:
        """Bytes of each table with its indexes; partitions under the name of their parent."""
        return {row["name"]: int(row["bytes"]) for row in self.window.rows(SIZES)}

    def run_inside(self, code: str) -> str:
        """Run Python with Django set up against the stack's database; its last line of output."""
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), "shell", "--verbosity", "0", "-c", code],
            cwd=ROOT, env=self.stack.env, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        if done.returncode:
            raise SystemExit(f"the database could not be filled:\n{done.stderr[-2000:]}")
        return done.stdout.strip().rpartition("\n")[2]


def best(loads: list[dict[str, Any]]) -> dict[str, Any]:
    """The round with the highest throughput: whatever else runs can only take away."""
    return max(loads, key=lambda one: float(one["digested_per_s"]))


def in_turns(
    usual: Stage, load: Callable[[], dict[str, Any]], events: int, rounds: int = 2
) -> dict[str, Any]:
    """The best of some loads; `usual_per_s` is the best of as many typical ones on a stage beside.

    What a machine gives differs by a fifth from minute to minute: only neighbours compare.
    """
    found: list[dict[str, Any]] = []
    usually: list[dict[str, Any]] = []
    for _ in range(rounds):
        usually.append(usual.load(events))
        found.append(load())
    return best(found) | {
        "usual_per_s": best(usually)["digested_per_s"],
        "usual_cpu_ms": min(one["cpu_ms_per_event"] for one in usually),
        "lost": sum(one["lost"] for one in found),
    }


def say(what: str) -> None:
    """Tell whoever waits."""
    print(f"  {what} ...", file=sys.stderr, flush=True)
