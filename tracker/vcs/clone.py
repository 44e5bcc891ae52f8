"""The bare clone of a repository: made and fetched by the io worker alone.

CloneError          `str()` is one sentence for the page
"""

from __future__ import annotations

import base64
import os
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from msgspec import Struct

from tracker import vault
from tracker.domain.weblinks import Provider
from tracker.models import Repository
from tracker.vcs import git
from tracker.vcs.address import AddressError, Reached, reach

FETCH_SECONDS = 200.0
"""A clone that takes longer is tried again with less history; below the broker's 300 s."""
ASK_SECONDS = 30.0
SHORT_HISTORY = 2_000
"""Commits that are kept of a repository whose whole history takes too long or too much room."""
LEAST_FREE = 1024**3
"""Bytes that must stay free on the disk."""
_USERS = {
    Provider.GITHUB: "x-access-token", Provider.GITLAB: "oauth2",
    Provider.BITBUCKET: "x-token-auth", Provider.GITEA: "oauth2",
}  # fmt: skip
# Which lines begin a function, by kind of file: hunks then say which one they lie in.
_ATTRIBUTES = "".join(
    f"*.{ending} diff={kind}\n"
    for kind, endings in {
        "python": "py pyi", "ruby": "rb rake", "golang": "go", "java": "java", "kotlin": "kt kts",
        "rust": "rs", "php": "php", "csharp": "cs", "cpp": "c h cc cpp hpp m mm", "perl": "pl pm",
        "elixir": "ex exs", "dts": "dts",
    }.items()
    for ending in endings.split()
)  # fmt: skip


class CloneError(Exception):
    """The clone could not be made or fetched."""


class Fetched(Struct, frozen=True):
    """How a clone is after a fetch."""

    branch: str
    head: str
    size: int
    shortened: bool = False
    """Its history was cut, since all of it took too long or too much room."""


def clones() -> Path:
    """The folder of all clones."""
    return Path(settings.EMBERWATCH_DATA) / "clones"


def folder_of(repository: Repository) -> Path:
    """Where its bare clone lies, whether or not it is there."""
    return clones() / f"{repository.folder}.git"


def is_here(repository: Repository) -> bool:
    """Whether this machine has the clone."""
    return (folder_of(repository) / "HEAD").is_file()


def fetch(repository: Repository) -> Fetched:
    """Bring the clone up to date; makes it where there is none. Raises CloneError."""
    try:
        git.program()
        reached = reach(repository.url)
        folder = _prepared(repository)
        with _credentials(repository, reached) as door:
            branch = _default_branch(folder, reached, door)
            shortened = _bring(repository, folder, reached, door)
        return _settled(folder, branch, shortened)
    except (git.GitError, AddressError, vault.VaultError) as error:
        _sweep(folder_of(repository))
        raise CloneError(_said(error, bool(repository.sealed))) from None
    except OSError as error:
        raise CloneError(f"The clone can't be written: {error.strerror}.") from None


def remove(name: str) -> None:
    """Delete a clone by the name of its folder (without `.git`)."""
    shutil.rmtree(clones() / f"{name}.git", ignore_errors=True)


class _Door(Struct, frozen=True):
    """How one call gets in: never in its arguments."""

    config: tuple[tuple[str, str], ...] = ()
    environment: dict[str, str] = {}


@contextmanager
def _credentials(repository: Repository, reached: Reached) -> Iterator[_Door]:
    """What a call needs to get in; a key lies in a file for as long as it runs."""
    secrets, address = vault.unseal(repository.sealed), reached.address
    if address.scheme == "file":
        yield _Door()
        return
    if address.scheme == "ssh":
        with tempfile.TemporaryDirectory(prefix="emberwatch-ssh-") as private:
            yield _Door(environment=_ssh(repository, reached, secrets, Path(private)))
        return
    numbers = ",".join(f"[{n}]" if ":" in n else n for n in reached.numbers)
    config = [("http.curloptResolve", f"{address.host}:{address.port}:{numbers}")]
    if secrets.get("token"):
        user = repository.username or _USERS.get(Provider(repository.provider), "git")
        word = base64.b64encode(f"{user}:{secrets['token']}".encode()).decode()
        config.append(("http.extraHeader", f"Authorization: Basic {word}"))
    yield _Door(tuple(config))


def _ssh(
    repository: Repository, reached: Reached, secrets: dict[str, str], private: Path
) -> dict[str, str]:
    """GIT_SSH_COMMAND with our own key, known hosts and address, and nothing of the system's."""
    if not shutil.which("ssh"):
        raise git.GitMissing("ssh is not installed on this machine: install it beside git")
    if not secrets.get("key"):
        raise git.GitFailed("ssh needs a private key: enter one that may read the repository")
    key, hosts = private / "key", folder_of(repository) / "known_hosts"
    key.touch(mode=0o600)
    key.write_text(secrets["key"].replace("\r\n", "\n").strip() + "\n")
    strict = "accept-new"
    if repository.known_hosts.strip():
        hosts, strict = private / "known_hosts", "yes"
        hosts.write_text(repository.known_hosts.replace("\r\n", "\n").strip() + "\n")
    options = {
        "BatchMode": "yes", "IdentitiesOnly": "yes", "IdentityAgent": "none",
        "UserKnownHostsFile": str(hosts), "GlobalKnownHostsFile": os.devnull,
        "StrictHostKeyChecking": strict, "HostKeyAlias": _alias(reached),
        "HostName": reached.numbers[0], "ConnectTimeout": "10", "ForwardAgent": "no",
        "PermitLocalCommand": "no", "ProxyCommand": "none", "ClearAllForwardings": "yes",
        "PreferredAuthentications": "publickey", "LogLevel": "ERROR",
    }  # fmt: skip
    words = ["ssh", "-F", os.devnull, "-i", str(key)]
    words += [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
    return {"GIT_SSH_COMMAND": shlex.join(words), "GIT_SSH_VARIANT": "ssh"}


def _alias(reached: Reached) -> str:
    """The name that known_hosts knows the host by."""
    address = reached.address
    return address.host if address.port == 22 else f"[{address.host}]:{address.port}"


def _prepared(repository: Repository) -> Path:
    """The clone's folder, made as an empty bare repository where it is new."""
    folder = folder_of(repository)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not (folder / "HEAD").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        words = ("init", "--bare", "--quiet", "--template=", "--initial-branch=none", str(folder))
        git.run(*words, folder=folder, seconds=ASK_SECONDS)
    (folder / "info").mkdir(exist_ok=True)
    (folder / "info" / "attributes").write_text(_ATTRIBUTES)
    return folder


def _default_branch(folder: Path, reached: Reached, door: _Door) -> str:
    """The branch that HEAD of the host stands for; also shows whether we get in at all."""
    address = reached.address
    said = git.run(
        "ls-remote", "--symref", "--", address.url, "HEAD",
        folder=folder, seconds=ASK_SECONDS, most=65_536, protocol=address.scheme,
        config=door.config, environment=door.environment,
    )  # fmt: skip
    for line in said.decode("utf-8", "replace").splitlines():
        if line.startswith("ref: refs/heads/") and line.endswith("\tHEAD"):
            return line.removeprefix("ref: refs/heads/").removesuffix("\tHEAD")
    return ""


def _bring(repository: Repository, folder: Path, reached: Reached, door: _Door) -> bool:
    """Fetch branches and tags; whether history had to be cut."""
    try:
        _fetch(folder, reached, door, repository.depth)
    except (git.GitLate, git.GitTooMuch):
        if repository.depth is not None or _has_commits(folder):
            raise
        _sweep(folder)
        _fetch(folder, reached, door, SHORT_HISTORY)
        return True
    return False


def _fetch(folder: Path, reached: Reached, door: _Door, depth: int | None) -> None:
    words = ["fetch", "--quiet", "--prune", "--force", "--no-tags", "--no-write-fetch-head"]
    if depth is not None:
        words.append(f"--depth={depth}")
    elif (folder / "shallow").exists():
        words.append("--unshallow")
    git.run(
        *words, "--", reached.address.url,
        "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*",
        folder=folder, seconds=FETCH_SECONDS, most=65_536, protocol=reached.address.scheme,
        config=door.config, environment=door.environment, watch=_room(folder),
    )  # fmt: skip


def _room(folder: Path) -> Callable[[], None]:
    """Stops a fetch that takes more than its share of the disk."""
    most = settings.CLONE_MB * 1024 * 1024

    def look() -> None:
        if size_of(folder) > most:
            raise git.GitTooMuch(
                f"the clone takes more than {settings.CLONE_MB:,} MiB (EMBERWATCH_CLONE_MB); "
                "keep fewer commits of its history"
            )
        if shutil.disk_usage(folder).free < LEAST_FREE:
            raise git.GitTooMuch("the disk is almost full: less than 1 GiB is free")

    return look


def size_of(folder: Path) -> int:
    """Bytes that a folder takes."""
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(where, name)).st_size  # noqa: PTH118 - hot
            except OSError:
                continue  # git's temporary files come and go
    return total


def _has_commits(folder: Path) -> bool:
    return (folder / "packed-refs").exists() or any((folder / "refs" / "heads").rglob("*"))


def _settled(folder: Path, branch: str, shortened: bool) -> Fetched:
    """Point HEAD at the default branch; pack when there are many packs."""
    if branch:
        words = ("symbolic-ref", "HEAD", f"refs/heads/{branch}")
        git.run(*words, folder=folder, seconds=ASK_SECONDS)
    if len(list((folder / "objects" / "pack").glob("*.pack"))) > 30:
        git.run("repack", "-adq", folder=folder, seconds=FETCH_SECONDS / 2)
    try:
        asked = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        head = git.run(*asked, folder=folder, seconds=ASK_SECONDS).decode().strip()
    except git.GitFailed:
        head = ""  # an empty repository, or one without a default branch
    return Fetched(branch[:255], head, size_of(folder), shortened)


def _sweep(folder: Path) -> None:
    """Take away what a stopped fetch left half done."""
    for pattern in ("objects/pack/tmp_*", "objects/incoming-*", "objects/tmp_objdir-*", "*.lock"):
        for left in folder.glob(pattern):
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink(missing_ok=True)


_REFUSED = "The host refuses the token."
_MEANT = (
    ("authentication failed", _REFUSED), ("invalid credentials", _REFUSED),
    ("http basic: access denied", _REFUSED), ("returned error: 401", _REFUSED),
    ("returned error: 403", "The host says that this token may not read the repository."),
    ("permission denied (publickey", "The host refuses the SSH key."),
    ("host key verification failed", "The host's SSH key is not the one that is known."),
    ("error in libcrypto", "The private key can't be read: paste all of it, without a passphrase."),
    ("certificate", "The host's certificate is not believed: name its authority in SSL_CERT_FILE."),
    ("returned error: 30", "The host redirects to another address: give that one."),
    ("url base from redirection", "The host redirects to another address: give that one."),
)  # fmt: skip


def _said(error: Exception, has_secret: bool) -> str:
    text = str(error)
    if "could not read username" in text.lower():
        return _REFUSED if has_secret else "The host asks for a token, and none is given."
    for sign, meaning in _MEANT:
        if sign in text.lower():
            return meaning
    if isinstance(error, vault.VaultError):
        return "The token was sealed with another SECRET_KEY: enter it again."
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
