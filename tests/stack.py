"""The whole product as people run it: `manage.py up` in a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from config.run.place import guess

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 90.0
STOP_SECONDS = 40.0
OUTSIDE: set[Path] = set()
"""Folders that root's stacks made beside their closed data folders; removed with the session."""


def free_port() -> int:
    """A port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Stack:
    """A running stack."""

    url: str
    port: int
    data: Path
    """Its EMBERWATCH_DATA."""
    dsn: str
    """DSN of the first project; "" until there is one."""
    project_id: int
    public_key: str
    admin_password: str
    process: subprocess.Popen[bytes]
    """The supervisor."""
    log: Path
    env: dict[str, str]
    """Environment for `manage.py` commands beside it."""

    @classmethod
    @contextmanager
    def start(cls, folder: Path, **extra: str) -> Iterator["Stack"]:
        """Start a stack, wait until it is ready, and stop it for good afterwards."""
        port = free_port()
        dropped = {"DATABASE_URL", "REDIS_URL", "REDIS_PREFIX", "SECRET_KEY", "PYTEST_CURRENT_TEST"}
        env = {key: value for key, value in os.environ.items() if key not in dropped}
        env |= {
            "PORT": str(port),
            "EMBERWATCH_DATA": str(folder / "data"),
            "EMBERWATCH_ADMIN_PASSWORD": "correct horse battery",
            "EMBERWATCH_URL": f"http://127.0.0.1:{port}",
            "PYTHONUNBUFFERED": "1",
            **extra,
        }
        log = folder / "stack.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(ROOT / "manage.py"), "up"],
                cwd=ROOT,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            facts = _await_ready(process, folder / "data" / "ready.json", log)
            yield cls(
                url=f"http://127.0.0.1:{port}",
                port=port,
                data=folder / "data",
                dsn=str(facts.get("dsn", "")),
                project_id=int(str(facts.get("project_id") or 0)),
                public_key=str(facts.get("public_key", "")),
                admin_password=env["EMBERWATCH_ADMIN_PASSWORD"],
                process=process,
                log=log,
                env=env,
            )
        finally:
            stop(process)
            home = guess(folder / "data").home
            if home != folder / "data":
                OUTSIDE.add(home)

    def manage(
        self, *words: str, stdin: str = "", seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run `manage.py WORDS` beside the stack. Raises TimeoutExpired after so many seconds."""
        return subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *words],
            cwd=ROOT,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def process_of(self, word: str) -> psutil.Process:
        """The long-running process whose command holds `word`. Raises ValueError unless one has."""
        found = [
            process
            for process in psutil.Process(self.process.pid).children(recursive=True)
            if word in command(process)
        ]
        ids = {process.pid for process in found}
        [first] = [process for process in found if _parent(process) not in ids]
        return first

    def replaced(self, word: str, old: int) -> bool:
        """Whether the process of that word is another than process `old`."""
        try:
            return self.process_of(word).pid != old
        except ValueError:
            return False

    def get(self, path: str) -> tuple[int, bytes]:
        """Status and body of a page."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a supervisor as Ctrl-C would; kill it if it does not go."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(process: subprocess.Popen[bytes], facts: Path, log: Path) -> dict[str, object]:
    deadline = time.monotonic() + START_SECONDS
    while not facts.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            text = log.read_text(errors="replace")[-4000:]
            raise RuntimeError(f"the stack does not start:\n{text}")
        time.sleep(0.05)
    read: dict[str, object] = json.loads(facts.read_text())
    return read


def command(process: psutil.Process) -> str:
    """Its command line, "" once it is gone."""
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _parent(process: psutil.Process) -> int:
    try:
        return int(process.ppid())
    except psutil.Error:
        return 0
