"""Suspects among commits that only tools told of: files are known, lines are not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.domain import code_paths
from tracker.domain.code_paths import Tree
from tracker.domain.culprits import Case, Found, Patch, Site, rank
from tracker.domain.hunks import Change
from tracker.domain.stack_sites import Called
from tracker.models import Commit, Release

MOST = 500


def suspects(
    bad: Release | None, good: Release | None, calls: Sequence[Called], case: Case
) -> Found:
    """Rank what a release is said to have brought; says why when there is nothing to rank."""
    if bad is None:
        return Found(why="Its event names no release, and no repository is cloned.")
    rows = list(Commit.objects.filter(release=bad).order_by("position", "pk")[:MOST])
    if not rows:
        return Found(why=f"No commits are known of release {bad.version}.", bad=bad.version)
    tree = Tree(path for row in rows for path, _ in _files(row))
    placed = [(call, code_paths.locate(call.place, tree, ())) for call in calls]
    sites = [
        Site(at.path, call.line, call.function, call.weight, call.code) for call, at in placed if at
    ]
    patches = [
        Patch(
            row.sha, row.author_name, row.author_email, row.committed_at,
            row.message.partition("\n")[0][:300], len(row.patch_set),
            tuple(Change(path, "" if kind == "A" else path) for path, kind in _files(row)),
            bad.version,
        )
        for row in rows
    ]  # fmt: skip
    culprits = rank(sites, patches, case)
    before = good.version if good else ""
    why = "" if culprits else (
        f"None of the {len(rows)} commits of {bad.version} touches a file of the stack."
    )  # fmt: skip
    return Found(culprits, (), None, before, bad.version, len(rows), why)


def _files(row: Commit) -> list[tuple[str, str]]:
    told: Any = row.patch_set
    pairs = [(one.get("path"), one.get("type")) for one in told if isinstance(one, dict)]
    return [(path, str(kind)) for path, kind in pairs if isinstance(path, str) and path]
