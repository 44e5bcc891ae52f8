"""`make bench`: start a stack of its own, load it, and compare with the floor.

BENCH=quick takes a minute, BENCH=sustain keeps up full load for ten and the same with small
events, BENCH=hour for an hour. Figures go to build/bench.json and, as a picture, to
build/bench.svg.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from tests.bench import constant_key, hostile, scenarios
from tests.bench.chart import chart
from tests.bench.report import table
from tests.bench.stage import Stage, say
from tests.factories import faults
from tests.journeys.window import Window, eventually
from tests.stack import ROOT, Stack

OUT = ROOT / "build"


@dataclass(frozen=True)
class Plan:
    """How much of everything."""

    variants: int
    floor_seconds: float
    warm: int
    events: int
    singles: int
    """Events sent one a second, to see when each is visible."""
    half_seconds: float = 0.0
    """How long to post at half of what was reached."""
    sizes: int = 0
    """Typical number of small, large and giant-issue events; 0: leave them out."""
    rounds: int = 8
    """Batches of 500 events digested with real keys, and as many with a constant one."""
    stored: int = 0
    """Events to store before the load of the growth scenario; 0: leave it out."""
    issues: int = 0
    alerts_seconds: float = 0.0
    """How long to wait for alerts at a steady rate; 0: leave it out."""
    crew: int = 0
    """Digest workers of a stack that is compared with the usual one; 0: leave it out."""
    sustained_seconds: float = 0.0
    """How long to keep up nine tenths of what was reached; 0: leave it out."""
    sustained_shapes: tuple[str, ...] = ("typical",)
    """One after the other."""


PLANS = {
    "": Plan(3, 6, 1_000, 12_000, 30, 15, 4_000, 12, 1_000_000, 100_000, 15, crew=4),
    "quick": Plan(1, 2, 600, 3_000, 3, rounds=3),
    "sustain": Plan(
        3,
        2,
        1_000,
        12_000,
        0,
        rounds=0,
        sustained_seconds=600,
        sustained_shapes=("small", "typical"),
    ),
    "hour": Plan(3, 2, 1_000, 12_000, 0, rounds=0, sustained_seconds=3600),
}


def main() -> int:
    """Run, print the table, write the files; exit status 1 if an acknowledged event was lost."""
    word = os.environ.get("BENCH", "")
    if word not in PLANS:
        known = ", ".join(name for name in PLANS if name)
        print(f"BENCH is {word!r}: give one of {known}, or nothing.", file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="emberwatch-bench-"))
    folder.chmod(0o711)  # as root, the servers' own user passes through
    try:
        result = measure(PLANS[word], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return tell(result)


def measure(plan: Plan, folder: Path) -> dict[str, Any]:
    """All scenarios of a plan."""
    corpus = folder / "faults.jsonl.gz"
    say("making 200 faults")
    faults.make(corpus, variants=plan.variants)
    say("measuring the floor")
    floor = python("tests.bench.floor", corpus, plan.floor_seconds)
    floor["bare_view"] = python("tests.bench.bare", corpus, min(plan.events, 3_000))
    result: dict[str, Any] = {
        "cores": psutil.cpu_count(),
        "python": sys.version.split()[0],
        "floor": floor,
    }
    if plan.rounds:
        say("what grouping costs the digest")
        result["grouping"] = constant_key.run(corpus, folder, plan.rounds)
    with staged(folder / "first", corpus) as stage:
        result |= scenarios.end_to_end(stage, plan.warm, plan.events, plan.singles)
        reached = result["load"]["digested_per_s"]
        if plan.half_seconds:
            result["half"] = scenarios.half_load(stage, reached / 2, plan.half_seconds)
        if plan.sizes:
            result["sizes"] = scenarios.sizes(stage, plan.sizes)
            result["giant"] = scenarios.giant(stage, plan.sizes)
            result["hanging"] = scenarios.hanging(stage, plan.sizes)
        if plan.sustained_seconds:
            result["sustained"] = {
                shape: scenarios.sustained(stage, shape, plan.events, plan.sustained_seconds)
                for shape in plan.sustained_shapes
            }
        if plan.sizes:
            result["hostile"] = hostile.run(stage, 3 * plan.sizes // 4)
            result["leftovers"] = scenarios.leftovers(stage)
        if plan.alerts_seconds:
            result["alerting"] = scenarios.alerting(stage, plan.alerts_seconds)
        if plan.crew:
            with staged(folder / "crew", corpus, DIGEST_WORKERS=str(plan.crew)) as other:
                told = scenarios.crew(stage, other, plan.sizes)
            result["crew"] = told | {"workers": plan.crew}
    if plan.stored:
        with staged(folder / "second", corpus) as stage:
            filled = scenarios.fill(stage, plan.stored, plan.issues)
            with staged(folder / "empty", corpus) as empty:
                amounts = (plan.sizes, plan.stored, plan.issues)
                result["growth"] = scenarios.growth(empty, stage, filled, *amounts)
            result["retention"] = scenarios.retention(stage)
            result["stored"], result["crowd"] = plan.stored, plan.issues
    return result | {"ratios": ratios(result)}


def ratios(result: dict[str, Any]) -> dict[str, float]:
    """What the bars are about: each a ratio of two figures of this run."""
    load, floor = result["load"], result["floor"]
    each = {name: 1000 * used / max(1, load["events"]) for name, used in load["cpu_s"].items()}
    found = {
        "stack_to_pure": load["cpu_ms_per_event"] / floor["pure"]["cpu_ms"],
        "digest_to_pure": each.get("digest", 0.0) / floor["pure"]["cpu_ms"],
        "accept_to_bare_view": each.get("web", 0.0) / floor["bare_view"]["cpu_ms"],
    }
    beside = {f"growth_{name}": told for name, told in result.get("growth", {}).items()}
    beside |= {name: result[name] for name in ("giant", "crew") if name in result}
    for name, told in beside.items():
        found[name] = told["digested_per_s"] / told["usual_per_s"]
    if told := result.get("hanging"):
        found["hanging"] = told["digested_per_s"] / told["answered_per_s"]
    if "grouping" in result:
        found["real_to_constant_key"] = result["grouping"]["ratio"]
    return {name: round(value, 2) for name, value in found.items()}


@contextmanager
def staged(folder: Path, corpus: Path, **extra: str) -> Iterator[Stage]:
    """A stage on a stack of its own; `extra` are settings of it."""
    say("starting a stack")
    folder.mkdir(mode=0o711)
    with Stack.start(folder, EMBERWATCH_OUTBOUND_ALLOW="127.0.0.1", **extra) as stack:
        window = Window(stack)
        eventually(lambda: stack.get("/readyz")[0] == 200, 30)
        yield Stage(corpus, stack, window)
        window.close()


def python(module: str, corpus: Path, amount: float) -> dict[str, Any]:
    """What a measuring module prints; in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", module, str(corpus), str(amount)],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=180,
        env={**os.environ, "SECRET_KEY": "for the bench only"},
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def tell(result: dict[str, Any]) -> int:
    """Table on standard output, JSON and SVG in files."""
    OUT.mkdir(exist_ok=True)
    (OUT / "bench.json").write_text(json.dumps(result, indent=2) + "\n")
    (OUT / "bench.svg").write_text(chart(result))
    print(table(result))
    print("\nAll figures: build/bench.json, as a picture: build/bench.svg")
    return 0 if result["load"]["lost"] == 0 and result["consistent"] else 1


if __name__ == "__main__":
    sys.exit(main())
