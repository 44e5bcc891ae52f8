"""What can happen to the processes of a running stack, and how to see it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.stack import Stack, command


@contextmanager
def frozen(server: psutil.Process) -> Iterator[None]:
    """A server that neither answers nor refuses, with all its children."""
    stopped = [server, *server.children(recursive=True)]
    for process in stopped:
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    try:
        yield
    finally:
        for process in stopped:
            with suppress(psutil.NoSuchProcess):
                process.resume()


@contextmanager
def unreachable(stack: Stack) -> Iterator[None]:
    """A PostgreSQL that has lost every client and is found by none, as if it were not there.

    (The supervisor would start a dead one again within the second.)
    """
    sockets = Path(json.loads((stack.data / "place.json").read_text())["sockets"])
    door = sockets / ".s.PGSQL.5432"
    hidden = door.with_name("hidden")
    door.rename(hidden)
    try:
        for process in stack.process_of("bin/postgres").children():
            if "emberwatch" in command(process):
                with suppress(psutil.NoSuchProcess):
                    process.terminate()
        yield
    finally:
        hidden.rename(door)


def spooled(stack: Stack) -> bool:
    """Whether events wait on the disk."""
    return any(file.stat().st_size for file in (stack.data / "spool").glob("*.spool"))
