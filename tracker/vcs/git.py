"""The `git` program, on a short lead: no prompts, no hooks, no helpers, bounded in time and bytes.

A repository's address and content are written by strangers to this server. So every call
starts from an empty environment, knows no configuration but ours, may speak one protocol,
and is killed with all its children when it takes too long or says too much. Credentials
travel in the environment of that one call, never in its arguments.

    GitError            `str()` is one sentence for the page
    ├── GitMissing      there is no git here, or one that is too old
    ├── GitLate         it took too long and was stopped
    ├── GitTooMuch      it said more, or took more room, than is allowed
    └── GitFailed       it said no
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import IO

OLDEST = (2, 37)
"""The first version that can be told which address to connect to (http.curloptResolve)."""
MOST_WORDS = 8_192
"""Bytes of what git complains that are read."""
_CREDENTIAL = re.compile(r"(?i)(://)[^/@\s]+@|authorization:.*|(?:bearer|basic)\s+\S+")

_OF_SSH = "fatal: Could not read from remote repository."
_SSH_SAYS = re.compile(
    r"(?i)permission denied|verification failed|connection \w+|timed out|not resolve|no route"
    r"|error in libcrypto|invalid format|too open|not found|does not appear|access denied"
)

# What every call is told; the empty helper takes away those that a system might have.
_ALWAYS = (
    ("core.hooksPath", os.devnull), ("core.fsmonitor", "false"), ("core.quotePath", "false"),
    ("credential.helper", ""), ("protocol.allow", "never"), ("protocol.ext.allow", "never"),
    ("http.followRedirects", "false"), ("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "30"),
    ("gc.auto", "0"), ("maintenance.auto", "false"), ("fetch.unpackLimit", "1"),
    ("fetch.recurseSubmodules", "false"), ("submodule.recurse", "false"),
    ("transfer.bundleURI", "false"), ("pack.threads", "1"), ("advice.detachedHead", "false"),
    ("log.showSignature", "false"), ("diff.renameLimit", "1000"),
)  # fmt: skip


class GitError(Exception):
    """Base of what goes wrong with git."""


class GitMissing(GitError):
    """There is no git here, or one that is too old."""


class GitLate(GitError):
    """It took too long."""


class GitTooMuch(GitError):
    """It said more, or took more room, than is allowed."""


class GitFailed(GitError):
    """It said no; `str()` is the first line of what it said."""


@lru_cache(maxsize=1)
def _program(search: str) -> str:
    found = shutil.which("git", path=search)
    if not found:
        raise GitMissing("git is not installed on this machine: install it beside the workers")
    said = subprocess.run(
        [found, "version"], capture_output=True, text=True, timeout=10, check=False, env={}
    ).stdout
    numbers = re.search(r"(\d+)\.(\d+)", said)
    if not numbers or (int(numbers[1]), int(numbers[2])) < OLDEST:
        wanted = ".".join(map(str, OLDEST))
        raise GitMissing(f"git {wanted} or newer is needed; this machine has “{said.strip()}”")
    return found


def program() -> str:
    """Path of git. Raises GitMissing."""
    return _program(os.environ.get("PATH", os.defpath))


def run(
    *words: str,
    folder: Path,
    seconds: float,
    most: int = 8 * 1024 * 1024,
    given: bytes = b"",
    protocol: str = "none",
    config: Sequence[tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    watch: Callable[[], None] | None = None,
) -> bytes:
    """What git says, at most `most` bytes, within `seconds`.

    `folder`: the bare repository. `given`: its input. `protocol`: the one it may speak.
    `config` and `environment` hold what must not be seen in arguments. `watch` is called
    about twice a second while it runs and may raise to stop it. Raises GitError.
    """
    settings = [*_ALWAYS, *config]
    if protocol != "none":
        settings.append((f"protocol.{protocol}.allow", "always"))
    with tempfile.TemporaryFile() as source:
        source.write(given)
        source.seek(0)
        child = subprocess.Popen(
            [program(), f"--git-dir={folder}", *words],
            stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**_environment(settings, protocol), **(environment or {})},
            cwd=folder.parent, start_new_session=True,
        )  # fmt: skip
        try:
            said, complaint = _listen(child, seconds, most, watch)
        finally:
            _end(child)
    if child.returncode != 0:
        raise GitFailed(sentence(complaint) or f"git ended with {child.returncode}")
    return said


def sentence(complaint: bytes) -> str:
    """The line of a complaint that says most, without anything like a credential."""
    text = _CREDENTIAL.sub(r"\1", complaint.decode("utf-8", "replace"))
    lines = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if line.startswith(("fatal:", "error:", "ERROR:"))]
    if telling and telling[0] == _OF_SSH:  # which said before it what is wrong
        telling = [line for line in lines if _SSH_SAYS.search(line)] or telling
    chosen = (telling or lines or [""])[0]
    plain = re.sub(r"^(?:fatal|error|ERROR): ?", "", chosen)
    return "".join(sign for sign in plain if sign.isprintable())[:300]


def _environment(settings: Sequence[tuple[str, str]], protocol: str) -> dict[str, str]:
    found = {
        "PATH": os.environ.get("PATH", os.defpath), "HOME": os.devnull, "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(_global()),
        "GIT_TERMINAL_PROMPT": "0", "GIT_ASKPASS": "", "SSH_ASKPASS": "",
        "SSH_ASKPASS_REQUIRE": "never", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ATTR_NOSYSTEM": "1", "GIT_ALLOW_PROTOCOL": protocol,
        "GIT_CONFIG_COUNT": str(len(settings)),
    }  # fmt: skip
    for place, (name, value) in enumerate(settings):
        found[f"GIT_CONFIG_KEY_{place}"] = name
        found[f"GIT_CONFIG_VALUE_{place}"] = value
    if authorities := os.environ.get("SSL_CERT_FILE"):  # as everything else here believes
        found["GIT_SSL_CAINFO"] = authorities
    return found


def _global() -> Path:
    """A file git also hands to the other side of a local fetch: folders of others are fine."""
    return Path(__file__).parent / "gitconfig"


def _listen(
    child: subprocess.Popen[bytes], seconds: float, most: int, watch: Callable[[], None] | None
) -> tuple[bytes, bytes]:
    assert child.stdout  # noqa: S101 - both were asked for
    assert child.stderr  # noqa: S101
    heard: dict[IO[bytes], bytearray] = {child.stdout: bytearray(), child.stderr: bytearray()}
    end = time.monotonic() + seconds
    with selectors.DefaultSelector() as selector:
        for stream in heard:
            selector.register(stream, selectors.EVENT_READ)
        while selector.get_map():
            left = end - time.monotonic()
            if left <= 0:
                raise GitLate(f"git took longer than {seconds:.0f} s")
            for key, _ in selector.select(min(left, 0.5)):
                stream = key.fileobj  # type: ignore[assignment]
                piece = os.read(key.fd, 65_536)
                if not piece:
                    selector.unregister(stream)
                _take(heard[stream], piece, most if stream is child.stdout else None)
            if watch is not None:
                watch()
    try:
        child.wait(max(end - time.monotonic(), 0.1))
    except subprocess.TimeoutExpired:
        raise GitLate(f"git took longer than {seconds:.0f} s") from None
    return bytes(heard[child.stdout]), bytes(heard[child.stderr])


def _take(heard: bytearray, piece: bytes, most: int | None) -> None:
    """Keep what is read; of complaints the end, which says why."""
    heard += piece
    if most is None:
        del heard[:-MOST_WORDS]
    elif len(heard) > most:
        raise GitTooMuch(f"git said more than {most // 1024:,} KiB")


def _end(child: subprocess.Popen[bytes]) -> None:
    """Leave no process behind: ssh and remote helpers are in the child's session."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
