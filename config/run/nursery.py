"""A process that has loaded the product and forks the others: what they share is in memory once.

Four processes that import by themselves take 90 MB and two seconds of a core each. The
supervisor asks over a socket, one packet a wish with the pipe for what the child says
attached; the answers tell its process id and, later, how it ended. `python -m
config.run.nursery` is that process; its standard input is the socket.
"""

import contextlib
import gc
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from config.run import children

PACKET = 65_536
START_SECONDS = 60.0
"""Loading the product takes two seconds, on a busy machine with cold files more."""


class Forked:
    """A child of the nursery; to be used like a `subprocess.Popen`."""

    def __init__(self, nursery: "Nursery", number: int, stdout: IO[bytes]) -> None:
        self.stdout = stdout
        self.pid = 0
        """0 until the nursery has told it."""
        self.returncode: int | None = None
        self._nursery = nursery
        self.number = number

    def poll(self) -> int | None:
        """Exit status (minus the signal's number if one killed it); None while it runs."""
        self._nursery.hear()
        return self.returncode

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        while (code := self.poll()) is None:
            time.sleep(children.POLL)
        return code

    def send_signal(self, number: int) -> None:
        """Signal it; one that is still to be forked is waited for."""
        deadline = time.monotonic() + START_SECONDS
        while not self.pid and self.poll() is None and time.monotonic() < deadline:
            time.sleep(children.POLL)
        if self.pid and self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


class Nursery:
    """The supervisor's side; starts the process with the first wish, and again should it end."""

    def __init__(self, base: Path, environment: Mapping[str, str]) -> None:
        self._base, self._environment = base, environment
        self._process: subprocess.Popen[bytes] | None = None
        self._wire: socket.socket | None = None
        self._asked: dict[int, Forked] = {}
        self._number = 0

    def fork(self, command: Sequence[str]) -> Forked:
        """Ask for a child that becomes `python -m MODULE WORDS`."""
        wire = self._wire
        if wire is None or self._process is None or self._process.poll() is not None:
            wire = self._start()
        self._number += 1
        ours, theirs = os.pipe()
        child = Forked(self, self._number, os.fdopen(ours, "rb", buffering=0))
        self._asked[child.number] = child
        wish = json.dumps({"number": child.number, "command": list(command[2:])}).encode()
        with contextlib.suppress(OSError):  # it has just ended: poll() will say so
            socket.send_fds(wire, [wish], [theirs])
        os.close(theirs)
        return child

    def hear(self) -> None:
        """Take note of what the nursery has told; its children end with it."""
        if self._wire is None:
            return
        with contextlib.suppress(BlockingIOError, ConnectionError):
            while packet := self._wire.recv(PACKET):
                said = json.loads(packet)
                child = self._asked[said["number"]]
                child.pid = said.get("pid", child.pid)
                if "code" in said:
                    child.returncode = said["code"]
                    del self._asked[child.number]
        if self._process is not None and self._process.poll() is not None:
            for child in self._asked.values():
                child.returncode = self._process.returncode
            self._asked.clear()

    def close(self) -> None:
        """End the nursery; its children should have ended before."""
        if self._process is not None:
            children.stop(self._process, (signal.SIGTERM, 5.0))
            self._process = None
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    def _start(self) -> socket.socket:
        self.hear()  # who ended with the last one must know before it is forgotten
        self.close()
        near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        near.setblocking(False)
        with far:
            self._process = children.spawn(
                [sys.executable, "-m", "config.run.nursery"],
                cwd=self._base, stdin=far.fileno(), env=self._environment,
            )  # fmt: skip
        self._wire = near
        return near


# --- the nursery itself ------------------------------------------------------------------------


def load() -> None:
    """Import what workers, web and timer have in common, and keep the collector off it."""
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    import celery.bin.celery
    import celery.bin.worker
    import celery.concurrency.prefork
    import celery.concurrency.thread  # noqa: F401

    from config.celery import app
    from ingest.digest import warm_up

    app.loader.import_default_modules()
    warm_up()
    gc.collect()
    gc.freeze()


def serve(wire: socket.socket) -> list[str]:
    """Fork who is asked for and tell how they end; returns in each child: what to become."""
    wake, waker = os.pipe()
    os.set_blocking(wake, False)
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    numbers: dict[int, int] = {}
    while True:
        ready, _, _ = select.select([wire.fileno(), wake], [], [])
        if wake in ready:
            os.read(wake, 4096)
            _tell_ended(wire, numbers)
        if wire.fileno() not in ready:
            continue
        packet, pipes, _, _ = socket.recv_fds(wire, PACKET, 1)
        if not packet:
            sys.exit(0)  # the supervisor is gone
        wish = json.loads(packet)
        parent = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:  # no memory or no process left: the others go on
            os.write(pipes[0], f"not forked: {error}\n".encode())
            os.close(pipes[0])
            wire.send(json.dumps({"number": wish["number"], "code": os.EX_OSERR}).encode())
            continue
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            for number in (wake, waker):
                os.close(number)
            wire.close()
            _settle(pipes[0], parent)
            command: list[str] = wish["command"]
            return command
        os.close(pipes[0])
        numbers[pid] = wish["number"]
        wire.send(json.dumps({"number": wish["number"], "pid": pid}).encode())


def _tell_ended(wire: socket.socket, numbers: dict[int, int]) -> None:
    while numbers:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        code = os.waitstatus_to_exitcode(status)
        wire.send(json.dumps({"number": numbers.pop(pid), "code": code}).encode())


def _settle(out: int, parent: int) -> None:
    """A session of its own, nothing to read, everything said into its pipe."""
    os.setsid()
    children.die_with_parent()
    if os.getppid() != parent:  # it died between fork and here
        os._exit(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(source, target)
        os.set_inheritable(target, True)  # where it was that number already, nothing was done
    for number in {nothing, out} - {0, 1, 2}:  # the lowest free number may be the wanted one
        os.close(number)


def become(command: Sequence[str]) -> Any:
    """Run `python -m MODULE WORDS` in this process, under that name."""
    from setproctitle import setproctitle

    setproctitle(" ".join([sys.executable, "-m", *command]))
    module, *words = command
    sys.argv[:] = [module, *words]
    return runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    load()
    become(serve(socket.socket(fileno=0)))
