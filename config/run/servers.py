"""The embedded servers for as long as somebody needs them: started by the first, shared by all.

Two locks in the data folder settle races. `servers.lock` is held by whoever runs
the servers; `users.lock` is shared by everybody who uses them, so that a command
which started them waits for the others before it stops them.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from config.env import Env
from config.run import place as places
from config.run.children import POLL
from config.run.errors import RunError
from config.run.place import Place
from config.run.postgres import Postgres
from config.run.redis import Redis, require
from config.run.user import is_root

FOUND_SECONDS = 60.0
"""How long a starting stack may take before we give up waiting for it."""


@dataclass(frozen=True)
class Needs:
    """Which servers are ours to run."""

    postgres: bool
    redis: bool

    @classmethod
    def of(cls, env: Env) -> "Needs":
        """Those without an address of their own. Raises BadSetting on a broken address."""
        return cls(env.database("DATABASE_URL") is None, not env.redis("REDIS_URL"))

    def __bool__(self) -> bool:
        return self.postgres or self.redis


class Servers:
    """The embedded servers of one data folder, run by this process."""

    def __init__(self, data: Path, needs: Needs, *, for_tests: bool = False) -> None:
        if needs.redis:
            require()  # before anything is made
        self.place, user = places.settle(data)
        self._servers: list[Postgres | Redis] = []
        if needs.postgres:
            self._servers.append(Postgres(self.place, user, for_tests=for_tests))
        if needs.redis:
            self._servers.append(Redis(self.place, user))

    def start(self) -> None:
        """Start all, or none. Raises RunError."""
        try:
            for server in self._servers:
                server.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop all, the last started first."""
        for server in reversed(self._servers):
            server.stop()

    def dead(self) -> Iterator[Postgres | Redis]:
        """Those that ended although nobody stopped them."""
        for server in self._servers:
            if server.process is not None and server.process.poll() is not None:
                yield server


@contextmanager
def running(data: Path, env: Env) -> Iterator[None]:
    """Servers for a command's life: those of a running stack, else started here.

    Also makes the secret key of an embedded installation. Raises RunError.
    """
    needs = Needs.of(env)
    prepare_secret(data, env)
    if not needs:
        yield
        return
    places.make_data_folder(data, open_to_user=is_root())
    with _open(data / "servers.lock") as owner, _open(data / "users.lock") as users:
        if _join(data, needs, owner, users):
            yield
            return
        servers = Servers(data, needs)
        servers.start()
        try:
            yield
        finally:
            fcntl.flock(users, fcntl.LOCK_UN)
            fcntl.flock(users, fcntl.LOCK_EX)  # others may have found them meanwhile
            servers.stop()


@contextmanager
def owned(data: Path) -> Iterator[None]:
    """Hold the servers' lock for a whole stack. Raises RunError when another stack has it."""
    places.make_data_folder(data, open_to_user=is_root())
    with _open(data / "servers.lock") as owner:
        deadline = time.monotonic() + FOUND_SECONDS
        while not _try(owner, fcntl.LOCK_EX):
            if is_stack(data):
                raise RunError(
                    f"Emberwatch already runs on {data}: stop it, or set EMBERWATCH_DATA."
                )
            if time.monotonic() > deadline:
                raise RunError(f"A command still uses {data}: wait for it to end.")
            time.sleep(POLL)
        yield


def is_stack(data: Path) -> bool:
    """Whether `manage.py up` (not just a command) holds the servers."""
    return (data / "stack.pid").exists() and _stack_alive(data)


def prepare_secret(data: Path, env: Env) -> None:
    """Make Django's secret key of an embedded run. Raises RunError when one must be given."""
    if env.text("SECRET_KEY"):
        return
    if env.database("DATABASE_URL") is not None and not (data / "secret_key").exists():
        raise RunError(
            "SECRET_KEY is not set: give 50 or more random characters, the same to every process."
        )
    places.make_data_folder(data, open_to_user=is_root())
    places.keep_secret(data / "secret_key")


def _join(data: Path, needs: Needs, owner: BinaryIO, users: BinaryIO) -> bool:
    """True once we share running servers; False when their lock is ours and we must start them."""
    deadline = time.monotonic() + FOUND_SECONDS
    while True:
        if _try(owner, fcntl.LOCK_EX):
            (data / "stack.pid").unlink(missing_ok=True)  # of a stack that was killed
            fcntl.flock(users, fcntl.LOCK_SH)
            return False
        if _try(users, fcntl.LOCK_SH):
            place = places.read(data)
            if place is not None and _answers(place, needs):
                return True
            fcntl.flock(users, fcntl.LOCK_UN)
        if time.monotonic() > deadline:
            raise RunError(f"The servers of {data} do not come up: see the logs there.")
        time.sleep(POLL)


def _answers(place: Place, needs: Needs) -> bool:
    postgres = not needs.postgres or Postgres(place, None).ready()
    return postgres and (not needs.redis or Redis(place, None).ready())


def _stack_alive(data: Path) -> bool:
    try:
        return int((data / "stack.pid").read_text(encoding="ascii")) != os.getpid()
    except (OSError, ValueError):
        return False


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b")


def _try(file: BinaryIO, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
