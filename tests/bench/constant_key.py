"""What grouping costs the digest: the same events with real keys, with ready-made ones, with one.

python -m tests.bench.constant_key CORPUS [ROUNDS [MODE ...]]

It migrates the database of DATABASE_URL, else that of a private server in EMBERWATCH_DATA;
`run` gives it a folder of its own and answers what `make bench` reports.

`constant` puts every event under one key, so that the database writes one issue where it
else writes two hundred; `free` hands out the real keys at no cost: what is left of the
difference is the algorithm alone. Modes take turns, each second round backwards, and only the
faster half of the rounds counts, so that a busy machine hits all alike and mostly not at all.
"""

import gc
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import fmean
from typing import Any
from unittest import mock

from tests.bench.bodies import Source

ROOT = Path(__file__).resolve().parents[2]
EVENTS = 500
BAR = 1.15
"""What real keys may cost the digest: the contract of grouping."""
MODES = ("constant", "free", "real")


def measure(
    corpus: Path, rounds: int = 8, events: int = EVENTS, modes: Sequence[str] = MODES
) -> dict[str, Any]:
    """Milliseconds an event of each mode, and ratios of `real` to the others.

    `cpu` is the digest process alone and holds on a busy machine; `wall` has the database in it.
    """
    from tests.factories.projects import make_project

    source = Source(corpus)
    projects = {mode: make_project(f"Bench {mode} {uuid.uuid4().hex[:6]}", unlimited=True)
                for mode in modes}  # fmt: skip
    wall: dict[str, list[float]] = {mode: [] for mode in modes}
    cpu: dict[str, list[float]] = {mode: [] for mode in modes}
    ready: dict[tuple[str, ...], Any] = {}
    for number in range(rounds + 1):
        for mode in modes if number % 2 else reversed(modes):
            put(projects[mode], source, events)
            gc.collect()
            with keyed(mode, ready):
                began, busy = time.perf_counter(), time.process_time()
                counted = digested()
                spent, worked = time.perf_counter() - began, time.process_time() - busy
            if counted != events:
                raise SystemExit(f"{counted} of {events} events were counted")
            if number:  # the first round founds the issues
                wall[mode].append(1000 * spent / events)
                cpu[mode].append(1000 * worked / events)
    return {"wall": summary(wall), "cpu": summary(cpu)}


def summary(taken: dict[str, list[float]]) -> dict[str, float]:
    """The mean of each mode's faster half, for whatever else runs can only add; their ratios."""
    cost = {mode: fmean(sorted(each)[: (len(each) + 1) // 2]) for mode, each in taken.items()}
    real = cost["real"]
    return {f"{mode}_ms": round(value, 4) for mode, value in cost.items()} | {
        f"real_to_{mode}": round(real / value, 3) for mode, value in cost.items() if mode != "real"
    }


def put(project: Any, source: Source, events: int) -> None:
    """Envelopes into the inbox."""
    from ingest import inbox
    from ingest.inbox import Letter

    key = project.keys.get()
    rows = []
    for _ in range(events):
        event_id, body = source.take()
        name = uuid.UUID(event_id)
        rows.append(Letter(project.pk, key.pk, "envelope", "gzip", name, 1, b"{}", body))
    inbox.put_rows(rows)


def digested() -> int:
    """Digest all that waits."""
    from ingest import digest

    return digest.run()


@contextmanager
def keyed(mode: str, ready: dict[tuple[str, ...], Any]) -> Iterator[None]:
    """The digest with the keys of a mode."""
    from ingest import digest
    from tracker.domain.grouping import Key, Keys
    from tracker.domain.grouping import keys_of as real

    one = Keys("g1", (Key("weak", b"constant".ljust(16), "all is one"),))

    def free(event: Any, version: str, rules: Any) -> Keys:
        error = event.exceptions[-1]
        frame = error.frames[-1]
        name = (error.type, frame.module, frame.function, event.transaction, str(frame.lineno))
        found = ready.get(name)
        if found is None:
            found = ready[name] = real(event, version, rules)
        return found

    modes: dict[str, Callable[..., Keys]] = {
        "real": real, "free": free, "constant": lambda *_: one,
    }  # fmt: skip
    with mock.patch.object(digest, "keys_of", modes[mode]):
        yield


def main(corpus: Path, rounds: int = 8, *modes: str) -> None:
    """Measure and print JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    from config.env import Env
    from config.run.servers import running

    with running(Env().data_folder(ROOT), Env()):
        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        print(json.dumps(measure(corpus, rounds, modes=modes or MODES)))


def run(corpus: Path, folder: Path, rounds: int = 8) -> dict[str, Any]:
    """Measure in a process and a database of their own, below `folder`.

    `ratio` is the CPU time of a digest with real keys to one with a constant key, and
    `ok` whether it keeps within `BAR`. Raises subprocess.CalledProcessError.
    """
    env = {name: value for name, value in os.environ.items()
           if name not in ("DATABASE_URL", "REDIS_URL")}  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-m", "tests.bench.constant_key", str(corpus), str(rounds),
         "constant", "real"],
        cwd=ROOT, env=env | {"EMBERWATCH_DATA": str(folder / "constant-key")},
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=300,
    )  # fmt: skip
    cpu = json.loads(said.stdout.splitlines()[-1])["cpu"]
    ratio = cpu["real_to_constant"]
    return {"ratio": ratio, "bar": BAR, "ok": ratio <= BAR, "cpu": cpu}


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 8, *sys.argv[3:])
