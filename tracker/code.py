"""What pages say of code: lines of frames, links to them, suspect commits.

Rides on queries that pages make anyway (`with_code`, `with_heads`); the clone is read at
display, within a second or so, and what it says is remembered. A clone that is not here,
or does not answer, only costs what it would have told.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import structlog
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.db.models.functions import JSONObject
from msgspec import Struct

from tracker.domain import code_paths, weblinks
from tracker.domain.anatomy import Anatomy
from tracker.domain.code_paths import Place, read_rules
from tracker.domain.culprits import Culprit, Found, Touched
from tracker.domain.sights import Sight, Spot, around, clothed, wanted
from tracker.models import Commit, EventRow, Issue, IssueSuspects, ReleaseHead, Repository
from tracker.models.issue import IssueQuerySet
from tracker.vcs import clone, git, placing

PAUSE = 60.0
"""Seconds that a clone which did not answer is left alone by a process."""
MOST_REPOSITORIES = 5
"""Of one project that a page looks at."""

log = structlog.get_logger(__name__)
_failed: dict[str, float] = {}


class Source(Struct, frozen=True):
    """A repository, as far as pages need it."""

    id: int
    name: str
    provider: str
    web_url: str
    mappings: str
    folder: str
    head: str

    def line(self, sha: str, path: str, line: int | None) -> str:
        """Link to a line; "" when there can be none."""
        return weblinks.line_link(self.provider, self.web_url, sha, path, line)

    def commit(self, sha: str) -> str:
        """Link to a commit; "" when there can be none."""
        return weblinks.commit_link(self.provider, self.web_url, sha)


class Linked(Struct, frozen=True):
    """A suspect commit, and where to read it."""

    culprit: Culprit
    link: str


class LastTouch(Struct, frozen=True):
    """Who last wrote a line of the stack, and where to read the commit."""

    touched: Touched
    link: str

    @property
    def place(self) -> str:
        """Name of the file, and line."""
        return f"{self.touched.path.rpartition('/')[2]}:{self.touched.line}"


class Suspicion(Struct, frozen=True):
    """What a page says of suspect commits."""

    found: Found
    suspects: tuple[Linked, ...]
    touched: tuple[LastTouch, ...]


def with_code(rows: IssueQuerySet) -> IssueQuerySet:
    """The issues with their projects' repositories and their suspects, in the same query."""
    repositories = Repository.objects.filter(project=OuterRef("project_id")).order_by("pk")
    suspects = IssueSuspects.objects.filter(
        project_id=OuterRef("project_id"), issue_id=OuterRef("pk")
    )
    fields = {name: name for name in Source.__struct_fields__}
    return rows.annotate(
        code_sources=ArraySubquery(
            repositories.values(told=JSONObject(**fields))[:MOST_REPOSITORIES]
        ),
        code_suspects=ArraySubquery(suspects.values("found")),
    )


def with_heads(rows: QuerySet[EventRow]) -> QuerySet[EventRow]:
    """The events with the commits that their releases were made of, in the same query."""
    heads = ReleaseHead.objects.filter(release=OuterRef("release_id"))
    pair = JSONObject(repository="repository_id", sha="sha")
    return rows.annotate(code_heads=ArraySubquery(heads.values(pair=pair)))


def sources_of(issue: Issue) -> tuple[Source, ...]:
    """Of an issue that was loaded `with_code`."""
    told: list[dict[str, Any]] = getattr(issue, "code_sources", [])
    return tuple(Source(**one) for one in told)


def suspicion_of(issue: Issue) -> Suspicion | None:
    """Of an issue that was loaded `with_code`; None while nobody has looked."""
    told: list[Any] = getattr(issue, "code_suspects", [])
    return suspicion(told[0], sources_of(issue)) if told else None


def suspicion(told: Any, sources: Sequence[Source]) -> Suspicion | None:
    """What was found, with links; None when it can't be read."""
    try:
        found = msgspec.convert(told, Found)
    except msgspec.ValidationError:
        return None
    source = next((one for one in sources if one.id == found.repository), None)
    if source is None and len(sources) == 1 and found.repository is None:
        source = sources[0]  # told by a tool, of the only repository there is
    return Suspicion(
        found,
        tuple(Linked(one, source.commit(one.sha) if source else "") for one in found.culprits),
        tuple(LastTouch(one, source.commit(one.sha) if source else "") for one in found.touched),
    )


def with_links(project: int, commits: Sequence[Commit]) -> list[tuple[Commit, str]]:
    """Commits with links to them; a query where there are some."""
    if not commits:
        return []
    rows = Repository.objects.filter(project=project).values(*Source.__struct_fields__)
    sources = {row["name"]: Source(**row) for row in rows}
    alone = next(iter(sources.values())) if len(sources) == 1 else None
    return [
        (commit, source.commit(commit.sha) if source else "")
        for commit in commits
        for source in [sources.get(commit.repository) or alone]
    ]


# --- Frames ------------------------------------------------------------------------------------


def shown(issue: Issue, event: EventRow | None, anatomy: Anatomy) -> Anatomy:
    """An event with links to its lines, and with code where the SDK sent none."""
    sources = sources_of(issue)
    spots = wanted(anatomy) if sources and event is not None else {}
    told: list[dict[str, Any]] = getattr(event, "code_heads", [])
    heads = {one["repository"]: str(one["sha"]) for one in told}
    sights: dict[Spot, Sight] = {}
    for source in sources:
        left = {spot: bare for spot, bare in spots.items() if spot not in sights}
        if left:
            sights.update(_sights(source, heads.get(source.id, ""), left))
    return clothed(anatomy, sights)


def _sights(source: Source, release: str, spots: Mapping[Spot, bool]) -> dict[Spot, Sight]:
    """What one repository knows of frames; `release`: the commit of the event's release."""
    sha = release or source.head
    rules, _ = read_rules(source.mappings)
    if not sha:
        return {}
    folder = clone.clones() / f"{source.folder}.git"
    places = [place for place, _ in spots]
    if not (folder / "HEAD").is_file() or _failed.get(source.folder, 0.0) > time.monotonic():
        return _by_rules(source, sha, spots, rules)
    try:
        found = placing.locate(folder, sha, places, rules)
        # Lines of another commit would be the wrong ones.
        bare = [found[place].path for (place, line), bare in spots.items()
                if bare and line and release and place in found]  # fmt: skip
        texts = placing.lines(folder, sha, bare) if bare else {}
    except git.GitError as error:
        log.warning("clone does not answer", repository=source.id, why=str(error))
        _failed[source.folder] = time.monotonic() + PAUSE
        return _by_rules(source, sha, spots, rules)
    sights = {}
    for place, line in spots:
        if place in found:
            path = found[place].path
            text = around(texts.get(path, ()), line or 0) if spots[place, line] else ()
            sights[place, line] = Sight(source.line(sha, path, line), text, sha)
    return sights


def _by_rules(
    source: Source, sha: str, spots: Mapping[Spot, bool], rules: Sequence[code_paths.PathRule]
) -> dict[Spot, Sight]:
    """Links by mappings alone, where no clone says which files there are."""
    found = {}
    for place, line in spots:
        path = next(filter(None, (_mapped(rule, place) for rule in rules)), "")
        if path:
            found[place, line] = Sight(source.line(sha, path, line))
    return found


def _mapped(rule: code_paths.PathRule, place: Place) -> str:
    named = (code_paths.apply(rule, path) for path in code_paths.spellings(place))
    return next(filter(None, named), "")
