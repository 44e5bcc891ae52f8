"""Child processes: started so that none outlives us, and stopped for certain."""

import ctypes
import ctypes.util
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

from config.run.user import ServerUser

PR_SET_PDEATHSIG = 1
M_MMAP_THRESHOLD = -3
POLL = 0.02
"""Seconds between two looks at something that is about to happen."""

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to signal us when our parent ends, however it ends (Linux only)."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def return_large_blocks(size: int = 256 * 1024) -> None:
    """Have blocks of so many bytes and more go back to the system when freed (glibc only).

    It raises that limit with each such block, up to 32 MiB, and keeps them for good.
    """
    if _libc is not None and hasattr(_libc, "mallopt"):
        _libc.mallopt(M_MMAP_THRESHOLD, size)


def spawn(
    command: Sequence[str],
    *,
    user: ServerUser | None = None,
    farewell: int = signal.SIGTERM,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: int | IO[bytes] = subprocess.DEVNULL,
    stdout: int | IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child, as another user if given, that gets `farewell` should we be killed.

    It has its own session: a Ctrl-C of the terminal reaches us alone, and we stop it in order.
    """
    return subprocess.Popen(
        list(command),
        user=None if user is None else user.uid,
        group=None if user is None else user.gid,
        extra_groups=None if user is None else [],
        cwd=cwd,
        env=None if env is None else dict(env),
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_farewell(farewell),  # noqa: PLW1509 - we have no threads when we fork
    )


def stop(child: subprocess.Popen[bytes], *steps: tuple[int, float]) -> None:
    """Signal a child until it is gone: each step is a signal and the seconds it gets."""
    for number, patience in (*steps, (signal.SIGKILL, 5.0)):
        if child.poll() is not None:
            return
        child.send_signal(number)
        try:
            child.wait(patience)
        except subprocess.TimeoutExpired:
            continue


def wait_until(ready: Callable[[], bool], seconds: float) -> bool:
    """Poll `ready` until it is true or the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


def alive(pid: int) -> bool:
    """Whether a process of that number runs (and is not just waiting to be reaped)."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return not Path("/proc/self").exists()


def _farewell(number: int) -> Callable[[], None]:
    parent = os.getpid()

    def before_exec() -> None:
        die_with_parent(number)
        if os.getppid() != parent:  # it died between fork and here
            os._exit(1)

    return before_exec
