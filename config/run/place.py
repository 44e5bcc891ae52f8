"""Where the embedded servers live: the data folder and what it remembers.

    <data>/place.json    where cluster, sockets and binaries are, and which OS user runs them
    <data>/secret_key    0600, Django's key of the embedded run
    <data>/admin_password  0600, kept so that a lost terminal does not lock anybody out

Reading a place starts nothing and writes nothing; `settle` makes folders.
"""

import json
import os
import secrets
import stat
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import BinaryIO

from config.run.errors import RunError
from config.run.user import ServerUser, is_root, server_user

SOCKET_ROOM = 107 - len("/.s.PGSQL.5432") - 8
"""Longest socket folder: Linux allows 107 bytes to a socket's path; 8 are for a lock's suffix."""

LOG_LIMIT = 8 * 1024 * 1024
"""Bytes after which a log is put aside at the next start."""

OUTSIDE = Path("/var/lib")
"""Where root's cluster goes when the server user may not enter the data folder."""


@dataclass(frozen=True)
class Place:
    """Folders of one embedded installation; all absolute."""

    data: Path
    """EMBERWATCH_DATA."""
    home: Path
    """Holds `postgres`, `redis` and copies of binaries; the data folder, or one outside."""
    sockets: Path
    """0700 folder of both servers' sockets."""

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own folder."""
        return self.home / "postgres"

    @property
    def redis_socket(self) -> Path:
        """Redis' only door."""
        return self.sockets / "redis.sock"

    def database(self) -> dict[str, object]:
        """Django's settings for the embedded database."""
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "emberwatch",
            "USER": "emberwatch",
            "PASSWORD": "",
            "HOST": str(self.sockets),
            "PORT": "5432",
        }

    def redis_url(self) -> str:
        """Address of the embedded Redis."""
        return f"unix://{self.redis_socket}?db=0"


def read(data: Path) -> Place | None:
    """The recorded place, None before the first start. Raises RunError on a broken record."""
    try:
        record = json.loads((data / "place.json").read_text(encoding="utf-8"))
        return Place(data, Path(record["home"]), Path(record["sockets"]))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError):
        raise RunError(f"{data / 'place.json'} cannot be read: restore it from a backup.") from None


def guess(data: Path) -> Place:
    """The recorded place, or what it would be: enough for checks that connect to nothing."""
    return read(data) or Place(data, data, data / "run")


def settle(data: Path) -> tuple[Place, ServerUser | None]:
    """Make (or find again) the folders of an installation, and the user who runs its servers.

    The user is None unless we are root. Raises RunError with what to do.
    """
    found = read(data)
    user = server_user(_owner(found)) if is_root() else None
    make_data_folder(data, open_to_user=user is not None)
    place = found or Place(data, _choose_home(data, user), data / "run")
    _own_folder(place.home, user) if place.home != data else None
    place = replace(place, sockets=_settle_sockets(place, user))
    if place.home != data:
        # An operator who finds the folder can tell whose it is.
        (place.home / "belongs-to").write_text(f"{data}\n", encoding="utf-8")
    if place != found:
        write_private(data / "place.json", json.dumps(_record(place), indent=1) + "\n")
    return place, user


def make_data_folder(data: Path, *, open_to_user: bool = False) -> None:
    """Make the data folder private; one that exists keeps its mode. Raises RunError."""
    try:
        data.parent.mkdir(parents=True, exist_ok=True)
        data.mkdir(mode=0o700)
        # x for others lets the server user reach its own 0700 folder; nothing can be listed.
        data.chmod(0o711 if open_to_user else 0o700)
    except FileExistsError:
        if not data.is_dir():
            raise RunError(f"EMBERWATCH_DATA is {data}, which is not a folder.") from None
    except OSError as error:
        raise RunError(
            f"The data folder {data} cannot be made ({error.strerror}): set EMBERWATCH_DATA."
        ) from None
    if not os.access(data, os.W_OK | os.X_OK):
        raise RunError(f"The data folder {data} cannot be written: set EMBERWATCH_DATA.")


def keep_secret(path: Path, make: str | None = None) -> str:
    """Read a secret's file, or write `make` (default: 50 random characters) into it, 0600."""
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        value = make or secrets.token_urlsafe(38)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    write_private(fresh, value + "\n")
    try:
        path.hardlink_to(fresh)
    except FileExistsError:  # somebody was faster: theirs counts
        value = path.read_text(encoding="ascii").strip()
    finally:
        fresh.unlink()
    return value


def open_log(path: Path) -> BinaryIO:
    """Open a server's log to append to, private; one that grew large starts anew."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    if path.is_file() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return os.fdopen(os.open(path, flags, 0o600), "ab")


def enterable(folder: Path, user: ServerUser) -> bool:
    """Whether the user may pass through a folder and all its parents."""
    return all(_may_enter(part, user) for part in [folder, *folder.resolve().parents])


def _may_enter(folder: Path, user: ServerUser) -> bool:
    info = folder.stat()
    if info.st_uid == user.uid:
        return bool(info.st_mode & stat.S_IXUSR)
    if info.st_gid == user.gid:
        return bool(info.st_mode & stat.S_IXGRP)
    return bool(info.st_mode & stat.S_IXOTH)


def _owner(place: Place | None) -> int:
    """User id that made the cluster, 0 when there is none: root goes on with the same one."""
    try:
        return place.cluster.stat().st_uid if place else 0
    except FileNotFoundError:
        return 0


def _choose_home(data: Path, user: ServerUser | None) -> Path:
    if user is None or enterable(data, user):
        return data
    if not os.access(OUTSIDE, os.W_OK):
        raise RunError(
            f"User {user.name}, who runs the servers, may not enter {data}: set EMBERWATCH_DATA to "
            "a folder whose parents everybody may enter, or start as an ordinary user."
        )
    return OUTSIDE / f"emberwatch-{secrets.token_hex(4)}"


def _settle_sockets(place: Place, user: ServerUser | None) -> Path:
    """A private socket folder with a short path; /tmp may have been swept since last time."""
    folder = place.sockets if place.sockets.parent != place.data else place.home / "run"
    short = len(os.fsencode(folder)) <= SOCKET_ROOM and folder.parent.is_dir()
    if short and _own_folder(folder, user):
        return folder
    made = Path(tempfile.mkdtemp(prefix="emberwatch-", dir=_short_folder()))
    _own_folder(made, user)
    return made


def _short_folder() -> str:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    usable = runtime and len(runtime) < SOCKET_ROOM - 20 and os.access(runtime, os.W_OK)
    return runtime if usable and not is_root() else "/tmp"  # noqa: S108 - mkdtemp makes it private


def _own_folder(folder: Path, user: ServerUser | None) -> bool:
    """Make a 0700 folder of the server user; False when one exists that is somebody else's."""
    uid = os.geteuid() if user is None else user.uid
    try:
        folder.mkdir(mode=0o700)
        if user is not None:
            os.chown(folder, user.uid, user.gid)
    except FileExistsError:
        pass
    info = folder.lstat()
    if info.st_uid == 0 and user is not None and not any(folder.iterdir()):
        os.chown(folder, user.uid, user.gid)  # ours: mkdtemp, or a start that was killed here
        info = folder.lstat()
    return stat.S_ISDIR(info.st_mode) and info.st_uid == uid and not info.st_mode & 0o077


def _record(place: Place) -> dict[str, str]:
    return {key: str(value) for key, value in asdict(place).items() if key != "data"}


def write_private(path: Path, text: str) -> None:
    """Write a 0600 file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def told_url(data: Path) -> str:
    """The address of the stack that runs on this data folder; "" when none does."""
    try:
        facts = json.loads((data / "ready.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""
    return str(facts.get("url", ""))
