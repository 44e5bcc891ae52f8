"""`make bench`: start a stack of its own, load it, and compare with the floor.

BENCH=quick takes a minute. Figures go to build/bench.json as well.
"""

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.bench.bodies import Source
from tests.bench.meter import Meter, spread
from tests.bench.report import table
from tests.factories import faults
from tests.journeys.window import Project, Window, eventually
from tests.stack import ROOT, Stack

OUT = ROOT / "build" / "bench.json"
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


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    variants: int
    floor_seconds: float
    warm: int
    events: int
    singles: int
    """Events sent one a second, to see when each is visible."""


PLANS = {"": Plan(3, 6, 1_000, 12_000, 60), "quick": Plan(1, 2, 400, 3_000, 12)}


class Bench:
    """One run against one stack."""

    def __init__(self, plan: Plan, corpus: Path, stack: Stack, window: Window) -> None:
        self.plan, self.corpus, self.stack, self.window = plan, corpus, stack, window
        self.project: Project = window.new_project("Bench")
        self.meter = Meter(psutil.Process(stack.process.pid))

    def load(self, count: int, connections: int = 16) -> dict[str, Any]:
        """Post events as fast as the server takes them, wait until all are counted."""
        before = int(self.window.one(COUNTED, self.project.id))
        self.meter.start()
        generator = subprocess.Popen(
            [*(sys.executable, "-m", "tests.bench.load", "--corpus", str(self.corpus)),
             *("--port", str(self.stack.port), "--project", str(self.project.id)),
             *("--key", self.project.public_key, "-n", str(count), "-c", str(connections))],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        said, _ = generator.communicate(timeout=200)
        sent: dict[str, Any] = json.loads(said)
        goal = before + sent["accepted"]
        while int(self.window.one(COUNTED, self.project.id)) < goal:
            if time.monotonic() - sent["began"] > 200:
                break
            time.sleep(0.02)
        seconds = time.monotonic() - sent["began"]
        counted = int(self.window.one(COUNTED, self.project.id)) - before
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
            "body_bytes": round(sent["sent_bytes"] / count),
            "cpu_s": cpu,
            "cpu_ms_per_event": round(1000 * cpu["total"] / max(1, counted), 3),
            "generator_cpu_s": round(sent["cpu_s"], 2),
            "elsewhere": self.meter.elsewhere(sent["cpu_s"]),
        }

    def visible(self) -> dict[str, float]:
        """Milliseconds from the first byte sent to the row being there, at one event a second."""
        source = Source(self.corpus, seed=6)
        path = f"/api/{self.project.id}/envelope/"
        headers = {
            "X-Sentry-Auth": f"Sentry sentry_key={self.project.public_key}, sentry_version=7",
            "Content-Encoding": "gzip",
        }
        found = []
        for _ in range(self.plan.singles):
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

    def idle(self, seconds: float = 5.0) -> float:
        """CPU milliseconds a second while nothing happens."""
        self.meter.start()
        time.sleep(seconds)
        return round(1000 * self.meter.read()["total"] / seconds, 1)

    def sizes(self) -> dict[str, int]:
        """Bytes of each table with its indexes; partitions under the name of their parent."""
        return {row["name"]: int(row["bytes"]) for row in self.window.rows(SIZES)}

    def run(self) -> dict[str, Any]:
        """Everything, in order."""
        say("warming up")
        self.load(self.plan.warm)
        self.window.settle()
        before = self.sizes()
        say(f"posting {self.plan.events:,} events")
        loaded = self.load(self.plan.events)
        stored = {
            name: round((size - before.get(name, 0)) / max(1, loaded["events"]))
            for name, size in self.sizes().items()
        }
        memory = self.meter.memory()
        say("one event a second")
        visible = self.visible()
        say("checking the books")
        issues = len(self.window.issues(self.project))
        return {
            "load": loaded,
            "bytes_per_event_stored": sum(stored.values()),
            "bytes_per_event_by_table": {name: size for name, size in stored.items() if size},
            "visible_ms": visible,
            "memory_mb": memory,
            "idle_cpu_ms_per_s": self.idle(),
            "issues": issues,
            "consistent": self.window.consistent() == [],
        }


def say(what: str) -> None:
    """Tell whoever waits."""
    print(f"  {what} ...", file=sys.stderr, flush=True)


def main() -> int:
    """Run, print the table, write the JSON; exit status 1 if an acknowledged event was lost."""
    word = os.environ.get("BENCH", "")
    if word not in PLANS:
        print(f"BENCH is {word!r}: give quick, or nothing.", file=sys.stderr)
        return 2
    plan = PLANS[word]
    folder = Path(tempfile.mkdtemp(prefix="emberwatch-bench-"))
    folder.chmod(0o711)  # as root, the servers' own user passes through
    try:
        corpus = folder / "faults.jsonl.gz"
        say("making 200 faults")
        faults.make(corpus, variants=plan.variants)
        say("measuring the floor")
        floor = measure_floor(corpus, plan.floor_seconds)
        say("starting a stack")
        with Stack.start(folder) as stack:
            window = Window(stack)
            eventually(lambda: stack.get("/readyz")[0] == 200, 30)
            figures = Bench(plan, corpus, stack, window).run()
            window.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tell(floor, figures)


def measure_floor(corpus: Path, seconds: float) -> dict[str, Any]:
    """What `tests.bench.floor` says."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.floor", str(corpus), str(seconds)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
        env={**os.environ, "SECRET_KEY": "for the bench only"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def tell(floor: dict[str, Any], figures: dict[str, Any]) -> int:
    """Table on standard output, JSON in a file."""
    ratio = figures["load"]["cpu_ms_per_event"] / floor["pure"]["cpu_ms"]
    result = {
        "cores": psutil.cpu_count(),
        "python": sys.version.split()[0],
        "floor": floor,
        **figures,
        "ratio_to_floor": round(ratio, 2),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(result, indent=2) + "\n")
    print(table(result))
    print(f"\nAll figures: {OUT.relative_to(ROOT)}")
    return 0 if figures["load"]["lost"] == 0 and figures["consistent"] else 1


if __name__ == "__main__":
    sys.exit(main())
