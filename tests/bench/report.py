"""The figures of a bench as a table for people."""

from typing import Any

WIDTH = 34


def table(result: dict[str, Any]) -> str:
    """One line a figure."""
    load, visible, floor = result["load"], result["visible_ms"], result["floor"]
    kinds = ", ".join(
        f"{name} {1000 * used / max(1, load['events']):.2f}"
        for name, used in sorted(load["cpu_s"].items(), key=lambda pair: -pair[1])
        if name != "total"
    )
    rows = [
        ("machine", f"{result['cores']} cores, Python {result['python']}"),
        ("load", f"{load['events']:,} events of 30 KB ({load['body_bytes']:,} bytes gzipped)"),
        (
            "answers",
            ", ".join(f"{count:,} x {status}" for status, count in load["statuses"].items()),
        ),
        ("accepted", f"{load['accepted_per_s']:,.0f} events/s"),
        ("accept p50 / p99", f"{load['accept_ms']['p50']} / {load['accept_ms']['p99']} ms"),
        ("digested, first post to last row", f"{load['digested_per_s']:,.0f} events/s"),
        ("CPU, all processes", f"{load['cpu_ms_per_event']:.2f} ms/event"),
        ("  of these", f"{kinds}"),
        ("floor: unpack and read JSON", f"{floor['decode']['cpu_ms']:.3f} ms/event"),
        ("floor: all pure work, 1 process", f"{floor['pure']['cpu_ms']:.3f} ms/event"),
        ("CPU against the pure floor", f"{result['ratio_to_floor']:.2f} x"),
        ("visible p50 / p99, 1 event/s", f"{visible.get('p50')} / {visible.get('p99')} ms"),
        ("stored", f"{result['bytes_per_event_stored']:,} bytes/event, indexes included"),
        ("memory, all processes", f"{result['memory_mb']:,.0f} MB"),
        ("idle", f"{result['idle_cpu_ms_per_s']:.0f} ms CPU a second"),
        ("issues of 200 faults", str(result["issues"])),
        ("lost; books balance", f"{load['lost']}; {'yes' if result['consistent'] else 'NO'}"),
        ("machine busy with other things", f"{100 * load['elsewhere']:.0f} %"),
    ]
    return "\n".join(f"{name:<{WIDTH}}{value}" for name, value in rows)
