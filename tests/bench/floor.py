"""The floor: what the pure work alone costs, in one process without any server.

python -m tests.bench.floor CORPUS SECONDS

`decode` unpacks gzip and reads JSON, nothing more. `pure` is what every event needs:
unpack, read, repair, scrub, grouping keys, and the packed payload.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import orjson

from tests.bench.bodies import Source


def rate(work: Callable[[bytes], object], bodies: list[bytes], seconds: float) -> dict[str, float]:
    """CPU milliseconds an event, best of the rounds over all bodies within the time."""
    best, done, until = float("inf"), 0, time.monotonic() + seconds
    while done == 0 or time.monotonic() < until:
        began = time.process_time()
        for body in bodies:
            work(body)
        best = min(best, (time.process_time() - began) / len(bodies))
        done += len(bodies)
    return {"cpu_ms": round(1000 * best, 4), "per_second": round(1 / best, 1), "events": done}


def main(corpus: Path, seconds: float) -> None:
    """Measure both and print JSON."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from ingest import decoding
    from ingest.besides import Besides
    from ingest.digest import prepare, rules_of
    from ingest.inbox import Row
    from tracker.domain import filters
    from tracker.models import Project
    from tracker.symbols.session import Session

    source = Source(corpus)
    bodies = [source.take()[1] for _ in range(200)]
    now = datetime.now(UTC)
    rules = rules_of(Project(id=1), filters.Rules())

    def decode(body: bytes) -> None:
        for line in decoding.unpack(body, "gzip").splitlines():
            orjson.loads(line)

    def pure(body: bytes) -> None:
        row = Row(
            id=1, project_id=1, key_id=1, received_at=now, adapter="envelope", encoding="gzip",
            event_id=None, events=1, meta=b"{}", body=body,
        )  # fmt: skip
        prepare(row, decoding.unpack(body, "gzip"), rules, Besides(), Session())

    print(json.dumps({
        "decode": rate(decode, bodies, seconds / 3),
        "pure": rate(pure, bodies, seconds),
    }))  # fmt: skip


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
