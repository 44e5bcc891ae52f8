"""Verbs of repositories: configure, fetch when due, forget.

RepositoryError     `str()` is one sentence for the page
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Case, F, Q, When
from msgspec import Struct

from tracker import suspected, vault
from tracker.actions import audit, bells, heads
from tracker.domain import weblinks
from tracker.domain.code_paths import read_rules
from tracker.models import Project, Repository, User
from tracker.vcs import clone, git
from tracker.vcs.address import AddressError, read

MOST_REPOSITORIES = 20
"""Of one project."""
MOST_MAPPINGS = 20_000
"""Characters."""
EVERY = timedelta(minutes=15)
LEASE = timedelta(seconds=290)
"""Longer than a fetch may take, with what comes before and after it."""
AT_ONCE = 2
"""Fetches of all workers together: the others' threads are for pages and mails."""
_PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))

log = structlog.get_logger(__name__)


class RepositoryError(Exception):
    """What was asked makes no repository."""


class RepositoryTold(Struct, frozen=True):
    """A repository as somebody configures it."""

    name: str
    url: str
    provider: str = ""
    """"": by the name of the host."""
    web_url: str = ""
    """"": by the address."""
    username: str = ""
    secret: str | None = None
    """Token, or private key for ssh; None: as it was."""
    known_hosts: str = ""
    mappings: str = ""
    depth: int | None = None


def save(
    project: Project, row: Repository | None, told: RepositoryTold, actor: User | None,
    now: datetime, where: str = "",
) -> Repository:  # fmt: skip
    """Make or change a repository; it is fetched at once. Raises RepositoryError.

    `row`: the one to be changed. `where`: the address of who asks, for the audit log. A
    token never follows a repository to another address: it must be entered again.
    """
    checked = _checked(told, actor)
    with transaction.atomic():
        found = row or _new(project, now)
        before = _shown(found) if row else {}
        moved = row is None or found.url != checked.url
        if moved:
            found.folder, found.head, found.branch, found.size = new_folder(), "", "", 0
            found.state, found.fetched_at, found.sealed = Repository.State.WAITING, None, ""
            found.heads.all().delete() if row else None
        for name in ("name", "url", "provider", "web_url", "username", "known_hosts",
                     "mappings", "depth"):  # fmt: skip
            setattr(found, name, getattr(checked, name))
        if checked.secret is not None:
            kind = "key" if read(checked.url).scheme == "ssh" else "token"
            found.sealed = vault.seal({kind: checked.secret} if checked.secret else {})
        if not found.bell_sealed:
            bells.make_secret(found)
        found.problem, found.failures, found.due_at, found.leased_until = "", 0, now, None
        try:
            with transaction.atomic():
                found.save()
        except IntegrityError:
            raise RepositoryError(f"There is a repository “{checked.name}” already.") from None
        transaction.on_commit(bells.wake)
        _audit("changed" if row else "added", found, actor, where, before, _shown(found), now)
    return found


def new_folder() -> str:
    """A name for a clone that nobody has used."""
    return str(Repository._meta.get_field("folder").get_default())


def remove(row: Repository, actor: User | None, now: datetime, where: str = "") -> None:
    """Forget a repository; a worker deletes its clone. What was found with it stays."""
    with transaction.atomic():
        _audit("deleted", row, actor, where, _shown(row), {}, now)
        row.delete()


def ask(row: Repository, now: datetime) -> None:
    """Fetch it as soon as a worker is free."""
    Repository.objects.filter(pk=row.pk).update(due_at=now, failures=0)
    transaction.on_commit(bells.wake)


def _new(project: Project, now: datetime) -> Repository:
    if project.repositories.count() >= MOST_REPOSITORIES:
        raise RepositoryError(f"A project has at most {MOST_REPOSITORIES} repositories.")
    return Repository(project=project, created_at=now, due_at=now)


def _checked(told: RepositoryTold, actor: User | None) -> RepositoryTold:
    """What was told, tidied. Raises RepositoryError."""
    try:
        address = read(told.url)
    except AddressError as error:
        raise RepositoryError(str(error)) from None
    if address.scheme == "file" and not (actor and actor.is_superuser):
        raise RepositoryError("Only the instance's owner may name a folder of this machine.")
    guessed = address.path.strip("/").removesuffix(".git")
    name = (told.name.strip() or "/".join(guessed.split("/")[-2:]))[:200]
    if not name.isprintable():
        raise RepositoryError("A name is one line.")
    web = told.web_url.strip()
    if web and not weblinks.safe_base(web):
        raise RepositoryError("The address for people begins with https:// and has no ? or #.")
    if told.provider and told.provider not in weblinks.LABELS:
        raise RepositoryError("This kind of host is not known.")
    _, problems = read_rules(told.mappings)
    if problems:
        raise RepositoryError(f"Line {problems[0][0]} of the mappings: {problems[0][1]}.")
    if max(len(told.mappings), len(told.secret or ""), len(told.known_hosts)) > MOST_MAPPINGS:
        raise RepositoryError(f"Mappings and keys have at most {MOST_MAPPINGS:,} characters.")
    if told.depth is not None and not 1 <= told.depth <= 1_000_000:
        raise RepositoryError("Keep 1 to 1,000,000 commits of history, or leave it empty for all.")
    return RepositoryTold(
        name, address.url, told.provider or weblinks.provider_of(address.host).value,
        web or weblinks.web_base(address.scheme, address.host, address.port, address.path),
        told.username.strip()[:100], told.secret.strip() if told.secret is not None else None,
        told.known_hosts.strip(), told.mappings.replace("\r\n", "\n").strip(), told.depth,
    )  # fmt: skip


def _shown(row: Repository) -> dict[str, object]:
    """What the audit log says; the secret only as being there."""
    return {
        "name": row.name, "url": row.url, "provider": row.provider, "web_url": row.web_url,
        "username": row.username, "depth": row.depth, "mappings": row.mappings,
        "secret": "set" if row.sealed else "",
    }  # fmt: skip


def _audit(
    action: str, row: Repository, actor: User | None, where: str,
    before: dict[str, object], after: dict[str, object], now: datetime,
) -> None:  # fmt: skip
    audit.record(
        action, actor=actor, target=row, before=before, after=after, address=where, now=now
    )


# --- Fetching, in the worker -------------------------------------------------------------------


def work_off(until: datetime, clock: Callable[[], datetime]) -> int:
    """Fetch what is due, one after another; returns how many were fetched."""
    done = 0
    while (now := clock()) < until:
        row = _claim(now)
        if row is None:
            break
        _fetch(row, clock)
        done += 1
    return done


def _claim(now: datetime) -> Repository | None:
    """A repository that is due, for us alone; None when there is none or enough are fetching."""
    with transaction.atomic():
        if Repository.objects.filter(leased_until__gt=now).count() >= AT_ONCE:
            return None
        row = (
            Repository.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(leased_until__isnull=True) | Q(leased_until__lte=now), due_at__lte=now)
            .order_by("due_at")
            .first()
        )
        if row is not None:
            row.leased_until = now + LEASE
            row.save(update_fields=["leased_until"])
    return row


def _fetch(row: Repository, clock: Callable[[], datetime]) -> None:
    # Whoever gave it another address meanwhile is not overwritten, nor who asked again.
    mine = Repository.objects.filter(pk=row.pk, folder=row.folder)
    asked_again = Q(due_at__gt=row.due_at)
    try:
        fetched = clone.fetch(row)
    except clone.CloneError as error:
        pause = _PAUSES[min(row.failures, len(_PAUSES) - 1)]
        mine.update(
            state=Repository.State.FAILED, problem=str(error)[:400], failures=row.failures + 1,
            due_at=Case(When(asked_again, then=F("due_at")), default=clock() + pause),
            leased_until=None,
        )  # fmt: skip
        log.info("repository not fetched", repository=row.pk, why=str(error))
        return
    now = clock()
    changes: dict[str, object] = {
        "state": Repository.State.READY, "problem": "", "failures": 0,
        "due_at": Case(When(asked_again, then=F("due_at")), default=now + EVERY),
        "leased_until": None, "branch": fetched.branch, "head": fetched.head,
        "size": fetched.size, "fetched_at": now,
    }  # fmt: skip
    if fetched.shortened:
        changes["depth"] = clone.SHORT_HISTORY
        changes["problem"] = (
            f"All of its history took too long or too much room: the last "
            f"{clone.SHORT_HISTORY:,} commits are kept."
        )
    mine.update(**changes)
    row.refresh_from_db()
    try:
        heads.note(row, now)
    except git.GitError as error:
        mine.update(problem=f"Its commits could not be read: {error}"[:400])
    suspected.hurry([row.project_id], now)


def tidy() -> int:
    """Delete clones that no repository owns any more; returns how many."""
    folder = clone.clones()
    if not folder.is_dir():
        return 0
    lying = {path.name.removesuffix(".git") for path in folder.iterdir() if path.is_dir()}
    owned = set(Repository.objects.values_list("folder", flat=True))
    for name in lying - owned:
        clone.remove(name)
    return len(lying - owned)
