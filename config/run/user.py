"""Who runs the embedded servers: as root a dedicated user, otherwise ourselves."""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass

from config.run.errors import RunError

NAME = "emberwatch"


@dataclass(frozen=True)
class ServerUser:
    """An account of this machine."""

    name: str
    uid: int
    gid: int


def is_root() -> bool:
    """Whether we may, and must, drop to another user."""
    return os.geteuid() == 0


def own_name() -> str:
    """Name of our own account. Raises RunError when this machine has none for us."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise RunError(
            f"User id {os.geteuid()} has no name on this machine, and PostgreSQL needs one: "
            "add it to /etc/passwd, or set DATABASE_URL."
        ) from None


def server_user(owner: int = 0) -> ServerUser:
    """Who runs the servers for root: the owner of existing data, else the dedicated account,
    made at the first start. Raises RunError.
    """
    if owner:
        try:
            entry = pwd.getpwuid(owner)
        except KeyError:
            raise RunError(
                f"The data belongs to user id {owner}, which has no name here: give it one."
            ) from None
        return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)
    try:
        entry = pwd.getpwnam(NAME)
    except KeyError:
        _make_user()
        entry = pwd.getpwnam(NAME)
    if entry.pw_uid == 0:
        raise RunError(f"User {NAME} is root on this machine: servers need an ordinary one.")
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _make_user() -> None:
    useradd = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    adduser = shutil.which("adduser") or shutil.which("adduser", path="/usr/sbin:/sbin")
    if useradd:
        shell = "/usr/sbin/nologin"
        command = [useradd, "--system", "--no-create-home", "--user-group", "-s", shell, NAME]
    elif adduser:
        command = [adduser, "-S", "-D", "-H", NAME]
    else:
        command = ["false"]
    done = subprocess.run(command, check=False, capture_output=True)
    try:
        pwd.getpwnam(NAME)
    except KeyError:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[-1] if said else "no useradd here"
        raise RunError(
            f"As root the servers need their own user, and {NAME!r} cannot be made ({reason}): "
            "make it yourself, start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from None
