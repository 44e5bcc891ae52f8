"""Chunks, artifact bundles, debug files, and single release files as sentry-cli sends them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from django.http import QueryDict
from django.utils import timezone
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.actions import releases
from tracker.api.base import demand, project_of
from tracker.api.errors import BadRequest
from tracker.api.zero.base import (
    MOST_ROWS,
    ZeroView,
    body_of,
    listed,
    projects_named,
    strings,
    text,
)
from tracker.api.zero.releases import named
from tracker.models import Artifact, DebugFile, Role
from tracker.symbols import assembling, bundles, chunks
from tracker.symbols.assembling import Announced, Progress
from tracker.symbols.bundles import Entry
from tracker.symbols.urls import stored_form

ACCEPTED = (
    "debug_files", "release_files", "artifact_bundles", "artifact_bundles_v2", "pdbs", "sources",
    "bcsymbolmaps", "il2cpp", "portablepdbs", "proguard",
)  # fmt: skip
MOST_FILE = chunks.MOST_CHUNKS * chunks.CHUNK_SIZE
MOST_SINGLE = 20 * 1024 * 1024
MOST_DEBUG_FILES = 500


class ChunkUpload(ZeroView):
    """`organizations/<org>/chunk-upload/`."""

    parser_classes = (MultiPartParser,)

    def get(self, request: Request, org: str) -> Response:
        """How to upload. The address is a path: whatever host the caller used is right."""
        return Response(
            {
                "url": f"/api/0/organizations/{org}/chunk-upload/",
                "chunkSize": chunks.CHUNK_SIZE,
                "chunksPerRequest": chunks.CHUNKS_PER_REQUEST,
                "maxRequestSize": chunks.REQUEST_SIZE,
                "maxFileSize": MOST_FILE,
                "maxWait": 0,
                "hashAlgorithm": "sha1",
                "concurrency": 4,
                "compression": ["gzip"],
                "accept": list(ACCEPTED),
            }
        )

    def post(self, request: Request, org: str) -> Response:
        """Take pieces; the name of each is the SHA-1 of its unpacked bytes."""
        del org
        parts = [
            (part, zipped)
            for name, zipped in (("file", False), ("file_gzip", True))
            for part in request.FILES.getlist(name)
        ]
        if not parts:
            raise BadRequest("There is no part named file or file_gzip.")
        if len(parts) > chunks.CHUNKS_PER_REQUEST * 16:
            raise BadRequest("These are too many chunks for one request.")
        if chunks.waiting_bytes() > chunks.WAITING:
            raise BadRequest("Too many unfinished uploads wait on the server; try again later.")
        now = timezone.now()
        for part, zipped in parts:
            _take(part, zipped=zipped, now=now)
        return Response({})


def _take(part: Any, *, zipped: bool, now: Any) -> None:
    if not chunks.is_sha1(part.name):
        raise BadRequest("The file name of a chunk is its SHA-1: 40 lower-case hex digits.")
    if (part.size or 0) > 2 * chunks.CHUNK_SIZE:
        raise BadRequest(f"A chunk is larger than {chunks.CHUNK_SIZE} bytes.")
    chunks.put(str(part.name), part.read(), zipped=zipped, now=now)


def _pieces(body: Mapping[str, Any]) -> list[str]:
    pieces = strings(body, "chunks", chunks.MOST_CHUNKS)
    if not all(chunks.is_sha1(piece) for piece in pieces):
        raise BadRequest("chunks must be SHA-1 sums in lower-case hex.")
    return pieces


def _checksum(value: Any) -> str:
    if not chunks.is_sha1(value):
        raise BadRequest("checksum must be a SHA-1 in lower-case hex.")
    return str(value)


def _answer(progress: Progress) -> dict[str, Any]:
    return {
        "state": progress.state,
        "missingChunks": progress.missing,
        "detail": progress.detail or None,
    }


class AssembleBundle(ZeroView):
    """`organizations/<org>/artifactbundle/assemble/`."""

    def post(self, request: Request, org: str) -> Response:
        """Begin, or say how far it is; as often as asked."""
        del org
        body = body_of(request)
        names = strings(body, "projects", 100)
        if not names:
            raise BadRequest("projects: name at least one project.")
        projects = projects_named(request, names, Role.TRIAGER)
        told = Announced(
            _checksum(body.get("checksum")),
            tuple(_pieces(body)),
            text(body, "version"),
            text(body, "dist", 64),
        )
        return Response(_answer(assembling.announce_bundle(projects, told, timezone.now())))


class AssembleRelease(ZeroView):
    """`organizations/<org>/releases/<version>/assemble/`: older tools, of one release."""

    def post(self, request: Request, version: str, org: str) -> Response:
        """As above, for the projects that have the release."""
        del org
        body = body_of(request)
        rows = named(request, version, Role.TRIAGER)
        told = Announced(_checksum(body.get("checksum")), tuple(_pieces(body)), version)
        projects = [row.project for row in rows]
        return Response(_answer(assembling.announce_bundle(projects, told, timezone.now())))


# -- debug files ----------------------------------------------------------------


def debug_file_shape(row: DebugFile) -> dict[str, Any]:
    """A debug file as the tool reads it."""
    return {
        "id": str(row.pk),
        "uuid": str(row.debug_id or ""),
        "debugId": str(row.debug_id or ""),
        "cpuName": "any",
        "objectName": row.name,
        "symbolType": row.kind,
        "size": row.size,
        "sha1": row.checksum,
        "dateCreated": row.created_at,
        "headers": {"Content-Type": "application/octet-stream"},
        "data": {"features": ["mapping"] if row.kind == "proguard" else []},
    }


class AssembleDebugFiles(ZeroView):
    """`projects/<org>/<project>/files/difs/assemble/`."""

    def post(self, request: Request, org: str, project: str) -> Response:
        """Each file by its SHA-1."""
        del org
        found = project_of(request, project)
        demand(request, Role.TRIAGER, found)
        body = body_of(request)
        if len(body) > MOST_DEBUG_FILES:
            raise BadRequest(f"Ask for at most {MOST_DEBUG_FILES} files at once.")
        answers = {}
        for checksum, told in body.items():
            if not isinstance(told, Mapping):
                raise BadRequest(f"{checksum[:40]} must be an object.")
            progress, row = assembling.announce_debug_file(
                found, _checksum(checksum), text(told, "name", 256), text(told, "debug_id", 64),
                _pieces(told), timezone.now(),
            )  # fmt: skip
            answers[checksum] = {
                **_answer(progress),
                "dif": debug_file_shape(row) if row is not None else None,
            }
        return Response(answers)


class DebugFiles(ZeroView):
    """`projects/<org>/<project>/files/dsyms/`."""

    parser_classes = (MultiPartParser,)

    def get(self, request: Request, org: str, project: str) -> Response:
        """Those that are here, of `checksums=` or `debug_id=` if they are given."""
        del org
        rows = DebugFile.objects.filter(project=project_of(request, project))
        if sums := request.query_params.getlist("checksums"):
            rows = rows.filter(checksum__in=[one for one in sums if chunks.is_sha1(one)])
        if asked := request.query_params.get("debug_id"):
            rows = rows.filter(debug_id=bundles.debug_id_of(asked))
        return listed(request, [debug_file_shape(row) for row in rows.order_by("-pk")[:MOST_ROWS]])

    def post(self, request: Request, org: str, project: str) -> Response:
        """A ZIP of mappings, as older tools send them: `proguard/<uuid>.txt` each."""
        del org
        found = project_of(request, project)
        demand(request, Role.TRIAGER, found)
        file = request.FILES.get("file")
        if file is None or (file.size or 0) > MOST_SINGLE:
            raise BadRequest("Send one ZIP of at most 20 MiB as the part file.")
        rows = assembling.add_debug_files(found, file, timezone.now())
        return Response([debug_file_shape(row) for row in rows], status=201)


class AssociateDebugFiles(ZeroView):
    """`projects/<org>/<project>/files/proguard-artifact-releases/` and `dsyms/associate/`."""

    def post(self, request: Request, org: str, project: str) -> Response:
        """Nothing to do: mappings are found by their id."""
        del org
        project_of(request, project)
        return Response({"associatedDsymFiles": []}, status=201)


# -- single files ---------------------------------------------------------------


def artifact_shape(row: Artifact) -> dict[str, Any]:
    """A file of a release as the tool reads it."""
    return {
        "id": str(row.pk),
        "name": row.url,
        "dist": row.bundle.dist or None,
        "headers": {"Sourcemap": row.sourcemap} if row.sourcemap else {},
        "size": row.size,
        "sha1": row.bundle.checksum,
        "dateCreated": row.bundle.created_at,
    }


class ReleaseFiles(ZeroView):
    """`.../releases/<version>/files/`: one file a request, as older tools send them."""

    parser_classes = (MultiPartParser,)

    def get(self, request: Request, version: str, org: str, project: str = "") -> Response:
        """What was uploaded for the release."""
        del org
        projects = [row.project_id for row in named(request, version, project=project)]
        rows = Artifact.objects.filter(project__in=projects, bundle__release=version)
        found = rows.select_related("bundle").order_by("-pk")[:MOST_ROWS]
        return listed(request, [artifact_shape(row) for row in found])

    def post(self, request: Request, version: str, org: str, project: str = "") -> Response:
        """Keep one file."""
        del org
        if not project:
            projects = [row.project for row in named(request, version, Role.TRIAGER)]
        else:
            projects = projects_named(request, [project], Role.TRIAGER)
            releases.make(projects, version, releases.ReleaseTold())
        form = cast("QueryDict", request.data)
        file = request.FILES.get("file")
        if file is None or (file.size or 0) > MOST_SINGLE:
            raise BadRequest("Send one file of at most 20 MiB as the part file.")
        name = stored_form(str(form.get("name") or file.name or ""))
        if not name:
            raise BadRequest("name: under which address is the file served?")
        content = file.read()
        entry = Entry(
            kind=kind_of(name, content),
            member="files/_/_/" + (name.rpartition("/")[2] or "file"),
            url=name,
            debug_id=None,
            sourcemap=_reference(form.getlist("header"), content),
            size=len(content),
        )
        dist = str(form.get("dist") or "")[:64]
        rows = [
            assembling.add_files(one, [(entry, content)], version, dist, timezone.now())
            for one in projects
        ]
        made = Artifact.objects.filter(bundle=rows[0]).select_related("bundle")[0]
        return Response(artifact_shape(made), status=201)


def kind_of(name: str, content: bytes) -> str:
    """What a single file is good for."""
    if name.endswith((".map", ".map.json")) or (content[:1] == b"{" and b'"mappings"' in content):
        return Artifact.Kind.MAP.value
    return Artifact.Kind.MINIFIED.value


def _reference(headers: list[Any], content: bytes) -> str:
    """Where a minified file says that its map is: in a header, or in its last lines."""
    for header in headers:
        name, _, value = str(header).partition(":")
        if name.strip().lower() in ("sourcemap", "x-sourcemap"):
            return value.strip()[:1024]
    for line in reversed(content[-4096:].decode("utf-8", "replace").splitlines()):
        for mark in ("//# sourceMappingURL=", "//@ sourceMappingURL="):
            _, found, reference = line.partition(mark)
            if found and not reference.startswith("data:"):
                return reference.strip()[:1024]
    return ""
