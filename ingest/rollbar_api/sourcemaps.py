"""Source maps as Rollbar's tools upload them: one a form, or many in a ZIP at a signed address.

They are kept like those of sentry-cli: under the version and the address of the minified
file, so that what is mapped does not depend on the tool that uploaded it.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.core import signing
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from ingest import decoding, forms
from ingest.adapters.base import Malformed, Unusable
from ingest.adapters.minidump import Part, read_form
from ingest.auth import Sender
from ingest.deploys import body_fields
from ingest.errors import BadBody, NoKey
from ingest.rollbar import WrongToken
from ingest.rollbar_api.base import ApiView, ok
from ingest.views import body_of, large
from tracker.actions.releases import ReleaseError, check_version
from tracker.models import Artifact, Project, ProjectKey
from tracker.symbols import assembling, bundles
from tracker.symbols.bundles import BundleError, Entry
from tracker.symbols.urls import LONGEST, stored_form, tilde

UPLOADERS = ("post_server", "write")
MIB = 1024 * 1024
MOST_BODY = 64 * MIB
MOST_PARTS = 5_000
MOST_MAPS = 1_000
MOST_UNPACKED = 128 * MIB
SALT = "rollbar sourcemap bundle"
VALID = 15 * 60
"""Seconds that a signed address may be used."""
_NO_SOURCE = ("", "access_token", "version", "minified_url", "source_map")


def stored_url(minified_url: str) -> str:
    """The address that a minified file is known by. Raises Unusable.

    `//host/path` is of any scheme, and here of any host: `~/path`.
    """
    url = minified_url.strip().replace("\x00", "")
    if url.startswith("//"):
        url = tilde("https:" + url)
    if not url.startswith(("http://", "https://", "~/")) or len(url) > LONGEST - 4:
        raise Unusable("minified_url must be the http or https address that the stack names.")
    return stored_form(url)


def map_of(minified_url: str, content: bytes) -> tuple[Entry, bytes]:
    """A map as it is kept. Raises Unusable."""
    head = content[:65536].lstrip(b"\xef\xbb\xbf \r\n\t")
    if head.startswith(b")]}"):  # a guard against being run, as the format allows
        head = head.partition(b"\n")[2].lstrip()
        content = content.partition(b"\n")[2]
    if not head.startswith(b"{") or not (b'"mappings"' in content or b'"sections"' in content):
        raise Unusable("source_map is no source map: it must be a JSON object with mappings.")
    if len(content) > bundles.MOST_FILE:
        raise BadBody(f"The map is larger than {bundles.MOST_FILE // MIB} MiB.", 413, "too_large")
    url = stored_url(minified_url) + ".map"
    return _entry(Artifact.Kind.MAP, url, content), content


def _entry(kind: Artifact.Kind, url: str, content: bytes) -> Entry:
    return Entry(kind.value, "files/" + url.replace("~", "_").replace("..", "_").lstrip("/"),
                 url, None, "", len(content))  # fmt: skip


def keep(sender: Sender, version: str, files: Sequence[tuple[Entry, bytes]]) -> None:
    """Keep maps and sources of a version. Raises Unusable."""
    try:
        release = check_version(version)
        project = Project.objects.get(pk=sender.project_id)
        assembling.add_files(project, list(files), release, "", timezone.now())
    except (ReleaseError, BundleError) as error:
        raise Unusable(str(error)) from None


class SourceMap(ApiView):
    """`POST /api/1/sourcemap`: a map, and what it was made of under the paths in it."""

    def post(self, request: Request) -> Response:
        """Keep one map. Raises Refused, Malformed."""
        raw = request._request
        given = raw.headers.get("X-Rollbar-Access-Token") or raw.GET.get("access_token", "")
        sender = self.asker(raw, *UPLOADERS, token=given) if given else None
        packed, coding = body_of(raw)
        body = decoding.unpack(packed, coding, limit=MOST_BODY)
        if not raw.headers.get("Content-Type", "").lower().startswith("multipart/"):
            raise Unusable("Send a multipart form with version, minified_url and source_map.")
        with large():
            parts = read_form(body, MOST_PARTS)
            fields = forms.texts(parts)
            if sender is None:
                sender = self.asker(raw, *UPLOADERS, token=fields.get("access_token", ""))
            for name in ("version", "minified_url"):
                if not fields.get(name, "").strip():
                    raise Unusable(f"{name} is required.")
            keep(sender, fields["version"], [_map(parts, fields), *_sources(parts)])
        return ok({})


def _map(parts: Sequence[Part], fields: dict[str, str]) -> tuple[Entry, bytes]:
    found = [part.content for part in parts if part.name == "source_map"]
    if not found:
        raise Unusable("source_map is required, as a file.")
    return map_of(fields["minified_url"], found[-1])


def _sources(parts: Sequence[Part]) -> list[tuple[Entry, bytes]]:
    """Original files: the field's name is the path that the map gives them."""
    return [
        (_entry(Artifact.Kind.SOURCE, part.name[:LONGEST].replace("\x00", ""), part.content),
         part.content)
        for part in parts
        if part.filename is not None and part.name not in _NO_SOURCE
    ]  # fmt: skip


class Download(ApiView):
    """`POST /api/1/sourcemap/download`: asks the server to fetch maps."""

    def post(self, request: Request) -> Response:
        """Refused: a server inside a network fetches no addresses for others. Raises Refused."""
        raw = request._request
        told = body_fields(raw)
        self.asker(raw, *UPLOADERS, token=str(told.get("access_token") or ""))
        raise Unusable(
            "This server downloads no source maps; upload them: rollbar-cli upload-sourcemaps, "
            "or POST /api/1/sourcemap with the file."
        )


class SignedUrl(ApiView):
    """`POST /api/1/signed_url/sourcemap_bundle`: where to put a ZIP (`rollbar-cli --next`)."""

    def post(self, request: Request) -> Response:
        """An address that is valid for a while. Raises Refused."""
        raw = request._request
        told = body_fields(raw)
        sender = self.asker(raw, *UPLOADERS, token=str(told.get("access_token") or ""))
        version, prefix = str(told.get("version") or ""), str(told.get("prefix_url") or "")
        try:
            check_version(version)
        except ReleaseError as error:
            raise Unusable(str(error)) from None
        stored_url(urljoin(prefix, "app.js"))
        signed = signing.dumps([sender.key_id, sender.project_id, version, prefix], salt=SALT)
        where = f"{settings.EMBERWATCH_URL}/api/1/sourcemap_bundle/{signed}"
        return ok({"signed_url": where, "project_id": sender.project_id})


class Bundle(ApiView):
    """`PUT /api/1/sourcemap_bundle/<signed>`: the ZIP; the address is all the authority."""

    def put(self, request: Request, signed: str) -> Response:
        """Keep the maps in it. Raises Refused, Malformed."""
        try:
            told: Any = signing.loads(signed, salt=SALT, max_age=VALID)
        except signing.BadSignature:
            raise NoKey("This address is not valid, or no longer; ask for another.") from None
        key_id, project_id, version, prefix = told
        if not ProjectKey.objects.filter(pk=key_id, project=project_id, enabled=True).exists():
            raise WrongToken
        sender = Sender(key_id, project_id, "", unlimited=False, rate_per_minute=None)
        packed, coding = body_of(request._request)
        with large():
            body = decoding.unpack(packed, coding, limit=MOST_BODY)
            keep(sender, version, _unzipped(body, prefix))
        return ok({})


def _unzipped(body: bytes, prefix: str) -> list[tuple[Entry, bytes]]:
    """The maps of a ZIP, each for the minified file of its name below the prefix."""
    files: list[tuple[Entry, bytes]] = []
    size = 0
    try:
        with bundles.open_zip(io.BytesIO(body)) as archive:
            for info in archive.infolist()[:MOST_MAPS]:
                if info.is_dir() or not info.filename.endswith(".map"):
                    continue
                content = bundles.read_member(archive, info.filename, MOST_UNPACKED - size)
                size += len(content)
                address = urljoin(prefix, info.filename.removesuffix(".map"))
                files.append(map_of(address, content))
    except BundleError as error:
        raise Malformed(str(error)) from None
    if not files:
        raise Unusable("There is no file ending in .map in the ZIP.")
    return files
