"""Signs of life: workers and timer touch PULSE_FILE, and a health check looks at its age.

`python -m config.pulse` is that check: exit status 0 when the file is fresh.
"""

import sys
import time
from pathlib import Path
from typing import Any

from celery import bootsteps

from config.env import Env

EVERY = 10.0
"""Seconds between two touches."""
STALE = 60.0
"""Seconds after which a process counts as stuck."""


def pulse_file() -> Path | None:
    """Where to leave signs of life, None to leave none."""
    name = Env().text("PULSE_FILE")
    return Path(name) if name else None


class Pulse(bootsteps.StartStopStep):
    """Touches the file from the worker's own loop: a loop that hangs stops touching."""

    requires = ("celery.worker.components:Timer",)

    def start(self, worker: Any) -> None:
        """Begin, once the worker's timer runs."""
        path = pulse_file()
        if path is not None:
            path.touch()
            worker.timer.call_repeatedly(EVERY, path.touch)


def fresh(path: Path, now: float) -> bool:
    """Whether a process touched its file lately; `now` in seconds since 1970."""
    try:
        return now - path.stat().st_mtime < STALE
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    checked = pulse_file()
    sys.exit(0 if checked is not None and fresh(checked, time.time()) else 1)
