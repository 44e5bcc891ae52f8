"""One PostgreSQL and one Redis for a whole test run, shared by all xdist workers.

Run as `python -m tests.servers FOLDER PID`: starts both embedded servers (tuned
for speed, not for keeping anything), writes FOLDER/ready, and ends with process
PID. The first worker that needs a database starts it; nobody has to stop it.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.run.children import alive
from config.run.place import read
from config.run.servers import Needs, Servers

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def locked(folder: Path, name: str) -> Iterator[None]:
    """One xdist worker at a time."""
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def ensure(folder: Path, controller: int) -> tuple[dict[str, object], str]:
    """Start the run's servers unless they run; answer Django's database settings and Redis' URL."""
    data = folder / "data"
    with locked(folder, "servers"):
        if not (folder / "ready").exists():
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.servers", str(folder), str(controller)],
                cwd=ROOT,
                start_new_session=True,
            )
            deadline = time.monotonic() + 90
            while not (folder / "ready").exists():
                if keeper.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the test servers do not start")
                time.sleep(0.02)
    place = read(data)
    assert place is not None
    return place.database(), place.redis_url()


def keep(folder: Path, controller: int) -> None:
    """Run the servers for as long as the controller lives."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    servers = Servers(folder / "data", Needs(postgres=True, redis=True), for_tests=True)
    servers.start()
    try:
        (folder / "ready").touch()
        (folder / "keeper.pid").write_text(str(os.getpid()))
        while alive(controller):
            time.sleep(0.2)
    finally:
        servers.stop()


if __name__ == "__main__":
    keep(Path(sys.argv[1]), int(sys.argv[2]))
