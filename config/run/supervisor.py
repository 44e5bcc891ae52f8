"""`manage.py up`: the whole product under one process, from nothing to ready and back.

One thread, one loop: relay what the children say, restart who died, stop all on
a signal. Children go first, servers last.
"""

import contextlib
import http.client
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from config.env import Env
from config.run import children, place, servers
from config.run.errors import RunError
from config.run.nursery import Forked, Nursery
from config.run.processes import STOP_SECONDS, Process, Sizes, processes

TICK = 0.25
"""Seconds between two looks at the children when nobody says anything."""
READY_SECONDS = 120.0
FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 30.0, 60.0
"""Backoff of restarts, seconds; a child that lived STEADY seconds starts afresh."""
USAGE = "usage: manage.py up    start everything; see README.md for the variables it reads"


@dataclass
class Child:
    """A process of the table, and how it fares."""

    plan: Process
    process: subprocess.Popen[bytes] | Forked | None = None
    started: float = 0.0
    pause: float = FIRST_PAUSE
    due: float = 0.0
    """When to start it (again)."""
    rest: bytes = field(default=b"", repr=False)
    """The unfinished last line of its output."""


def main(base: Path, env: Env, words: list[str]) -> int:
    """Run the stack until a signal. Raises RunError or BadSetting when it cannot start."""
    if words:
        print(USAGE)
        return 0 if words[0] in {"-h", "--help"} else 2
    started = time.monotonic()
    sizes, data, needs = Sizes.of(env), env.data_folder(base), servers.Needs.of(env)
    with Stop() as stop, servers.owned(data):
        check_port(sizes)
        servers.prepare_secret(data, env)
        with _marked(data):
            embedded = servers.Servers(data, needs) if needs else None
            first = embedded is not None and not (data / "place.json").exists()
            try:
                if embedded:
                    embedded.start()
                supervisor = Supervisor(base, sizes, data, embedded, stop)
                supervisor.run(env, started, first=first)
            finally:
                say("stopping")
                if embedded:
                    embedded.stop()
    say("stopped; the data stays in " + str(data))
    return 0


class Stop:
    """Whether somebody asked us to end (SIGINT, SIGTERM, SIGHUP), and how urgently."""

    def __init__(self) -> None:
        self.asked = 0
        self._wake, self._waker = os.pipe()
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_exc: object) -> None:
        signal.set_wakeup_fd(-1)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        os.close(self._wake)
        os.close(self._waker)

    def fileno(self) -> int:
        """Becomes readable when a signal came."""
        return self._wake

    def _note(self, _number: int, _frame: object) -> None:
        self.asked += 1


class Supervisor:
    """Keeps the processes of the table running."""

    def __init__(
        self, base: Path, sizes: Sizes, data: Path, embedded: "servers.Servers | None", stop: Stop
    ) -> None:
        self.base = base
        self.sizes = sizes
        self.data = data
        self.embedded = embedded
        self.stopping = stop
        self.children = [Child(plan) for plan in processes(sizes)]
        self.nursery = Nursery(base, _environment())
        self.selector = selectors.DefaultSelector()
        self.selector.register(stop.fileno(), selectors.EVENT_READ, None)
        self._server_due = 0.0

    def run(self, env: Env, began: float, *, first: bool) -> None:
        """Start all, tell when ready, and keep them until a signal. Raises RunError.

        At the very first start nobody sends yet: the processes load while the empty database
        is made ready, all but the timer, which would ask for tables. Later they wait for it.
        """
        try:
            if first:
                self._start_due(all_but="beat")
            facts = prepare(self.base)
            self._start_due()
            self._await_ready()
            if not self.stopping.asked:
                url = str(env.origin("EMBERWATCH_URL", f"http://127.0.0.1:{self.sizes.port}"))
                told = json.dumps({**_public(facts), "url": url})
                place.write_private(self.data / "ready.json", told)
                took = time.monotonic() - began
                print(banner(env, url, self.data, facts, took), flush=True)
            while not self.stopping.asked:
                self._relay(TICK)
                self._tend()
        finally:
            self.stop()

    def stop(self) -> None:
        """End every child: a while to finish, then by force; a second signal hurries."""
        running = [child for child in self.children if child.process is not None]
        for child in running:
            _signal(child, signal.SIGTERM)
        asked, deadline = self.stopping.asked, time.monotonic() + STOP_SECONDS + 2
        while any(child.process and child.process.poll() is None for child in running):
            if time.monotonic() > deadline or self.stopping.asked > asked:
                for child in running:
                    _signal_group(child, signal.SIGKILL)
                break
            self._relay(0.05)
        for child in running:
            if child.process is not None:
                child.process.wait()
                _signal_group(child, signal.SIGKILL)  # children of theirs that stayed
        self._relay(0)
        self.nursery.close()
        self.selector.close()

    # --- one turn of the loop -----------------------------------------------------------------

    def _tend(self) -> None:
        now = time.monotonic()
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                self._bury(child, now)
        self._start_due()
        if self.embedded is not None and now >= self._server_due:
            for server in self.embedded.dead():
                say(f"{type(server).__name__} ended; starting it again")
                try:
                    server.start()
                except RunError as error:
                    say(str(error))
                    self._server_due = time.monotonic() + 2.0

    def _start_due(self, all_but: str = "") -> None:
        for child in self.children:
            if child.plan.name == all_but:
                continue
            if child.process is None and time.monotonic() >= child.due:
                child.started = time.monotonic()
                child.process = self._begin(child.plan.command)
                if child.process.stdout is not None:
                    os.set_blocking(child.process.stdout.fileno(), False)
                    self.selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _begin(self, command: tuple[str, ...]) -> subprocess.Popen[bytes] | Forked:
        if sys.platform == "linux":
            return self.nursery.fork(command)
        # Elsewhere what the system's libraries hold does not survive a fork.
        return children.spawn(command, cwd=self.base, stdout=subprocess.PIPE, env=_environment())

    def _bury(self, child: Child, now: float) -> None:
        if child.process is None:
            return
        _signal_group(child, signal.SIGKILL)
        lived = now - child.started
        child.pause = FIRST_PAUSE if lived > STEADY else min(child.pause * 2, LONGEST_PAUSE)
        child.due = now + child.pause
        say(f"{child.plan.name} ended ({child.process.returncode}); again in {child.pause:g} s")
        self._drain(child)
        child.process = None

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping.asked and not answers(self.sizes):
            if time.monotonic() > deadline:
                raise RunError("The web server does not become ready: see the lines above.")
            self._relay(0.05)
            self._tend()

    # --- what the children say ----------------------------------------------------------------

    def _relay(self, seconds: float) -> None:
        for key, _events in self.selector.select(seconds):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    os.read(self.stopping.fileno(), 4096)
            else:
                self._read(key.data)

    def _drain(self, child: Child) -> None:
        while self._read(child):
            pass

    def _read(self, child: Child) -> bool:
        """Relay what a child's pipe holds; False when it is empty or closed."""
        stream = child.process.stdout if child.process is not None else None
        if stream is None or stream.closed:
            return False
        try:
            block = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            return False
        if not block:
            self.selector.unregister(stream)
            stream.close()
            return False
        *lines, child.rest = (child.rest + block).split(b"\n")
        prefix = f"{child.plan.name:<7}| ".encode()
        sys.stdout.buffer.write(b"".join(prefix + line + b"\n" for line in lines))
        sys.stdout.buffer.flush()
        return True


def prepare(base: Path) -> dict[str, Any]:
    """Migrate and make the first project, in a process that ends. Raises RunError."""
    command = [sys.executable, "-m", "config.run.prepare"]
    process = subprocess.Popen(
        command,
        cwd=base,
        stdout=subprocess.PIPE,
        preexec_fn=children.die_with_parent,  # noqa: PLW1509
    )
    output, _ = process.communicate()
    if process.returncode:
        raise RunError("The database cannot be prepared: see the lines above.")
    facts: dict[str, Any] = json.loads(output.decode().strip().splitlines()[-1])
    return facts


def check_port(sizes: Sizes) -> None:
    """Refuse early when somebody else listens. Raises RunError."""
    family = socket.AF_INET6 if ":" in sizes.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((sizes.host, sizes.port))
            probe.listen(1)
        except OSError as error:
            raise RunError(
                f"Port {sizes.port} of {sizes.host} cannot be used ({error.strerror}): "
                "stop what listens there, or set PORT."
            ) from None


def answers(sizes: Sizes) -> bool:
    """Whether /readyz says yes."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(sizes.host, sizes.host)  # noqa: S104
    client = http.client.HTTPConnection(host, sizes.port, timeout=5)
    try:
        client.request("GET", "/readyz", headers={"Host": "127.0.0.1"})
        return client.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        client.close()


def banner(env: Env, url: str, data: Path, facts: dict[str, Any], took: float) -> str:
    """What a newcomer needs, once."""
    kept = data / "admin_password"
    word = facts.get("password") or (f"in {kept}" if kept.exists() else "the one you chose")
    if facts.get("password") and env.text("EMBERWATCH_ADMIN_PASSWORD"):
        word = "from EMBERWATCH_ADMIN_PASSWORD"
    lines = [
        "",
        f"Emberwatch is ready after {took:.1f} s.",
        f"  URL    {url}/",
        f"  Login  admin, password: {word}",
        *([f"  DSN    {facts['dsn']}"] if facts.get("dsn") else []),
        "  Stop   Ctrl-C",
        "",
    ]
    return "\n".join(lines)


def say(text: str) -> None:
    """One line of our own."""
    print(f"{'up':<7}| {text}", flush=True)


@contextlib.contextmanager
def _marked(data: Path) -> Iterator[None]:
    """Tell other starts that a stack runs here."""
    (data / "ready.json").unlink(missing_ok=True)
    (data / "stack.pid").write_text(f"{os.getpid()}\n", encoding="ascii")
    try:
        yield
    finally:
        (data / "ready.json").unlink(missing_ok=True)
        (data / "stack.pid").unlink(missing_ok=True)


def _public(facts: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in facts.items() if key != "password"}


def _environment() -> dict[str, str]:
    # Threads that take turns need no heap each.
    return {"MALLOC_ARENA_MAX": "2", **os.environ, "PYTHONUNBUFFERED": "1"}


def _signal(child: Child, number: int) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)


def _signal_group(child: Child, number: int) -> None:
    """Signal a child's whole session: it leads a process group of its own."""
    if child.process is not None and child.process.pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)
