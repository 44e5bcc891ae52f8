"""The comparison of loads with and without hostile requests beside."""

from itertools import islice
from typing import Any

from tests.bench.hostile import compared, requests
from tests.journeys.window import Project


def load(per_s: float, ms: float, elsewhere: float = 0.0) -> dict[str, Any]:
    return {"digested_per_s": per_s, "cpu_ms_per_event": ms, "elsewhere": elsewhere,
            "lost": 0, "refused_or_failed": 0}  # fmt: skip


def test_the_best_round_of_each_counts():
    told = compared({"plain": [load(900, 1.1), load(1000, 1.0)], "both": [load(950, 1.05)]})
    assert told["share"] == told["throughput"] == {"plain": 1.0, "both": 0.95}


def test_on_a_busy_machine_it_is_processor_time():
    told = compared({"plain": [load(1000, 1.0)], "both": [load(500, 1.25, elsewhere=0.5)]})
    assert told["share"] == {"plain": 1.0, "both": 0.8}
    assert told["throughput"]["both"] == 0.5


def test_every_kind_is_a_whole_request():
    made = list(islice(requests("127.0.0.1:1", Project(7, "", "", "a" * 32)), 40))
    assert len(set(made)) == 20 and made[:20] == made[20:]
    for one in made[:20]:
        head, _, body = one.partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/") and b"Content-Length: %d" % len(body) in head
