"""What hostile requests, and every limit and filter that is configured, take off the throughput.

python -m tests.bench.hostile [EVENTS]

Four loads of the same good events, in turns: `plain` alone, to a project without limits; `beside`
with a request that is refused after every 25th; `armed` to a project with quota, rate limit, all
filters and words of its own to scrub; `both`. The figure is the good events' throughput against
plain's, as fast as the server takes them: whatever a refusal costs is missing elsewhere. Where
others were at work on the machine, wall-clock time is theirs as much as ours, and the figure is
that of the processor time an event takes, which bounds the throughput.
"""

import gzip
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped,unused-ignore]
import zstandard

from tests.bench.stage import Stage, best, say
from tests.journeys.window import Project

EVERY = 25
"""Good events for each one that is refused."""
BAR = 0.9
"""The least share of plain's throughput: the contract of ingest."""
BUSY = 0.1
"""Share of the processors that went elsewhere, above which wall-clock time is not believed."""
ARM = """
from tracker.models import InboundFilters, Project
project = Project.objects.get(pk={project})
project.unlimited, project.sensitive_words = False, ["iban", "pin_code", "passport"]
project.save()
project.keys.update(rate_per_minute=10_000_000, monthly_quota=10_000_000)
InboundFilters.objects.update_or_create(project=project, defaults=dict(
    browser_extensions=True, crawlers=True, localhost=True,
    releases=[f"shop@0.{{n}}.*" for n in range(10)],
    messages=[f"*nothing like this {{n}}*" for n in range(10)],
    ip_ranges=[f"198.51.100.{{n}}/32" for n in range(10)],
))
"""


def run(stage: Stage, events: int, rounds: int = 2) -> dict[str, Any]:
    """Events a second and processor time of each load (best of the rounds), and their ratios."""
    armed = stage.window.new_project("Armed")
    stage.run_inside(ARM.format(project=armed.id) + "\nprint(1)")
    other = stage.at(armed)
    modes = {"plain": (stage, 0), "beside": (stage, EVERY), "armed": (other, 0),
             "both": (other, EVERY)}  # fmt: skip
    stage.lend_dictionary(armed)
    other.load(max(600, events // 4))  # founds its issues
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in modes}
    for number in range(rounds):
        say(f"{events:,} good events each: {', '.join(modes)} ({number + 1} of {rounds})")
        for name, (where, bad) in modes.items():
            found[name].append(where.load(events, bad=bad))
    return {"modes": {name: best(loads) for name, loads in found.items()}} | compared(found)


def compared(found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Each mode against plain, by throughput and by processor time; what was lost or stored."""
    plain = best(found["plain"])
    least = {name: min(one["cpu_ms_per_event"] for one in loads) for name, loads in found.items()}
    elsewhere = max(one["elsewhere"] for loads in found.values() for one in loads)
    throughput = {
        name: round(best(loads)["digested_per_s"] / plain["digested_per_s"], 3)
        for name, loads in found.items()
    }
    by_cpu = {name: round(least["plain"] / ms, 3) for name, ms in least.items()}
    return {
        "share": throughput if elsewhere < BUSY else by_cpu,
        "throughput": throughput,
        "by_cpu": by_cpu,
        "elsewhere": elsewhere,
        "bar": BAR,
        "lost": sum(
            one["lost"] + one["refused_or_failed"] for loads in found.values() for one in loads
        ),
    }


def requests(host: str, project: Project) -> Iterator[bytes]:
    """Refused requests without end, each kind in turn."""
    return cycle(list(_kinds(host, project)))


def _kinds(host: str, project: Project) -> Iterator[bytes]:
    store, envelope = f"/api/{project.id}/store/", f"/api/{project.id}/envelope/"
    event = json.dumps({"message": "x" * 500}).encode()
    large = json.dumps({"message": "m" * 1_500_000}).encode()
    good = f"Sentry sentry_key={project.public_key}, sentry_version=7"

    def post(path: str, body: bytes, coding: str = "", auth: str = good) -> bytes:
        lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
        lines += [f"X-Sentry-Auth: {auth}"] if auth else []
        lines += [f"Content-Encoding: {coding}"] if coding else []
        return "\r\n".join([*lines, "", ""]).encode() + body

    yield post(store, event, auth="")
    yield post(store, event, auth="Sentry sentry_key=" + "0" * 32)
    yield post(store, event, auth="Sentry nonsense")
    yield post(store, gzip.compress(event)[:-9], "gzip")
    yield post(store, brotli.compress(event)[:-3], "br")
    yield post(store, b"no zstd at all", "zstd")
    yield post(store, event, "lzma")
    yield post(store, b"[]")
    yield post(store, b"{" * 2_000)
    yield post(store, gzip.compress(large), "gzip")
    yield post(store, zstandard.compress(large), "zstd")
    yield post(store, brotli.compress(large, quality=4), "br")
    yield post(envelope, gzip.compress(bytes(110 << 20), 6), "gzip")
    yield post(envelope, b"[]\n{}")
    yield post(envelope, b'{}\n{"type":"event","length":99}\n{}')
    yield post(envelope, b'{}\n{"type":"event"}\nnull')
    yield post(envelope, b"{}\n" + b'{"type":"x"}\n{}\n' * 101)
    yield post(f"/api/{project.id + 1}/store/", event)
    yield post("/api/nothing/store/", event)
    yield post("/api/1/item/", b"{}", auth="")


def main() -> int:
    """Print the figures; exit status 1 when throughput falls too far, or anything was lost."""
    from tests.bench.__main__ import staged
    from tests.factories import faults

    folder = Path(tempfile.mkdtemp(prefix="emberwatch-bench-"))
    folder.chmod(0o711)
    try:
        corpus = folder / "faults.jsonl.gz"
        faults.make(corpus, variants=1)
        with staged(folder / "stack", corpus) as stage:
            stage.load(1_000)
            stage.await_dictionary()
            told = run(stage, int(sys.argv[1]) if len(sys.argv) > 1 else 4_000)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps(told, indent=2))
    return 0 if min(told["share"].values()) >= BAR and not told["lost"] else 1


if __name__ == "__main__":
    sys.exit(main())
