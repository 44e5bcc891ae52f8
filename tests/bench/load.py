"""The load, in a process of its own: post a number of events over kept connections, tell how it went.

python -m tests.bench.load --port P --project N --key K --corpus FILE -n 5000 -c 16
    [--shape typical] [--rate 500] [--bad 25]
"""

import argparse
import asyncio
import json
import re
import resource
import time
from collections import Counter
from pathlib import Path

from tests.bench import hostile
from tests.bench.bodies import Source, headers
from tests.bench.meter import spread
from tests.journeys.window import Project

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


async def post(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[int, bool]:
    """Status of the answer, and whether the connection stays open."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = LENGTH.search(head)
    if length is None:
        return int(head[9:12]), False
    await reader.readexactly(int(length[1]))
    return int(head[9:12]), b"connection: close" not in head.lower()


class Load:
    """What is still to be posted, and what was answered."""

    def __init__(self, wanted: argparse.Namespace) -> None:
        self.wanted = wanted
        self.source = Source(wanted.corpus, shape=wanted.shape)
        self.left = wanted.n
        self.statuses: Counter[str] = Counter()
        self.latencies: list[float] = []
        self.bytes = 0
        self.began = 0.0
        path = f"/api/{wanted.project}/envelope/"
        host = f"127.0.0.1:{wanted.port}"
        self.head = headers(path, host, wanted.key)
        self.bad = hostile.requests(host, Project(wanted.project, "", "", wanted.key))
        self.refused: Counter[str] = Counter()
        self.refusals: list[float] = []

    async def run(self) -> dict[str, object]:
        """Post everything."""
        began, cpu = time.monotonic(), _cpu()
        self.began = began
        await asyncio.gather(*(self._connection() for _ in range(self.wanted.c)))
        seconds = time.monotonic() - began
        return {
            "began": began,
            "seconds": seconds,
            "accepted": self.statuses["200"],
            "statuses": dict(self.statuses),
            "accept_ms": spread(self.latencies),
            "refused": dict(self.refused),
            "refuse_ms": spread(self.refusals),
            "sent_bytes": self.bytes,
            "cpu_s": _cpu() - cpu,
        }

    async def _connection(self) -> None:
        while self.left > 0:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.wanted.port)
            except OSError:
                self.left -= 1
                self.statuses["no connection"] += 1
                continue
            await self._talk(reader, writer)
            writer.close()

    async def _turn(self) -> None:
        """Wait until the next event is due, where there is a rate."""
        if self.wanted.rate:
            due = self.began + (self.wanted.n - self.left) / self.wanted.rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_still = True
        while open_still and self.left > 0:
            await self._turn()
            self.left -= 1
            _, body = self.source.take()
            self.bytes += len(body)
            began = time.perf_counter()
            try:
                request = self.head + b"%d\r\n\r\n" % len(body) + body
                status, open_still = await asyncio.wait_for(post(reader, writer, request), 60)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                self.statuses["no answer"] += 1
                return
            self.statuses[str(status)] += 1
            self.latencies.append(time.perf_counter() - began)
            if self.wanted.bad and len(self.latencies) % self.wanted.bad == 0 and open_still:
                open_still = await self._misbehave(reader, writer)

    async def _misbehave(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Send something that is refused; whether the connection stays open."""
        began = time.perf_counter()
        try:
            status, open_still = await asyncio.wait_for(post(reader, writer, next(self.bad)), 60)
        except (OSError, asyncio.IncompleteReadError, TimeoutError):
            self.refused["no answer"] += 1
            return False
        self.refused[str(status)] += 1
        self.refusals.append(time.perf_counter() - began)
        return open_still


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Read the arguments, post, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--port", "--project", "-n", "-c"):
        parser.add_argument(name, type=int, required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--shape", default="typical")
    parser.add_argument("--rate", type=float, default=0.0, help="events a second; 0: no limit")
    parser.add_argument("--bad", type=int, default=0, help="good events for a refused one; 0: none")
    parser.add_argument("--corpus", type=Path, required=True)
    print(json.dumps(asyncio.run(Load(parser.parse_args()).run())))


if __name__ == "__main__":
    main()
