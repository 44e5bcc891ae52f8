"""Measuring: processor time of a whole process tree, of the machine, and how figures spread."""

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """Milliseconds: p50, p95, p99, worst; {} of nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return round(1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))], 2)

    return {
        "n": len(ordered),
        "mean": round(1000 * statistics.fmean(ordered), 2),
        "p50": at(0.5),
        "p95": at(0.95),
        "p99": at(0.99),
        "max": at(1),
    }


def names(process: psutil.Process) -> str:
    """What a process of the stack is called in the table."""
    words = " ".join(process.cmdline())
    for word, name in (
        ("granian", "web"),
        ("--queues digest", "digest"),
        ("celeryd: digest@", "digest"),
        ("--queues io", "io"),
        ("config.beat", "beat"),
        ("postgres", "postgresql"),
        ("redis-server", "redis"),
        ("valkey-server", "redis"),
    ):
        if word in words:
            return name
    return "supervisor"


@dataclass
class Meter:
    """Processor seconds of a stack, by kind of process, since `start`.

    A process that ended counts through its parent, which reaped it.
    """

    root: psutil.Process
    _before: dict[str, float] = field(default_factory=dict)
    _machine: float = 0.0
    _began: float = 0.0

    def start(self) -> None:
        """From here on."""
        self._before, self._machine, self._began = self._used(), _machine(), time.monotonic()

    def read(self) -> dict[str, float]:
        """CPU seconds by kind, and `total`."""
        now = self._used()
        spent = {name: round(used - self._before.get(name, 0), 3) for name, used in now.items()}
        return {**spent, "total": round(sum(spent.values()), 3)}

    def elsewhere(self, ours: float) -> float:
        """Share of the machine's time that went neither to the stack nor to `ours` CPU seconds."""
        room = (time.monotonic() - self._began) * (psutil.cpu_count() or 1)
        others = _machine() - self._machine - self.read()["total"] - ours
        return round(max(0.0, others / room), 3)

    def memory(self) -> float:
        """MB of all processes together, shared pages split among those who share them."""
        total = 0
        for process in self._family():
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return round(total / 1e6, 1)

    def _family(self) -> list[psutil.Process]:
        return [self.root, *self.root.children(recursive=True)]

    def _used(self) -> dict[str, float]:
        found: dict[str, float] = {}
        kinds: dict[int, str] = {}
        for process in self._family():
            try:
                kind = names(process)
                if kind == "supervisor":  # forks that renamed themselves: as their parent
                    kind = kinds.get(process.ppid(), kind)
                kinds[process.pid] = kind
                used = process.cpu_times()
            except psutil.Error:
                continue
            # The supervisor's dead are commands that prepared the start, not the load.
            dead = 0.0 if process == self.root else used.children_user + used.children_system
            found[kind] = found.get(kind, 0.0) + used.user + used.system + dead
        return found


def _machine() -> float:
    """Busy CPU seconds of the machine since it started."""
    times = psutil.cpu_times()
    return float(
        sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
    )
