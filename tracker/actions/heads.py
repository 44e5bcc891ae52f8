"""Which commit each release was made of, and which commits it brought, as the clone says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import transaction

from tracker.actions import releases
from tracker.actions.releases import CommitTold
from tracker.domain.release_health import in_order
from tracker.domain.versions import parse
from tracker.health import known
from tracker.models import Commit, Release, ReleaseHead, Repository
from tracker.vcs import clone, reading

LOOKED_AT = 300
"""Releases of a project whose commits are looked for, the newest."""
FILLED, FILLED_AMONG = 10, 50
"""Releases that one fetch fills with commits, among how many of the newest."""
MOST_COMMITS = 300
"""Of a release, filled from the clone."""
FIRST_COMMITS = 20
"""Of a project's first release, as sentry-cli tells them too."""
_INSIDE = re.compile(r"(?:^|[@+._g-])([0-9a-f]{7,40})(?=$|[._-](?:dirty|clean)$)")


def note(repository: Repository, now: datetime) -> int:
    """Find the commits of the newest releases; fill in what they brought. Raises GitError.

    Returns how many releases have a commit now that had none, or another one.
    """
    rows = list(Release.objects.filter(project=repository.project_id).order_by("-created_at", "-pk")
                [:LOOKED_AT])  # fmt: skip
    had = dict(
        ReleaseHead.objects.filter(repository=repository, release__in=rows).values_list(
            "release_id", "sha"
        )
    )
    found = resolve(repository, rows)
    fresh = {pk: head for pk, head in found.items() if had.get(pk) != head[0]}
    for release, (sha, how) in sorted(fresh.items()):
        ReleaseHead.objects.update_or_create(
            release_id=release, repository=repository, defaults={"sha": sha, "how": how, "at": now}
        )
    _fill(repository, rows, {**had, **{pk: head[0] for pk, head in found.items()}})
    _fill_neighbours(repository)
    return len(fresh)


def head_of(repository: Repository, release: Release, now: datetime) -> str:
    """The commit of one release, looked for now if it is not known; "" when nothing says.

    Raises GitError.
    """
    row = ReleaseHead.objects.filter(repository=repository, release=release).first()
    if row is not None:
        return row.sha
    found = resolve(repository, [release]).get(release.pk)
    if found is None:
        return ""
    ReleaseHead.objects.update_or_create(
        release=release, repository=repository,
        defaults={"sha": found[0], "how": found[1], "at": now},
    )  # fmt: skip
    return found[0]


def resolve(repository: Repository, rows: Sequence[Release]) -> dict[int, tuple[str, str]]:
    """Commit of each release and who said so, by id; the surest source first. Raises GitError."""
    told = dict(
        Commit.objects.filter(release__in=rows, position=0, repository=repository.name).values_list(
            "release_id", "sha"
        )
    )
    alone = not Repository.objects.filter(project=repository.project_id).exclude(
        pk=repository.pk
    ).exists()  # fmt: skip
    names = {row.pk: list(_names(row, repository, told.get(row.pk, ""), alone)) for row in rows}
    meant = reading.resolve(
        clone.folder_of(repository), [name for pairs in names.values() for name, _ in pairs]
    )
    found = {}
    for release, pairs in names.items():
        hit = next(((meant[name], how) for name, how in pairs if name in meant), None)
        if hit:
            found[release] = hit
    return found


def _names(
    release: Release, repository: Repository, told: str, alone: bool
) -> Iterable[tuple[str, str]]:
    """What the commit of a release may be called, and who says so."""
    for ref in _refs(release):
        if ref.get("commit") and (ref.get("repository") == repository.name or alone):
            yield str(ref["commit"]), "as the tool told"
    if told:
        yield told, "the newest commit that the tool told"
    version = release.version
    tags = dict.fromkeys((version, *_tags(version)))
    for tag in tags:
        yield f"refs/tags/{tag}", f"by the tag {tag}"
    inside = _INSIDE.search(version)
    if inside and not (inside[1].isdecimal() and len(inside[1]) < 12):
        yield inside[1], "named in the version"


def _refs(release: Release) -> list[Mapping[str, object]]:
    refs = release.refs if isinstance(release.refs, list) else []
    return [ref for ref in refs if isinstance(ref, Mapping)]


def _tags(version: str) -> Iterable[str]:
    """`shop@1.2.0+45` may be tagged `1.2.0`, `v1.2.0`, `shop-1.2.0`, `shop/v1.2.0` ..."""
    package, _, bare = version.rpartition("@")
    plain = bare.partition("+")[0]
    numbers = plain[1:] if plain[:1] in "vV" and plain[1:2].isdigit() else plain
    for text in dict.fromkeys((bare, plain, numbers)):
        yield text
        yield f"v{text}"
        yield f"release-{text}"
        yield f"release/{text}"
        if package:
            yield from (f"{package}{sign}{text}" for sign in ("@", "-", "-v", "/", "/v"))
    if (read := parse(version)) and package == "" and read.package:
        yield version[len(read.package) + 1 :]


# --- What releases brought ---------------------------------------------------------------------


def _fill(repository: Repository, rows: Sequence[Release], shas: Mapping[int, str]) -> None:
    """Write down the commits of releases that no tool has told of, newest releases first."""
    told = set(Commit.objects.filter(release__in=rows).values_list("release_id", flat=True))
    ordered = in_order([known(row) for row in rows if row.pk in shas])
    by_version = {row.version: row for row in rows}
    filled = 0
    chain = [by_version[one.version] for one in ordered[:FILLED_AMONG]]
    for place, release in enumerate(chain):
        if release.pk in told or filled >= FILLED:
            continue
        older = chain[place + 1] if place + 1 < len(chain) else None
        if older is None and len(rows) > FILLED_AMONG:
            break  # it is not the first, only the last that is looked at
        base = _previous(release, repository) or (shas[older.pk] if older else "")
        most = MOST_COMMITS if base else FIRST_COMMITS
        entries = reading.log(clone.folder_of(repository), shas[release.pk], base, most)
        if entries:
            commits = [_told(entry, repository.name) for entry in entries]
            with transaction.atomic():
                releases.write_commits(release, commits)
            filled += 1


def _fill_neighbours(repository: Repository) -> None:
    """The same for releases of the team's other projects whose tool named this repository.

    sentry-cli asks for the repositories of all projects at once; one that keeps several
    projects' code need not be cloned for each.
    """
    named = Release.objects.filter(
        project__team=repository.project.team_id, refs__contains=[{"repository": repository.name}]
    )
    others = named.exclude(project__repositories__name=repository.name)
    waiting = others.filter(commits__isnull=True).order_by("-created_at", "-pk")[:FILLED]
    for release in waiting:
        head = _told_head(release, repository)
        if not head:
            continue
        before = others.filter(project=release.project_id, created_at__lt=release.created_at)
        older = before.order_by("-created_at", "-pk").first()
        base = _previous(release, repository) or (_told_head(older, repository) if older else "")
        most = MOST_COMMITS if base else FIRST_COMMITS
        entries = reading.log(clone.folder_of(repository), head, base, most)
        with transaction.atomic():
            releases.write_commits(release, [_told(entry, repository.name) for entry in entries])


def _told_head(release: Release, repository: Repository) -> str:
    """The commit that a tool named of this repository; "" when the clone knows no such one."""
    told = [str(ref.get("commit") or "") for ref in _refs(release)
            if ref.get("repository") == repository.name]  # fmt: skip
    known_here = reading.resolve(clone.folder_of(repository), [sha for sha in told if sha])
    return next((known_here[sha] for sha in told if sha in known_here), "")


def _previous(release: Release, repository: Repository) -> str:
    """Where a release began, as the tool told; "" when the clone knows no such commit."""
    for ref in _refs(release):
        previous = str(ref.get("previousCommit") or "")
        if ref.get("repository") == repository.name and reading.is_sha(previous):
            known_here = reading.resolve(clone.folder_of(repository), [previous])
            return known_here.get(previous, "")
    return ""


def _told(entry: reading.Logged, name: str) -> CommitTold:
    touched = [
        (path, kind if kind in "AD" else "M")
        for kind, was, after in entry.files
        for path in ([was, after] if kind == "R" else [after or was])
    ]
    return CommitTold(
        sha=entry.sha, committed_at=entry.at, repository=name,
        message=entry.subject.replace("\x00", ""), author_name=entry.author.replace("\x00", ""),
        author_email=entry.email, patch_set=tuple(touched[:200]),
    )  # fmt: skip
