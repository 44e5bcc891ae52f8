"""The figures of a bench as a table for people."""

from collections.abc import Iterator
from typing import Any

WIDTH = 43
Row = tuple[str, str]


def table(result: dict[str, Any]) -> str:
    """One line a figure."""
    rows = [*_end_to_end(result), *_floor(result), *_others(result), *_whole(result)]
    return "\n".join(f"{name:<{WIDTH}}{value}" for name, value in rows)


def _end_to_end(result: dict[str, Any]) -> Iterator[Row]:
    load, visible = result["load"], result["visible_ms"]
    kinds = ", ".join(
        f"{name} {1000 * used / max(1, load['events']):.2f}"
        for name, used in sorted(load["cpu_s"].items(), key=lambda pair: -pair[1])
        if name != "total"
    )
    answers = ", ".join(f"{count:,} x {status}" for status, count in load["statuses"].items())
    yield "machine", f"{result['cores']} cores, Python {result['python']}"
    yield "load", f"{load['events']:,} events of 30 KB ({load['body_bytes']:,} bytes gzipped)"
    yield "answers", answers
    yield "accepted", f"{load['accepted_per_s']:,.0f} events/s"
    yield "digested, first post to last row", f"{load['digested_per_s']:,.0f} events/s"
    yield "CPU, all processes", f"{load['cpu_ms_per_event']:.2f} ms/event"
    yield "  of these", kinds
    yield (
        "accept p50 / p99, at full load",
        f"{load['accept_ms']['p50']} / {load['accept_ms']['p99']} ms",
    )
    if half := result.get("half"):
        told = half["accept_ms"]
        yield f"accept p50 / p99, at {half['rate']:,}/s", f"{told['p50']} / {told['p99']} ms"
    if visible:
        yield "visible p50 / p99, 1 event/s", f"{visible['p50']} / {visible['p99']} ms"


def _floor(result: dict[str, Any]) -> Iterator[Row]:
    floor, ratios = result["floor"], result["ratios"]
    yield "floor: unpack and read JSON", f"{floor['decode']['cpu_ms']:.3f} ms/event"
    yield "floor: all pure work, 1 process", f"{floor['pure']['cpu_ms']:.3f} ms/event"
    yield "floor: bare Django view, granian", f"{floor['bare_view']['cpu_ms']:.3f} ms/request"
    yield "digest / pure work", f"{ratios['digest_to_pure']:.2f} x"
    yield "web / bare view", f"{ratios['accept_to_bare_view']:.2f} x"
    if told := result.get("grouping"):
        cost = f"{told['cpu']['real_ms']:.3f} / {told['cpu']['constant_ms']:.3f} ms"
        verdict = "" if told["ok"] else f", MORE THAN {told['bar']:.2f}"
        yield "digest, real / constant key", f"{cost}, {told['ratio']:.2f} x{verdict}"


def _others(result: dict[str, Any]) -> Iterator[Row]:
    for shape, load in result.get("sizes", {}).items():
        each = f"{load['digested_per_s']:,.0f} events/s, {load['cpu_ms_per_event']:.2f} ms CPU"
        yield f"{shape} events ({load['body_bytes']:,} bytes)", each
    if "giant" in result:
        yield "all events in one issue", _against(result["giant"])
    if "hanging" in result:
        told = result["hanging"]
        share = told["digested_per_s"] / told["answered_per_s"]
        speed = f"{told['digested_per_s']:,.0f} events/s, {share:.2f} x of when they answer"
        yield "while receivers of alerts hang", speed
    if told := result.get("crew"):
        books = "" if told["consistent"] and not told["lost"] else ", BOOKS DO NOT BALANCE"
        yield f"{told['workers']} digest workers", f"{_against(told)} of the usual number{books}"
    for shape, told in result.get("sustained", {}).items():
        took = f"{told['digested_per_s']:,.0f} events/s at {told['cpu_ms_per_event']:.2f} ms CPU"
        yield f"{shape}, kept up for {told['seconds'] / 60:.0f} min", took
        yield "  accept p50 / p99", f"{told['accept_ms']['p50']} / {told['accept_ms']['p99']} ms"
        halves = f"{told['backlog_first_half']:,} / {told['backlog_second_half']:,} events"
        yield "  backlog at worst, first / second half", halves
        yield "  memory at worst", f"{told['memory_mb']:,.0f} MB"
        books = "yes" if told["consistent"] else "NO"
        yield "  lost; books balance", f"{told['lost']}; {books}"
        yield from (("  " + name, value) for name, value in _left(told["leftovers"]))
    if told := result.get("hostile"):
        share = told["share"]
        yield "beside a refused request for every 25", f"{share['beside']:.2f} x"
        yield "with quota, filters and own words to scrub", f"{share['armed']:.2f} x"
        yield (
            "with both; p99 of a refusal",
            (f"{share['both']:.2f} x; {told['modes']['both']['refuse_ms'].get('p99', 0)} ms"),
        )
    if told := result.get("alerting"):
        took = told["latency_ms"]
        yield "POST to alert p50 / p99, at 50/s", f"{took['p50']} / {took['p99']} ms"
        cost = f"{told['counters_cpu_s']:.2f} s CPU a minute"
        yield "10,000 issues by 50 counter rules", cost
    stored, issues = result.get("stored", 0), result.get("crowd", 0)
    names = {
        "spread": f"{stored:,} stored, a fortnight",
        "many": f"{issues:,} issues, few alike a batch",
        "returning": "  and each fifth a regression",
        "one_day": f"{stored:,} stored today",
    }
    for name, load in result.get("growth", {}).items():
        yield names[name], _against(load)


def _against(load: dict[str, Any]) -> str:
    share = load["digested_per_s"] / load["usual_per_s"]
    return f"{load['digested_per_s']:,.0f} events/s, {share:.2f} x"


def _whole(result: dict[str, Any]) -> Iterator[Row]:
    load = result["load"]
    yield "stored", f"{result['bytes_per_event_stored']:,} bytes/event, indexes included"
    if left := result.get("leftovers"):
        yield from _left(left)
    if gone := result.get("retention"):
        told = f"{gone['seconds']} s, answers meanwhile p99 {gone['accept_ms']['p99']} ms"
        yield f"{gone['events']:,} old events let go in", told
    yield "memory, all processes", f"{result['memory_mb']:,.0f} MB"
    yield "idle", f"{result['idle_cpu_ms_per_s']:.0f} ms CPU a second"
    yield "issues of 200 faults", str(result["issues"])
    yield "lost; books balance", f"{load['lost']}; {'yes' if result['consistent'] else 'NO'}"
    yield "machine busy with other things", f"{100 * load['elsewhere']:.0f} %"


def _left(left: dict[str, Any]) -> Iterator[Row]:
    yield "inbox after all that", f"{left['inbox_bytes'] / 2**20:.1f} MiB"
    yield "a claim's query", f"{left['claim_ms']:.2f} ms"
    worst = max(left["dead_share"], key=left["dead_share"].__getitem__, default="")
    if worst:
        yield "most dead rows", f"{100 * left['dead_share'][worst]:.0f} %, {worst}"
