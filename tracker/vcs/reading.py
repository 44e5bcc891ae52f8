"""What a clone says: names to commits, files, ranges, patches, blame. Raises GitError.

Everything is bounded: a page or task that asks gets an answer within seconds, or an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from tracker.domain.culprits import Patch
from tracker.domain.hunks import Change, Hunk
from tracker.vcs import git

LOG_SECONDS = 15.0
QUICK_SECONDS = 5.0
MOST_COMMITS = 1_000
"""Of a range."""
MOST_PATCHES = 80
"""Commits whose patches are read."""
LONGEST_FILE = 1024 * 1024
MOST_TREE = 32 * 1024 * 1024
_SHA = re.compile(r"[0-9a-f]{7,64}")
_HEAD = "%H%x1f%ct%x1f%aE%x1f%aN%x1f%s"
_HEADED = re.compile(r"[0-9a-f]{40,64}\x1f\d+\x1f")
_HUNK = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)")


class Logged(Struct, frozen=True):
    """A commit with the files it touched."""

    sha: str
    author: str
    email: str
    at: datetime
    subject: str
    files: tuple[tuple[str, str, str], ...]
    """(A, M, D or R; path before or ""; path after or "")."""


class Blamed(Struct, frozen=True):
    """Who last wrote a line."""

    line: int
    sha: str
    author: str
    email: str
    at: datetime
    subject: str
    boundary: bool
    """History ends there: it may be older."""


def is_sha(text: str) -> bool:
    """Whether a text may be given to git as the name of a commit."""
    return bool(_SHA.fullmatch(text))


def resolve(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """The commits that some names stand for (tags, commits), by name; unknown ones are absent."""
    fit = [name for name in dict.fromkeys(names) if name and re.fullmatch(r"[!-~]{1,250}", name)]
    given = "".join(f"{name}^{{commit}}\n" for name in fit)
    said = git.run(
        "cat-file", "--batch-check=%(objectname) %(objecttype)",
        folder=folder, seconds=LOG_SECONDS, given=given.encode(),
    ).decode("utf-8", "replace")  # fmt: skip
    found = {}
    for name, line in zip(fit, said.splitlines(), strict=False):
        sha, _, kind = line.partition(" ")
        if kind == "commit" and is_sha(sha):
            found[name] = sha
    return found


def files(folder: Path, sha: str) -> tuple[str, ...]:
    """Paths of all files of a commit."""
    words = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", sha)
    said = git.run(*words, folder=folder, seconds=QUICK_SECONDS, most=MOST_TREE)
    return tuple(path.decode("utf-8", "replace") for path in said.split(b"\0") if path)


def contents(folder: Path, sha: str, paths: Sequence[str]) -> dict[str, str]:
    """The text of files at a commit; what is missing, too long or not text is absent."""
    fit = [path for path in paths if "\n" not in path]
    given = "".join(f"{sha}:{path}\n" for path in fit).encode()
    looked = git.run(
        "cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize)",
        folder=folder, seconds=QUICK_SECONDS, given=given,
    ).decode("utf-8", "replace")  # fmt: skip
    wanted: dict[str, str] = {}
    for path, line in zip(fit, looked.splitlines(), strict=False):
        parts = line.split(" ")
        if len(parts) == 3 and parts[1] == "blob" and int(parts[2]) <= LONGEST_FILE:
            wanted[path] = parts[0]
    if not wanted:
        return {}
    given = "".join(f"{name}\n" for name in wanted.values()).encode()
    said = git.run(
        "cat-file", "--batch", folder=folder, seconds=QUICK_SECONDS, given=given,
        most=(LONGEST_FILE + 200) * len(wanted),
    )  # fmt: skip
    texts = _texts(said)
    return {path: texts[name] for path, name in wanted.items() if name in texts}


def _texts(said: bytes) -> dict[str, str]:
    found, place = {}, 0
    while place < len(said):
        end = said.index(b"\n", place)
        parts = said[place:end].decode().split(" ")
        if len(parts) != 3:
            break
        body = said[end + 1 : end + 1 + int(parts[2])]
        if b"\0" not in body[:8_000]:
            found[parts[0]] = body.decode("utf-8", "replace")
        place = end + 2 + int(parts[2])
    return found


def log(
    folder: Path, head: str, base: str = "", most: int = MOST_COMMITS,
    since: datetime | None = None, skip: int = 0,
) -> tuple[Logged, ...]:  # fmt: skip
    """Commits of `head` that `base` has not, newest first, merges and the first `skip` left out."""
    words = ["log", "-z", "--no-merges", "--topo-order", "-M", "--name-status", f"-n{most}"]
    if skip:
        words.append(f"--skip={skip}")
    if since is not None:
        words.append(f"--since={since.astimezone(UTC).isoformat()}")
    said = git.run(
        *words, f"--format=%x1e{_HEAD}", f"{base}..{head}" if base else head, "--",
        folder=folder, seconds=LOG_SECONDS, most=16 * 1024 * 1024,
    )  # fmt: skip
    return tuple(_logged(record) for record in _records(said, "\x1e"))


def _records(said: bytes, mark: str) -> Iterator[str]:
    """Commits as we had them written; a mark in somebody's words makes no commit."""
    for record in said.decode("utf-8", "replace").split(mark):
        if _HEADED.match(record):
            yield record


def _logged(record: str) -> Logged:
    head, _, rest = record.partition("\0")
    sha, author, email, at, subject = _told(head)
    tokens = [token.strip("\n") for token in rest.split("\0")]
    touched: list[tuple[str, str, str]] = []
    place = 0
    while place < len(tokens):
        kind = tokens[place][:1]
        if not kind:
            place += 1
        elif kind in "RC" and place + 2 < len(tokens):
            touched.append(("R" if kind == "R" else "A", tokens[place + 1], tokens[place + 2]))
            place += 3
        elif place + 1 < len(tokens):
            path = tokens[place + 1]
            before, after = "" if kind == "A" else path, "" if kind == "D" else path
            touched.append((kind if kind in "AD" else "M", before, after))
            place += 2
        else:
            break
    return Logged(sha, author, email, at, subject, tuple(touched))


def _told(head: str) -> tuple[str, str, str, datetime, str]:
    sha, at, email, author, subject = [*head.strip("\n").split("\x1f", 4), "", "", ""][:5]
    return sha, author[:128], email[:254], datetime.fromtimestamp(int(at), UTC), subject[:300]


def patches(folder: Path, shas: Sequence[str], paths: Sequence[str]) -> dict[str, Patch]:
    """What commits did to some files, by commit. Lines are cut, long patches too."""
    if not shas or not paths:
        return {}
    said = git.run(
        "--literal-pathspecs", "log", "--no-walk=unsorted", "-p", "-U0", "-M", "--no-ext-diff",
        "--no-textconv", "--no-color", f"--format=%x00{_HEAD}", *shas[:MOST_PATCHES], "--", *paths,
        folder=folder, seconds=LOG_SECONDS, most=16 * 1024 * 1024,
    )  # fmt: skip
    found = {}
    for record in _records(said, "\0"):  # no text file has one
        head, _, body = record.partition("\n")
        sha, author, email, at, subject = _told(head)
        changes = tuple(_changes(body))
        found[sha] = Patch(sha, author, email, at, subject, len(changes), changes)
    return found


def _changes(body: str) -> Iterator[Change]:
    for part in re.split(r"^diff --git .*\n", body, flags=re.MULTILINE)[1:]:
        names = {"---": "", "+++": "", "rename from": "", "rename to": ""}
        header, _, rest = part.partition("\n@@ ")
        for line in header.splitlines():
            for name in names:
                if line.startswith(f"{name} "):
                    names[name] = line[len(name) + 1 :].split("\t")[0]
        was = names["rename from"] or names["---"].removeprefix("a/")
        path = names["rename to"] or names["+++"].removeprefix("b/")
        was, path = ("" if name == "/dev/null" else name for name in (was, path))
        if path or was:
            hunks = tuple(_hunks(f"@@ {rest}")) if rest else ()
            yield Change(path, was, hunks)


def _hunks(text: str) -> Iterator[Hunk]:
    spans: tuple[int, int, int, int] | None = None
    section, removed, added = "", [], []  # type: ignore[var-annotated]
    for line in [*text.split("\n"), "@@ end"]:
        if line.startswith("@@ "):
            if spans is not None:
                yield Hunk(*spans, section, tuple(removed), tuple(added))
            found = _HUNK.match(line)
            if found:
                spans = (int(found[1]), int(found[2] or 1), int(found[3]), int(found[4] or 1))
                section, removed, added = found[5][:200], [], []
        elif line.startswith("-") and len(removed) < 2_000:
            removed.append(line[1:501])
        elif line.startswith("+") and len(added) < 2_000:
            added.append(line[1:501])


def blame(folder: Path, sha: str, path: str, lines: Sequence[int]) -> tuple[Blamed, ...]:
    """Who last wrote these lines as they stand at a commit."""
    spans = [word for line in dict.fromkeys(lines) for word in ("-L", f"{line},{line}")]
    if not spans:
        return ()
    said = git.run(
        "blame", "--porcelain", "-w", "-M", *spans, sha, "--", path,
        folder=folder, seconds=QUICK_SECONDS, most=1024 * 1024,
    )  # fmt: skip
    return tuple(_blamed(said.decode("utf-8", "replace")))


def _blamed(said: str) -> Iterator[Blamed]:
    known: dict[str, dict[str, str]] = {}
    sha, line = "", 0
    for text in said.split("\n"):
        head = re.fullmatch(r"([0-9a-f]{40,64}) \d+ (\d+)(?: \d+)?", text)
        if head:
            sha, line = head[1], int(head[2])
            known.setdefault(sha, {})
        elif text.startswith("\t") and sha:
            yield _line(line, sha, known[sha])
        elif sha:
            name, _, value = text.partition(" ")
            known[sha][name] = value


def _line(line: int, sha: str, told: Mapping[str, str]) -> Blamed:
    at = datetime.fromtimestamp(int(told.get("committer-time", "0")), UTC)
    email = told.get("author-mail", "").strip("<>")
    return Blamed(
        line, sha, told.get("author", "")[:128], email[:254], at,
        told.get("summary", "")[:300], "boundary" in told,
    )  # fmt: skip
