"""The scenarios of `make bench`: each loads the stack in one way and answers figures."""

import os
import socket
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.alerts.sinks import WebhookSink
from tests.bench import alerts
from tests.bench.stage import Stage, in_turns, say
from tests.journeys.window import Project, Window

FILL = """
from pathlib import Path
from tests.bench.lots import adopt, grow_old, make_known, plug_ears, settle_down
from tests.factories import crowd
plug_ears()
made = crowd.fill({issues}, {events}, projects=1)
[project] = made.projects
adopt(project.pk)
make_known(project.pk, Path({corpus!r}))
grow_old()
settle_down()
project.unlimited = True
project.save()
print(project.pk, project.keys.get().public_key)
"""
COPY = """
from tests.bench.lots import copy_to_today
copy_to_today({project}, {events})
"""
RESOLVE = """
from tests.bench.lots import resolve_some
resolve_some({project})
"""
COUNTERS = """
from django.utils import timezone
from tests.bench.counters import measure
print(round(measure(timezone.now()), 3))
"""
CONNECTIONS = {"small": 64}
"""Senders at a time, where not 32: each waits for its commit, and small events come from many."""
WAITING = "SELECT count(*) FROM alerts_delivery WHERE state <> 'sent'"
BACKLOG = "SELECT coalesce(sum(events), 0)::bigint FROM ingest_inbox"
INBOX = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
WHERE c.relname IN ('ingest_inbox', 'ingest_claim')
"""
DEAD = r"""
SELECT regexp_replace(relname, '_\d{8}$', '') AS name,
       round(sum(n_dead_tup) / greatest(1, sum(n_live_tup + n_dead_tup)), 3) AS dead
FROM pg_stat_user_tables WHERE relname ~ '^tracker_(issue|groupingkey|issuetag|issueuser|rollup)'
GROUP BY 1 HAVING sum(n_live_tup) > 1000
"""
CLAIM = """
import time
from django.db import transaction
from ingest import claims
taken = []
for _ in range(20):
    with transaction.atomic():
        began = time.perf_counter()
        claims._take_fresh("bench")
        taken.append(str(1000 * (time.perf_counter() - began)))
        transaction.set_rollback(True)
print(*taken)
"""
DROP = """
import time
from datetime import UTC, datetime
from tracker.actions import retain
began = time.perf_counter()
retain.drop_old_days(datetime.now(UTC).date(), 1)
print(time.perf_counter() - began)
"""


def end_to_end(stage: Stage, warm: int, events: int, singles: int) -> dict[str, Any]:
    """Typical events as fast as they go, then one a second; the books at the end."""
    say("warming up")
    stage.load(warm)
    stage.window.settle()
    say("waiting for the project's own dictionary")
    stage.await_dictionary()
    before = stage.sizes()
    say(f"posting {events:,} events")
    loaded = stage.load(events)
    stored = {
        name: round((size - before.get(name, 0)) / max(1, loaded["events"]))
        for name, size in stage.sizes().items()
    }
    memory = stage.meter.memory()
    say("one event a second")
    visible = stage.visible(singles)
    say("checking the books")
    return {
        "load": loaded,
        "bytes_per_event_stored": sum(stored.values()),
        "bytes_per_event_by_table": {name: size for name, size in stored.items() if size},
        "visible_ms": visible,
        "memory_mb": memory,
        "idle_cpu_ms_per_s": stage.idle(),
        "issues": len(stage.window.issues(stage.project)),
        "consistent": stage.window.consistent() == [],
    }


def half_load(stage: Stage, rate: float, seconds: float) -> dict[str, Any]:
    """How long answers take at half of what the stack can do."""
    say(f"{rate:.0f} events a second for {seconds:.0f} s")
    loaded = stage.load(int(rate * seconds), rate=rate)
    return {"rate": round(rate), "accept_ms": loaded["accept_ms"], "lost": loaded["lost"]}


def sizes(stage: Stage, events: int) -> dict[str, Any]:
    """Small events, which come from more senders at a time, and large ones."""
    found = {}
    for shape, count in (("small", 4 * events), ("large", events // 8)):
        say(f"posting {count:,} {shape} events")
        found[shape] = stage.load(count, shape, CONNECTIONS.get(shape, 32))
    return found


def giant(stage: Stage, events: int) -> dict[str, Any]:
    """Every event in one issue."""
    say(f"posting {events:,} events of one issue, as many of 200, in turns")
    return in_turns(stage, lambda: stage.load(events, "giant"), events)


def fill(stage: Stage, stored: int, issues: int) -> str:
    """Events and issues in bulk, into a database that holds none; what FILL prints."""
    say(f"storing {stored:,} events in {issues:,} issues (a minute or two)")
    return stage.run_inside(FILL.format(issues=issues, events=stored, corpus=str(stage.corpus)))


def growth(
    empty: Stage, stage: Stage, filled: str, events: int, stored: int, issues: int
) -> dict[str, Any]:
    """The same load with a million events stored, over days and then in one day, and with a
    hundred thousand issues to find the right one among, all open and then some of them resolved;
    in turns with an empty stage.

    `filled` is the answer of `fill`. A part of each load goes before it, unmeasured: a server
    that has grown to this size has its pages in memory and its project's dictionary.
    """
    number, key = filled.split()
    crowded = stage.at(Project(int(number), "", "", key))
    empty.load(events // 4)
    stage.load(events // 4)
    say("waiting for timers and their dictionary")
    time.sleep(30)
    say(f"posting {events:,} events with {stored:,} stored over a fortnight")
    found = {"spread": in_turns(empty, lambda: stage.load(events), events)}
    # Others than are measured: what they leave in memory is what any others would.
    stage.lend_dictionary(crowded.project)
    crowded.load(events, f"lots:{issues}:{issues // 2}")
    say(f"posting {events:,} events of {issues:,} issues, hardly two alike in a batch")
    found["many"] = in_turns(
        empty, lambda: crowded.load(events, f"lots:{issues}"), events, rounds=1
    )
    stage.run_inside(RESOLVE.format(project=number))
    say(f"posting {events:,} such events, each fifth of a resolved issue")
    found["returning"] = in_turns(
        empty, lambda: crowded.load(events, f"lots:{issues}:{issues // 4}"), events, rounds=1
    )
    say(f"storing {stored:,} events in today's partition")
    stage.run_inside(COPY.format(project=stage.project.id, events=stored))
    stage.load(events // 2)
    say(f"posting {events:,} events with {stored:,} stored today")
    found["one_day"] = in_turns(empty, lambda: stage.load(events), events)
    return found


def hanging(stage: Stage, events: int) -> dict[str, Any]:
    """Typical events of faults unheard of: the receiver of their alerts answers, then hangs."""
    with WebhookSink() as sink:
        heard = _alerting_project(stage, "Heard", sink.url)
        say(f"posting {events:,} events while the receiver of their alerts answers")
        answered = heard.load(events)
    with socket.create_server(("127.0.0.1", 0), backlog=256) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/"
        unheard = _alerting_project(stage, "Mute", url)
        say(f"posting {events:,} events while the receiver of their alerts hangs")
        found = unheard.load(events)
        found["waiting"] = int(stage.window.one(WAITING))
    return found | {"answered_per_s": answered["digested_per_s"]}


def _alerting_project(stage: Stage, name: str, url: str) -> Stage:
    project = stage.window.new_project(name)
    stage.stack.manage("create_channel", project.slug, "webhook", "--set", f"url={url}")
    stage.lend_dictionary(project)
    return stage.at(project)


def crew(usual: Stage, other: Stage, events: int) -> dict[str, Any]:
    """Typical events to two stacks in turns, of which the other has another number of digest
    workers; then its books.
    """
    other.load(events // 4)
    other.await_dictionary()
    say(f"posting {events:,} events to each of two crews, in turns")
    found = in_turns(usual, lambda: other.load(events), events, rounds=3)
    return found | {"consistent": other.window.consistent() == []}


def sustained(stage: Stage, shape: str, events: int, seconds: float) -> dict[str, Any]:
    """Nine tenths of what so many events reach, for long: events waiting and memory at worst,
    and what lies about once it is over.
    """
    connections = CONNECTIONS.get(shape, 32)
    rate = 0.9 * float(stage.load(events, shape, connections)["digested_per_s"])
    say(f"{rate:,.0f} {shape} events a second for {seconds / 60:.0f} minutes")
    waiting: list[int] = []
    memory = [stage.meter.memory()]
    with ThreadPoolExecutor(1) as pool:
        loading = pool.submit(stage.load, int(rate * seconds), shape, connections, rate)
        window = Window(stage.stack)
        while not loading.done():
            waiting.append(int(window.one(BACKLOG)))
            if len(waiting) % 6 == 0:
                memory.append(stage.meter.memory())
            time.sleep(5)  # more often would be part of what is measured: it reads all that waits
        window.close()
        loaded = loading.result()
    half = len(waiting) // 2
    return loaded | {
        "rate": round(rate),
        "backlog_first_half": max(waiting[:half], default=0),
        "backlog_second_half": max(waiting[half:], default=0),
        "memory_mb": max(*memory, stage.meter.memory()),
        "leftovers": leftovers(stage),
        "consistent": stage.window.consistent() == [],
    }


def alerting(stage: Stage, seconds: float) -> dict[str, Any]:
    """From a POST to the request at the receiver; what counting costs a minute."""
    say(f"{alerts.RATE} events a second for {seconds:.0f} s, alerts for the new ones")
    told = alerts.run(stage.stack, stage.window, seconds)
    say("counter rules: 10,000 issues by 50 rules")
    return {**told, "counters_cpu_s": float(stage.run_inside(COUNTERS))}


def leftovers(stage: Stage) -> dict[str, Any]:
    """What a load leaves behind once all is digested and timers and autovacuum have come by:
    bytes of the inbox, dead rows, the claim.
    """
    say("looking at what is left")
    time.sleep(30)
    claims = [float(word) for word in stage.run_inside(CLAIM).split()]
    return {
        "inbox_bytes": int(stage.window.one(INBOX)),
        "claim_ms": round(statistics.median(claims), 3),
        "dead_share": {row["name"]: float(row["dead"]) for row in stage.window.rows(DEAD)},
    }


def retention(stage: Stage) -> dict[str, Any]:
    """Seconds to let go of everything before yesterday, and how long answers took meanwhile."""
    # A gigabyte that `growth` stored in a minute is still to be written: a checkpoint that meets
    # it halts all commits for half a second, whatever is let go of meanwhile.
    os.sync()
    say("letting go of all days before yesterday while events come in")
    before = int(stage.window.one("SELECT count(*) FROM tracker_event"))
    with ThreadPoolExecutor(1) as pool:
        dropping = pool.submit(stage.run_inside, DROP)
        loaded = stage.load(600, rate=100)
        seconds = float(dropping.result())
    return {
        "seconds": round(seconds, 2),
        "events": before + 600 - int(stage.window.one("SELECT count(*) FROM tracker_event")),
        "accept_ms": loaded["accept_ms"],
        "lost": loaded["lost"],
    }
