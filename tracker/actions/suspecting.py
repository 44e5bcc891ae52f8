"""Look for the commits that brought an issue: in the worker, after it is new or came back.

The digest never waits for it. Nobody is assigned: a page says whom the code points to, how
sure that is and why, and a person decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import structlog
from msgspec import Struct

from tracker import health, suspected
from tracker.actions import heads, told_commits
from tracker.actions.ownership import pools_of
from tracker.domain.code_paths import read_rules
from tracker.domain.culprits import Case, Found, Site, Touched, rank
from tracker.domain.stack_sites import Called, calls_of, words_of
from tracker.models import Environment, EventRow, Issue, Release, Repository
from tracker.origins import suspect_of
from tracker.payloads import PayloadError, unpack
from tracker.suspected import Arrival
from tracker.vcs import clone, git, placing, ranges, reading

LOOK_BACK = timedelta(days=3)
"""Arrivals older than that are not looked at any more: nobody waits for them."""
CHUNK = 20
PAUSES = (timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""After which an answer that lacks something is looked for again."""
BLAMED = 4
"""Lines whose last author is asked for."""

log = structlog.get_logger(__name__)


class Scene(Struct, frozen=True):
    """All that is known of one arrival."""

    issue: Issue
    came_back: bool
    at: datetime
    calls: tuple[Called, ...]
    words: frozenset[str]
    bad: Release | None
    good: Release | None
    suspect_release: str
    people: Mapping[str, int]


def work_off(until: datetime, clock: Callable[[], datetime]) -> int:
    """Look at what waits; returns how many issues were looked at."""
    if not suspected.alone():
        return 0
    seen = 0
    try:
        now = clock()
        for arrival in suspected.waiting(now - LOOK_BACK, now, CHUNK):
            if clock() >= until:
                break
            look(arrival, clock())
            seen += 1
    finally:
        suspected.done()
    return seen


def look(arrival: Arrival, now: datetime) -> Found:
    """Find the suspects of one issue and keep them."""
    scene = _scene(arrival)
    if scene is None:
        found, whole = Found(why="Its first event is not stored any more."), True
    else:
        found, whole = _find(scene, now)
    retry = None
    if not whole and arrival.tries < len(PAUSES):
        retry = now + PAUSES[arrival.tries]
    suspected.put(arrival, found, now, retry)
    return found


def _find(scene: Scene, now: datetime) -> tuple[Found, bool]:
    """What is found, and whether nothing more can be hoped for."""
    if not scene.calls:
        return Found(why="Its stack names no code of the application."), True
    rows = Repository.objects.filter(project=scene.issue.project_id).order_by("pk")
    repositories = [row for row in rows if row.head and clone.is_here(row)]
    limits = [] if repositories or not rows else ["the repository is not cloned yet"]
    best: tuple[float, Found, bool] | None = None
    for repository in repositories:
        try:
            weight, found, whole = _in_clone(repository, scene, now)
        except (git.GitError, ValueError) as error:
            log.warning("clone not readable", repository=repository.pk, why=str(error))
            limits.append(f"{repository.name} could not be read: {error}")
            continue
        if weight > (best[0] if best else 0.0):
            best = (weight, found, whole)
    if best is not None:
        return best[1], best[2]
    if repositories and not limits:
        limits.append("no file of the stack is in the repository: check the path mappings")
    told = told_commits.suspects(scene.bad, scene.good, scene.calls, _case(scene))
    if told.culprits or not limits:
        return told, scene.bad is None or bool(told.looked)
    return msgspec.structs.replace(told, why=_sentence(limits)), False


def _sentence(limits: Sequence[str]) -> str:
    text = "; ".join(limits)[:300]
    return f"{text[:1].upper()}{text[1:]}."


# --- In a clone --------------------------------------------------------------------------------


def _in_clone(
    repository: Repository, scene: Scene, now: datetime
) -> tuple[float, Found, bool]:  # fmt: skip
    """How much of the stack lies there, what is found, whether it is whole. Raises GitError."""
    folder = clone.folder_of(repository)
    bad = heads.head_of(repository, scene.bad, now) if scene.bad else ""
    good = heads.head_of(repository, scene.good, now) if scene.good else ""
    head = bad or ranges.at(folder, scene.at) or repository.head
    rules, _ = read_rules(repository.mappings)
    sites = placing.sites(folder, head, scene.calls, rules)
    if not sites:
        return 0.0, Found(), True
    chosen = ranges.between(
        folder, head, good, [site.path for site in sites], scene.at, _others(repository, scene)
    )
    bounded = bool(bad and good)
    case = msgspec.structs.replace(_case(scene), bounded=bounded)
    culprits = rank(sites, chosen.patches, case)
    why = _why(scene, bad, good, chosen, bool(culprits))
    found = Found(
        culprits, _touched(repository, head, sites, chosen.shas), repository.pk,
        scene.good.version if good and scene.good else "",
        scene.bad.version if bad and scene.bad else "", len(chosen.shas), why,
    )  # fmt: skip
    whole = bounded or scene.bad is None or (bool(bad) and scene.good is None)
    return sum(site.weight for site in sites), found, whole


def _why(scene: Scene, bad: str, good: str, chosen: ranges.Range, any_found: bool) -> str:
    if scene.bad is None:
        return "Its event names no release: the commits of the two weeks before were looked at."
    if not bad:
        return (
            f"No commit is known for release {scene.bad.version}: the commits of the two weeks "
            "before were looked at."
        )
    if not good:
        return "No release before it has a known commit: the commits of two weeks were looked at."
    if not any_found:
        return (
            f"None of the {len(chosen.shas)} commits between {_known(scene.good)} and "
            f"{scene.bad.version} touches a file of the stack."
        )
    return ""


def _known(release: Release | None) -> str:
    return release.version if release else ""


def _touched(
    repository: Repository, head: str, sites: Sequence[Site], shas: Sequence[str]
) -> tuple[Touched, ...]:
    """Who last wrote the lines of the stack, the crash first; what git can't say is left out."""
    found = []
    cut = (clone.folder_of(repository) / "shallow").exists()  # there, history just ends
    for site in [one for one in sites if one.line is not None][:BLAMED]:
        try:
            said = reading.blame(clone.folder_of(repository), head, site.path, [site.line or 0])
        except (git.GitError, ValueError):
            continue  # the line does not exist there, or its history is too deep to walk
        found += [
            Touched(site.path, one.line, one.sha, one.author, one.email, one.at, one.subject,
                    one.sha in shas)
            for one in said if not (cut and one.boundary)
        ]  # fmt: skip
    return tuple(found)


def _others(repository: Repository, scene: Scene) -> dict[str, str]:
    """Versions by the commits they were made of, of all releases of the repository."""
    rows = repository.heads.select_related("release").order_by("-release_id")[:500]
    found = {row.sha: row.release.version for row in rows}
    if scene.bad is not None:  # of two releases of one commit, the one that it is about
        for row in rows:
            if row.release_id == scene.bad.pk:
                found[row.sha] = scene.bad.version
    return found


# --- What is known beside it -------------------------------------------------------------------


def _scene(arrival: Arrival) -> Scene | None:
    """None when the issue, or all of its events, are gone."""
    issue = (
        Issue.objects.live()
        .filter(project=arrival.project_id, pk=arrival.issue_id)
        .select_related("project", "first_release", "resolved_release")
        .first()
    )
    event = _event(issue, arrival.data) if issue else None
    if issue is None or event is None:
        return None
    try:
        data = unpack(bytes(event.payload), event.dictionary)
    except PayloadError:
        return None
    came_back = arrival.kind == "regressed"
    bad = Release.objects.filter(project=issue.project_id, pk=event.release_id or 0).first()
    good = _good(bad, event.environment_id) if bad else None
    deploy = suspect_of(issue, arrival.at, bad, _environment(event.environment_id), came_back)
    people = pools_of([issue.project])[issue.project_id].people
    return Scene(
        issue, came_back, arrival.at, calls_of(data), words_of(data), bad, good,
        deploy.rollout.release if deploy else "",
        {name: user for name, user in people.items() if "@" in name},
    )  # fmt: skip


def _event(issue: Issue, data: Mapping[str, Any]) -> EventRow | None:
    """The event that made it arrive, else the newest."""
    rows = EventRow.objects.of_issue(issue.project_id, issue.pk)
    try:
        exact = rows.filter(event_id=UUID(str(data.get("event_id")))).first()
    except ValueError:
        exact = None
    return exact or rows.first()


def _good(bad: Release, environment: int) -> Release | None:
    """The last release without it: what was seen in one was not resolved before the next."""
    return health.predecessor(bad, [environment]) or health.predecessor(bad, None)


def _environment(number: int) -> str | None:
    return Environment.objects.filter(pk=number).values_list("name", flat=True).first()


def _case(scene: Scene) -> Case:
    return Case(scene.words, scene.suspect_release, scene.people, scene.good is not None)
