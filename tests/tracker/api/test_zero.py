"""`/api/0/` as sentry-cli and the bundlers' plugins use it."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.utils import timezone
from rest_framework.test import APIClient

from tests.tracker.api.conftest import World, client_for, member
from tests.tracker.symbols.conftest import DEBUG_ID, MAP, build
from tracker.models import (
    Artifact,
    ArtifactBundle,
    Commit,
    DebugFile,
    Deploy,
    Release,
    Role,
    UploadChunk,
)
from tracker.symbols import assembling

pytestmark = pytest.mark.django_db
ORG = "/api/0/organizations/acme"
VERSION = "shop/front@1.2.3+b"
PATH = f"{ORG}/releases/shop%2Ffront@1.2.3%2Bb"


@pytest.fixture(autouse=True)
def storage(tmp_path: Path) -> Any:
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield


def new(api: APIClient, world: World, **more: Any) -> Any:
    body = {"version": VERSION, "projects": [world.shop.slug], **more}
    return api.post(f"{ORG}/releases/", body, format="json")


def test_info_says_who_and_what(api: APIClient, world: World):
    answer = api.get("/api/0/")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/json"
    assert answer.json()["user"]["username"] == "ada"
    assert "project:releases" in answer.json()["auth"]["scopes"]
    [project] = api.get(f"{ORG}/projects/").json()
    assert project["slug"] == world.shop.slug
    answer = api.get("/api/0/organizations/")
    assert answer.json()[0]["slug"] == "emberwatch"
    assert 'rel="next"; results="false"' in answer["Link"]


def test_what_is_wrong_is_said_in_json(api: APIClient, world: World):
    nobody = APIClient()
    assert nobody.get("/api/0/").status_code == 401
    for answer in (
        nobody.get("/api/0/"), api.get("/api/0/nothing/here/"), api.get(f"{PATH}/"),
        api.post(f"{ORG}/releases/", {"version": "1", "projects": ["other"]}, format="json"),
        api.post(f"{ORG}/releases/", b"{", content_type="application/json"),
        api.post(f"{ORG}/releases/", [], format="json"),
        new(api, world, version="a\nb"), new(api, world, dateReleased="yesterday"),
        new(api, world, commits=[{"message": "x"}]), new(api, world, projects="shop"),
    ):  # fmt: skip
        assert answer.status_code in (400, 401, 404), answer.content
        assert answer["Content-Type"] == "application/json"
        assert answer.json()["detail"]
    reader = client_for(world.user, "read")
    assert new(reader, world).status_code == 403
    viewer = client_for(member(world.shop, Role.VIEWER, "eve"))
    assert new(viewer, world).status_code == 403


def test_a_release_from_new_to_deployed(api: APIClient, world: World):
    answer = new(api, world, url="https://example.org")
    assert answer.status_code == 201
    assert answer.json()["dateCreated"]
    assert new(api, world).status_code == 208
    done = api.put(f"{PATH}/", {"dateReleased": "2026-03-04T05:06:07.123456789Z",
                                "projects": [world.shop.slug]}, format="json")  # fmt: skip
    assert done.status_code == 200, done.content
    row = Release.objects.get(version=VERSION)
    assert (row.source, row.url, row.released_at.year) == ("api", "https://example.org", 2026)
    deploy = {"environment": "production", "name": None, "url": None, "dateStarted": None,
              "dateFinished": "2026-03-04T05:07:07.123456789Z", "projects": None}  # fmt: skip
    made = api.post(f"{PATH}/deploys/", deploy, format="json")
    assert (made.status_code, made.json()["environment"]) == (201, "production")
    assert Deploy.objects.filter(release=row).count() == 1
    assert len(api.get(f"{PATH}/deploys/").json()) == 1
    listed = api.get(f"/api/0/projects/acme/{world.shop.slug}/releases/").json()
    assert VERSION in [one["version"] for one in listed]
    shown = api.get(f"{PATH}/").json()
    assert shown["lastDeploy"]["environment"] == "production"
    assert api.put(f"{PATH}/", {"status": "Archived"}, format="json").json()["status"] == "archived"


def test_archive_names_no_project(api: APIClient, world: World):
    new(api, world)
    for status, word in (("Archived", "archived"), ("Open", "open")):
        answer = api.post(f"{ORG}/releases/", {"version": VERSION, "projects": [], "status": status},
                          format="json")  # fmt: skip
        assert (answer.status_code, answer.json()["status"]) == (208, word), answer.content
    answer = api.post(f"{ORG}/releases/", {"version": "none", "status": "Open"}, format="json")
    assert answer.status_code == 400
    foreign = api.post(f"{ORG}/releases/", {"version": "9", "status": "Archived"}, format="json")
    assert foreign.status_code == 400, "it is another team's"
    assert not Release.objects.get(version="9").archived


def test_a_release_tells_of_its_events(api: APIClient, world: World):
    shown = api.get(f"{ORG}/releases/1.0/").json()
    assert shown["firstEvent"] == shown["lastEvent"] is not None
    assert "Logs are not kept" in api.get(f"{ORG}/events/?dataset=logs").json()["detail"]


def test_commits_replace_those_told_before(api: APIClient, world: World):
    new(api, world)
    commit = {"id": "a" * 40, "repository": "shop", "message": "Pay\n\nmore", "author_name": "Grace",
              "author_email": "g@example.org", "timestamp": "2026-03-04T05:06:07.123456789+02:00",
              "patch_set": [{"path": "pay.py", "type": "M"}, {"path": "x", "type": "?"}]}  # fmt: skip
    body = {"commits": [commit, {**commit, "id": "b" * 40}]}
    for _ in range(2):
        assert api.put(f"{PATH}/", body, format="json").status_code == 200
    rows = Commit.objects.order_by("position")
    assert [row.sha[0] for row in rows] == ["a", "b"]
    assert rows[0].patch_set == [{"path": "pay.py", "type": "M"}]
    assert rows[0].committed_at.isoformat() == "2026-03-04T03:06:07.123456+00:00"
    assert [one["id"][0] for one in api.get(f"{PATH}/commits/").json()] == ["a", "b"]
    assert [one["name"] for one in api.get(f"{ORG}/repos/").json()] == ["shop"]
    assert api.get(f"{PATH}/previous-with-commits/").json() == {}
    new(api, world, version="later")
    before = api.get(f"{ORG}/releases/later/previous-with-commits/").json()
    assert before["version"] == VERSION and before["lastCommit"]["id"] == "a" * 40
    assert before["commitCount"] == 2


def test_only_a_release_without_events_is_deleted(api: APIClient, world: World):
    new(api, world)
    assert api.delete(f"{PATH}/").status_code == 204
    assert not Release.objects.filter(version=VERSION).exists()
    assert api.delete(f"{ORG}/releases/1.0/").status_code == 400


# -- uploads --------------------------------------------------------------------


def put_chunk(api: APIClient, content: bytes, name: str = "") -> Any:
    name = name or hashlib.sha1(content).hexdigest()
    part = SimpleUploadedFile(name, gzip.compress(content))
    return api.post(f"{ORG}/chunk-upload/", {"file_gzip": part}, format="multipart")


def test_a_bundle_from_chunks_to_ok(api: APIClient, world: World):
    content = build(DEBUG_ID)
    checksum = hashlib.sha1(content).hexdigest()
    options = api.get(f"{ORG}/chunk-upload/").json()
    assert "artifact_bundles_v2" in options["accept"] and options["url"].startswith("/api/0/")
    body = {
        "checksum": checksum,
        "chunks": [checksum],
        "projects": [world.shop.slug],
        "version": "1",
    }
    ask = lambda: api.post(f"{ORG}/artifactbundle/assemble/", body, format="json").json()  # noqa: E731
    assert ask() == {"state": "not_found", "missingChunks": [checksum], "detail": None}
    assert put_chunk(api, content).status_code == 200
    assert put_chunk(api, content).status_code == 200
    assert ask()["state"] == "created"
    assert ask()["state"] == "created"
    assembling.assemble_waiting(timezone.now())
    assert ask() == {"state": "ok", "missingChunks": [], "detail": None}
    assert not UploadChunk.objects.exists()
    assert Artifact.objects.filter(project=world.shop, debug_id=DEBUG_ID).count() == 2


def test_a_bad_bundle_says_why(api: APIClient, world: World):
    content = b"SYSB\x02\0\0\0 not a zip"
    checksum = hashlib.sha1(content).hexdigest()
    put_chunk(api, content)
    body = {"checksum": checksum, "chunks": [checksum], "projects": [world.shop.slug]}
    api.post(f"{ORG}/artifactbundle/assemble/", body, format="json")
    assembling.assemble_waiting(timezone.now())
    for _ in range(2):
        answer = api.post(f"{ORG}/artifactbundle/assemble/", body, format="json").json()
        assert (answer["state"], answer["missingChunks"]) == ("error", [])
        assert "ZIP" in answer["detail"]


def test_chunks_are_what_their_names_say(api: APIClient, world: World):
    assert put_chunk(api, b"x", "0" * 40).status_code == 400
    assert put_chunk(api, b"x", "../../etc/passwd").status_code == 400
    assert put_chunk(api, b"0" * (2**20 + 1)).status_code == 400
    bomb = SimpleUploadedFile("1" * 40, gzip.compress(b"0" * 50_000_000))
    answer = api.post(f"{ORG}/chunk-upload/", {"file_gzip": bomb}, format="multipart")
    assert answer.status_code == 400 and "larger" in answer.json()["detail"]
    assert not UploadChunk.objects.exists()


def test_foreign_projects_are_not_found(api: APIClient, world: World):
    body = {"checksum": "0" * 40, "chunks": [], "projects": [world.other.slug]}
    assert api.post(f"{ORG}/artifactbundle/assemble/", body, format="json").status_code == 404
    assert api.get(f"/api/0/projects/acme/{world.other.slug}/releases/").status_code == 404
    assert not ArtifactBundle.objects.exists()


def test_single_files_of_older_tools(api: APIClient, world: World):
    base = f"/api/0/projects/acme/{world.shop.slug}/releases/{VERSION}/files/"
    part = SimpleUploadedFile("shop.min.js.map", MAP)
    answer = api.post(
        base, {"file": part, "name": "~/shop.min.js.map", "dist": "web"}, format="multipart"
    )
    assert answer.status_code == 201, answer.content
    row = Artifact.objects.get()
    assert (row.kind, row.url, row.bundle.release, row.bundle.dist) == (
        "source_map", "~/shop.min.js.map", VERSION, "web",
    )  # fmt: skip
    assert [one["name"] for one in api.get(base).json()] == ["~/shop.min.js.map"]


def test_debug_files(api: APIClient, world: World):
    mapping = b"com.shop.Basket -> a.b:\n    1:3:int total(int):7:9 -> a\n"
    sha1 = hashlib.sha1(mapping).hexdigest()
    base = f"/api/0/projects/acme/{world.shop.slug}/files"
    body = {
        sha1: {"name": f"/proguard/{DEBUG_ID}.txt", "debug_id": str(DEBUG_ID), "chunks": [sha1]}
    }
    ask = lambda: api.post(f"{base}/difs/assemble/", body, format="json").json()[sha1]  # noqa: E731
    assert ask()["missingChunks"] == [sha1]
    put_chunk(api, mapping)
    assert ask()["state"] == "ok"
    assert ask()["dif"]["uuid"] == str(DEBUG_ID)
    assert DebugFile.objects.get().kind == "proguard"
    assert len(api.get(f"{base}/dsyms/?checksums={sha1}").json()) == 1
