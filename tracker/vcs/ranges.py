"""The commits among which a culprit is looked for, with what they did to the files of a stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from msgspec import Struct

from tracker.domain.culprits import Patch
from tracker.vcs import git, reading

FORTNIGHT = timedelta(days=14)
"""How far back commits are looked at where no good release is known."""
MOST_UNBOUNDED = 300


class Range(Struct, frozen=True):
    """Commits between two releases."""

    shas: tuple[str, ...]
    """All of them, newest first."""
    patches: tuple[Patch, ...]
    """Those that touch a file of the stack, newest first."""


def at(folder: Path, when: datetime) -> str:
    """The newest commit of the default branch at a time; "" when there is none. Raises GitError."""
    before = f"--before={when.astimezone(UTC).isoformat()}"
    try:
        said = git.run(
            "rev-list", "-1", before, "HEAD", folder=folder, seconds=reading.QUICK_SECONDS
        )
    except git.GitFailed:
        return ""  # there is no default branch
    return said.decode().strip()


def between(
    folder: Path, head: str, base: str, paths: Sequence[str], when: datetime,
    releases: Mapping[str, str],
) -> Range:  # fmt: skip
    """Commits of `head` that `base` has not; without one, those of two weeks before `when`.

    `paths`: files as they are called at `head`; renames are followed back. `releases`: the
    versions that are made of some commits. Raises GitError.
    """
    if base:
        entries = reading.log(folder, head, base)
    else:
        entries = reading.log(folder, head, "", MOST_UNBOUNDED, since=when - FORTNIGHT)
    names, chosen = followed(entries, paths)
    shas = [entry.sha for entry in chosen][: reading.MOST_PATCHES]
    patches = reading.patches(folder, shas, sorted(names))
    brought = brought_by(entries, releases)
    found = []
    for entry in chosen[: reading.MOST_PATCHES]:
        patch = patches.get(entry.sha)
        if patch is not None:
            files, release = len(entry.files), brought.get(entry.sha, "")
            found.append(msgspec.structs.replace(patch, files=files, release=release))
    return Range(tuple(entry.sha for entry in entries), tuple(found))


def followed(
    entries: Sequence[reading.Logged], paths: Sequence[str]
) -> tuple[set[str], list[reading.Logged]]:
    """All names that some files had, and the commits that touched them under one."""
    names, chosen = set(paths), []
    for entry in entries:
        older = {was for kind, was, now in entry.files if kind == "R" and now in names}
        names |= older
        if any(was in names or now in names for _, was, now in entry.files):
            chosen.append(entry)
    return names, chosen


def brought_by(
    entries: Sequence[reading.Logged], releases: Mapping[str, str]
) -> dict[str, str]:  # fmt: skip
    """The release that brought each commit: the next one that was made at or after it."""
    found, version = {}, ""
    for entry in entries:  # newest first
        version = releases.get(entry.sha, version)
        found[entry.sha] = version
    return found
