"""Verbs of uploads: announce a file, put it together, index it, tell events that waited."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import IO
from uuid import UUID

import structlog
from celery import current_app
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from msgspec import Struct

from tracker.models import Artifact, ArtifactBundle, DebugFile, MissingMap, Project
from tracker.models.symbols import Uploaded
from tracker.symbols import bundles, chunks
from tracker.symbols.bundles import BundleError, Contents, Entry
from tracker.symbols.urls import candidates

State = Uploaded.State
ASSEMBLE = "tracker.tasks.assemble"
STUCK = timedelta(minutes=5)
"""After which an assembly that a worker left behind is begun again."""
MOST_MAPPING = 256 * bundles.MIB
_BATCH = 1_000
_used_on: dict[int, date] = {}
"""Day on which this process noted the use of a bundle."""

log = structlog.get_logger(__name__)


class Announced(Struct, frozen=True):
    """A bundle that somebody wants assembled."""

    checksum: str
    chunks: tuple[str, ...]
    release: str = ""
    dist: str = ""


class Progress(Struct, frozen=True):
    """How far an upload got."""

    state: str
    missing: list[str] = []
    detail: str = ""


def announce_bundle(projects: Sequence[Project], told: Announced, now: datetime) -> Progress:
    """Begin or look after a bundle, for each of the projects; as often as asked."""
    known = ArtifactBundle.objects.filter(
        project__in=projects, checksum=told.checksum, release=told.release, dist=told.dist
    )
    rows = list(known)
    done = [row for row in rows if row.state == State.OK]
    if len(done) == len(projects):
        return Progress(State.OK)
    failed = [row for row in rows if row.state == State.ERROR]
    if failed and not chunks.missing(told.chunks):
        # Asked again with the same pieces: it fails again, and the reason is still true.
        return Progress(State.ERROR, [], failed[0].detail)
    lacking = [] if _is_whole(rows, projects) else chunks.missing(told.chunks)
    if lacking:
        ArtifactBundle.objects.filter(pk__in=[row.pk for row in failed]).delete()
        return Progress("not_found", lacking)
    having = {row.project_id for row in rows}
    ArtifactBundle.objects.bulk_create(
        [
            ArtifactBundle(
                project=project, checksum=told.checksum, chunks=list(told.chunks),
                release=told.release, dist=told.dist, created_at=now, used_at=now,
            )
            for project in projects
            if project.pk not in having
        ],
        ignore_conflicts=True,
    )  # fmt: skip
    wake()
    return Progress(State.CREATED)


def _is_whole(rows: Sequence[ArtifactBundle], projects: Sequence[Project]) -> bool:
    """Whether all rows exist already and are being worked on."""
    return len(rows) == len(projects) and all(row.state != State.ERROR for row in rows)


def wake() -> None:
    """Have a worker assemble soon; without Redis the timer does."""

    def send() -> None:
        try:
            current_app.send_task(ASSEMBLE, queue="io", retry=False, ignore_result=True)
        except Exception as error:  # whatever the broker raises: the timer finds the row
            log.info("assembly waits for the timer", error=type(error).__name__)

    transaction.on_commit(send)


def assemble_waiting(now: datetime, most: int = 20) -> int:
    """Assemble what waits; returns how many were finished. Two workers never take one row."""
    finished = 0
    for _ in range(most):
        row = _claim(now)
        if row is None:
            break
        finished += 1
        _assemble(row, now)
    return finished


def _claim(now: datetime) -> ArtifactBundle | None:
    stuck = Q(state=State.ASSEMBLING, used_at__lt=now - STUCK)
    with transaction.atomic():
        row = (
            ArtifactBundle.objects.filter(Q(state=State.CREATED) | stuck)
            .order_by("created_at", "pk")
            .select_for_update(skip_locked=True)
            .first()
        )
        if row is not None:
            row.state, row.used_at = State.ASSEMBLING, now
            row.save(update_fields=["state", "used_at"])
    return row


def _assemble(row: ArtifactBundle, now: datetime) -> None:
    """Put one bundle together and index it; what goes wrong becomes its state."""
    try:
        whole = _whole_of(row)
        with whole:
            contents = bundles.survey(bundles.open_zip(whole))
            whole.seek(0, 2)
            row.size = whole.tell()
            row.path = chunks.keep(whole, f"artifacts/{row.checksum[:2]}/{row.checksum}")
        _index(row, contents, now)
    except (BundleError, chunks.ChunkError) as error:
        _fail(row, str(error))
    except Exception as error:  # storage or a ZIP that surprises: the uploader is told
        log.exception("bundle not assembled", bundle=row.pk)
        _fail(row, f"The server could not read it ({type(error).__name__}).")
    _drop_pieces(row)


def _whole_of(row: ArtifactBundle) -> IO[bytes]:
    """The bytes: of a project that assembled the same bundle before, else of its pieces."""
    twin = ArtifactBundle.objects.filter(checksum=row.checksum, state=State.OK).first()
    if twin is not None and default_storage.exists(twin.path):
        return default_storage.open(twin.path, "rb")
    return chunks.join(row.chunks, row.checksum)


def _fail(row: ArtifactBundle, detail: str) -> None:
    row.state, row.detail = State.ERROR, detail[:300]
    row.save(update_fields=["state", "detail"])


def _drop_pieces(row: ArtifactBundle) -> None:
    """Pieces go once no other upload needs them."""
    waiting = ArtifactBundle.objects.filter(state__in=[State.CREATED, State.ASSEMBLING])
    if row.state == State.OK and not waiting.filter(chunks__overlap=row.chunks).exists():
        chunks.drop(row.chunks)


def _index(row: ArtifactBundle, contents: Contents, now: datetime) -> None:
    """Write what is in it, and find the events that asked for it, in one transaction."""
    with transaction.atomic():
        row.artifacts.all().delete()
        entries = contents.entries
        for start in range(0, len(entries), _BATCH):
            Artifact.objects.bulk_create(
                _artifact(row, entry) for entry in entries[start : start + _BATCH]
            )
        row.state, row.detail = State.OK, ""
        row.save(update_fields=["state", "detail", "size", "path"])
        _tell_waiting(row, entries, now)


def _artifact(row: ArtifactBundle, entry: Entry) -> Artifact:
    return Artifact(
        project_id=row.project_id, bundle=row, kind=entry.kind, member=entry.member,
        url=entry.url, debug_id=entry.debug_id, sourcemap=entry.sourcemap, size=entry.size,
    )  # fmt: skip


def _tell_waiting(row: ArtifactBundle, entries: Sequence[Entry], now: datetime) -> None:
    """Mark what was looked for in vain as found; a timer maps those events again."""
    waiting = MissingMap.objects.filter(project_id=row.project_id)
    ids = {entry.debug_id for entry in entries if entry.debug_id}
    waiting.filter(debug_id__in=ids).update(found_at=now)
    if not row.release:
        return
    # A map alone answers for the file that it is named after.
    urls = {entry.url.removesuffix(".map") for entry in entries if entry.url}
    hits = [
        missed.pk
        for missed in waiting.filter(debug_id=None, release=row.release)[:5_000]
        if urls & set(candidates(missed.url))
    ]
    MissingMap.objects.filter(pk__in=hits).update(found_at=now)


# -- files that come one by one -------------------------------------------------


def add_files(
    project: Project, files: list[tuple[Entry, bytes]], release: str, dist: str, now: datetime
) -> ArtifactBundle:
    """Keep single files as a bundle of their own, ready at once. Raises BundleError."""
    content = bundles.make(files, release, dist)
    checksum = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    path = f"artifacts/{checksum[:2]}/{checksum}"
    if not default_storage.exists(path):
        path = default_storage.save(path, ContentFile(content))
    row, _ = ArtifactBundle.objects.update_or_create(
        project=project, checksum=checksum, release=release, dist=dist,
        # What is uploaded again is the newest again, whatever came between.
        defaults={"state": State.ASSEMBLING, "size": len(content), "path": path,
                  "created_at": now, "used_at": now},
    )  # fmt: skip
    _index(row, Contents(tuple(entry for entry, _ in files), release, dist), now)
    return row


# -- debug files ----------------------------------------------------------------


def announce_debug_file(
    project: Project, checksum: str, name: str, debug_id: str, pieces: Sequence[str], now: datetime
) -> tuple[Progress, DebugFile | None]:
    """Begin or look after one debug file; small enough to be put together at once."""
    known = DebugFile.objects.filter(project=project, checksum=checksum).first()
    if known is not None:
        return Progress(State.OK), known
    lacking = chunks.missing(pieces) if pieces else []
    if lacking or not pieces:
        return Progress("not_found", lacking), None
    try:
        with chunks.join(pieces, checksum) as whole:
            whole.seek(0, 2)
            size = whole.tell()
            path = chunks.keep(whole, f"debug/{checksum[:2]}/{checksum}")
            whole.seek(0)
            kind = _kind_of(name, whole.read(64))
    except chunks.ChunkError as error:
        return Progress(State.ERROR, [], str(error)), None
    chunks.drop(pieces)
    identity = bundles.debug_id_of(debug_id) or bundles.debug_id_of(_stem(name))
    found = _debug_file(project, checksum, Kept(path, size, name, kind, identity), now)
    return Progress(State.OK), found


class Kept(Struct, frozen=True):
    """A debug file in the storage."""

    path: str
    size: int
    name: str
    kind: str
    debug_id: UUID | None


def _debug_file(project: Project, checksum: str, kept: Kept, now: datetime) -> DebugFile:
    found, _ = DebugFile.objects.get_or_create(
        project=project, checksum=checksum,
        defaults={
            "state": State.OK, "size": kept.size, "path": kept.path, "created_at": now,
            "used_at": now, "name": kept.name[:256], "kind": kept.kind, "debug_id": kept.debug_id,
        },
    )  # fmt: skip
    if found.kind == "proguard" and found.debug_id is not None:
        waiting = MissingMap.objects.filter(project=project, debug_id=found.debug_id)
        waiting.update(found_at=now)
    return found


def add_debug_files(project: Project, packed: IO[bytes], now: datetime) -> list[DebugFile]:
    """Keep the ProGuard mappings of a ZIP. Raises BundleError."""
    rows = []
    with bundles.open_zip(packed) as archive:
        for info in archive.infolist()[:100]:
            identity = bundles.debug_id_of(_stem(info.filename))
            if info.is_dir() or identity is None:
                continue
            content = bundles.read_member(archive, info.filename, MOST_MAPPING)
            checksum = hashlib.sha1(content, usedforsecurity=False).hexdigest()
            path = chunks.keep(ContentFile(content), f"debug/{checksum[:2]}/{checksum}")
            kept = Kept(path, len(content), info.filename, "proguard", identity)
            rows.append(_debug_file(project, checksum, kept, now))
    return rows


def _stem(name: str) -> str:
    return name.rpartition("/")[2].rpartition(".")[0]


def _kind_of(name: str, head: bytes) -> str:
    """What a debug file is, by its first bytes."""
    for magic, kind in (
        (b"\x7fELF", "elf"), (b"\xcf\xfa\xed\xfe", "macho"), (b"\xce\xfa\xed\xfe", "macho"),
        (b"\xca\xfe\xba\xbe", "macho"), (b"Microsoft C/C++", "pdb"), (b"SYSB", "sourcebundle"),
        (b"MODULE ", "breakpad"), (b"MZ", "pe"), (b"BSJB", "portablepdb"), (b"\x00asm", "wasm"),
    ):  # fmt: skip
        if head.startswith(magic):
            return kind
    if "proguard" in name.lower() or name.endswith(".txt"):
        return "proguard"
    return "other"


# -- letting go -----------------------------------------------------------------


def let_go(now: datetime, days: int) -> int:
    """Delete uploads that no event asked for in `days`, and forgotten pieces; how many."""
    before = now - timedelta(days=days)
    gone = chunks.drop_old(now)
    for model in (ArtifactBundle, DebugFile):
        rows = model.objects.filter(used_at__lt=before).order_by("used_at")[:500]
        for row in rows:
            path, checksum = row.path, row.checksum
            row.delete()
            gone += 1
            if path and not model.objects.filter(checksum=checksum).exists():
                default_storage.delete(path)
    MissingMap.objects.filter(last_seen__lt=before).delete()
    return gone


def note_use(bundle_ids: Iterable[int], now: datetime) -> None:
    """An event asked for these: keep them. Each is written once a day and process at most."""
    today = now.date()
    fresh = sorted(pk for pk in bundle_ids if _used_on.get(pk) != today)
    if not fresh:
        return
    stale = now - timedelta(days=1)
    ArtifactBundle.objects.filter(pk__in=fresh, used_at__lt=stale).update(used_at=now)
    if len(_used_on) > _BATCH * 10:
        _used_on.clear()
    _used_on.update(dict.fromkeys(fresh, today))
