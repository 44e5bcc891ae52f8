"""The processes of a stack and how each is started: one table for `manage.py up` and containers.

`python -m config.run.processes NAME` becomes one of them: docker-compose.yml starts them so.
"""

import os
import sys
from dataclasses import dataclass

from config.env import BadSetting, Env

STOP_SECONDS = 20
"""What a process gets to finish its work after SIGTERM."""


@dataclass(frozen=True)
class Process:
    """One long-running child of the supervisor."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True)
class Sizes:
    """How many of everything; from the machine unless the operator says otherwise."""

    host: str
    port: int
    web_workers: int
    digest_workers: int
    io_threads: int

    @classmethod
    def of(cls, env: Env) -> "Sizes":
        """Read the knobs. Raises BadSetting."""
        many = cores()
        return cls(
            host=env.text("HOST", "127.0.0.1"),
            port=env.number("PORT", 8000, low=1, high=65535),
            web_workers=env.number("WEB_WORKERS", max(1, min(4, many // 2)), low=1, high=64),
            digest_workers=env.number("DIGEST_WORKERS", min(16, many), low=1, high=256),
            io_threads=env.number("IO_THREADS", 8, low=1, high=256),
        )


def cores() -> int:
    """Processor cores that are ours to use."""
    ours = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
    return ours or os.cpu_count() or 1


def processes(sizes: Sizes) -> tuple[Process, ...]:
    """Web, both workers and the timer."""
    return (
        Process("web", web(sizes)),
        Process("digest", worker("digest", "prefork", sizes.digest_workers)),
        Process("io", worker("io", "threads", sizes.io_threads)),
        Process("beat", beat()),
    )


def web(sizes: Sizes, target: str = "config.rsgi:app") -> tuple[str, ...]:
    """Granian with our bridge: HTTP/1.1 only, headers within 10 s."""
    return (
        *(sys.executable, "-m", "granian", "--interface", "rsgi", "--loop", "uvloop"),
        *("--host", sizes.host, "--port", str(sizes.port), "--workers", str(sizes.web_workers)),
        *("--http", "1", "--no-ws", "--http1-header-read-timeout", "10000"),
        *("--workers-kill-timeout", str(STOP_SECONDS), "--respawn-failed-workers"),
        *("--respawn-interval", "1", "--log-level", "warning", target),
    )


def worker(queue: str, pool: str, size: int) -> tuple[str, ...]:
    """One Celery worker for one queue."""
    return (
        *(
            sys.executable,
            "-m",
            "celery",
            "--app",
            "config.celery",
            "--quiet",
            "--skip-checks",
            "worker",
        ),
        *("--queues", queue, "--pool", pool, "--concurrency", str(size)),
        *("--prefetch-multiplier", "1", "--hostname", f"{queue}@%h", "--loglevel", "WARNING"),
        *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        *(("--max-memory-per-child", "400000") if pool == "prefork" else ()),
    )


def beat() -> tuple[str, ...]:
    """The timer; it keeps no state, since every timed task tolerates to run twice or late."""
    return (*(sys.executable, "-m", "config.beat"),)


def main(words: list[str]) -> int:
    """Become one process of the table; comes back only with an exit status of a refusal."""
    try:
        table = {process.name: process for process in processes(Sizes.of(Env()))}
    except BadSetting as error:
        print(f"emberwatch: {error}", file=sys.stderr)
        return 2
    if len(words) != 1 or words[0] not in table:
        print(f"usage: python -m config.run.processes {'|'.join(table)}", file=sys.stderr)
        return 2
    command = table[words[0]].command
    return os.execv(command[0], command)  # noqa: S606 - commands are ours


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
