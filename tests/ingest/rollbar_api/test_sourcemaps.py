"""Source maps that Rollbar's tools upload, and the browser items that they serve."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import override_settings
from django.utils import timezone

from ingest import digest, remap
from tests.ingest.rollbar_api.conftest import Asker
from tests.tracker.symbols.conftest import ADDRESS, CALLS, MAP, forget
from tests.tracker.symbols.test_mapping import crash, stored
from tracker.models import Artifact, ArtifactBundle, Issue


@pytest.fixture(autouse=True)
def storage(tmp_path: Any) -> Iterator[None]:
    """A storage of the test's own, and nothing remembered of another's."""
    forget()
    with override_settings(MEDIA_ROOT=tmp_path / "files"):
        yield
    forget()


def form(*parts: tuple[str, str | None, bytes]) -> tuple[bytes, str]:
    """(body, content type) of fields and files."""
    boundary = "------------------------12ab34"
    out = b""
    for name, filename, content in parts:
        more = f'; filename="{filename}"' if filename else ""
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
        out += head.encode() + content + b"\r\n"
    return out + f"--{boundary}--\r\n".encode(), f"multipart/form-data; boundary={boundary}"


def upload(
    asker: Asker, content: bytes = MAP, status: int = 200, *more: tuple[str, str | None, bytes],
    version: str = "1.0", url: str = ADDRESS, token: str = "post_server", where: str = "sourcemap",
) -> Any:  # fmt: skip
    parts = [("version", None, version.encode()), ("minified_url", None, url.encode()),
             ("source_map", "source_map", content), *more]  # fmt: skip
    body, kind = form(*[part for part in parts if part[2]])
    return asker.call(where, status, token=token, method="post", body=body, content_type=kind)


def is_mapped(link: dict[str, Any]) -> bool:
    """By a map alone: names come from where functions are called."""
    found = [(f["filename"], f["lineno"], f["function"]) for f in link["stacktrace"]["frames"]]
    return found == [
        ("src/main.ts", 7, "Timeout._onTimeout"),
        ("src/main.ts", 6, "checkout"),
        ("src/main.ts", 3, "payForBasket"),
        ("src/cart.ts", 8, "totalOfBasket"),
    ]


def browser_item(asker: Asker, url: str = ADDRESS, version: str = "1.0") -> None:
    """What rollbar.js sends of the bundle: one-based columns, the version below `client`."""
    frames = [
        {"filename": url, "lineno": 1, "colno": column, "method": function}
        for function, column in CALLS
    ]
    exception = {"class": "BasketError", "message": "a basket without lines"}
    data = {
        "environment": "production", "platform": "browser", "language": "javascript",
        "framework": "browser-js", "uuid": str(uuid.uuid4()), "level": "error",
        "client": {"javascript": {"code_version": version, "source_map_enabled": True}},
        "body": {"trace": {"frames": frames, "exception": exception}},
        "notifier": {"name": "rollbar-browser-js", "version": "3.1.0"},
    }  # fmt: skip
    asker.call("item/", token="post_client", method="post", body={"data": data})
    digest.run()


@pytest.mark.parametrize("where", ["sourcemap", "sourcemap/"])
@pytest.mark.parametrize(
    ("uploaded", "seen"),
    [
        (ADDRESS, ADDRESS),
        (ADDRESS, ADDRESS + "?v=7"),
        ("//cdn.example/static/shop.min.js", ADDRESS),
    ],
)
def test_browser_items_are_mapped(asker: Asker, where: str, uploaded: str, seen: str):
    assert upload(asker, where=where, url=uploaded) == {}
    browser_item(asker, seen)
    assert is_mapped(crash(asker.project)), stored(asker.project).get("errors")
    assert "totalOfBasket" in Issue.objects.live().get(project=asker.project).culprit


def test_another_version_or_host_is_not_taken(asker: Asker):
    upload(asker)
    browser_item(asker, version="2.0")
    assert not is_mapped(crash(asker.project))
    browser_item(asker, "https://other.example/static/shop.min.js")
    assert not is_mapped(crash(asker.project))


def test_what_comes_late_is_mapped_then(asker: Asker):
    browser_item(asker)
    [note] = stored(asker.project)["errors"]
    assert note["type"] == "source_map_missing" and "1.0" in note["value"]
    assert "rollbar-cli" in note["value"]
    upload(asker)
    assert remap.run(timezone.now() + timedelta(seconds=30)) == 1
    assert is_mapped(crash(asker.project))


def test_the_newest_of_a_pair_counts(asker: Asker):
    other = json.loads(MAP)
    other["sources"] = [f"other/{name}" for name in other["sources"]]
    for content, file in (
        (MAP, "src/cart.ts"),
        (json.dumps(other).encode(), "other"),
        (MAP, "src/cart.ts"),
    ):
        upload(asker, content)
        forget()
        browser_item(asker)
        assert crash(asker.project)["stacktrace"]["frames"][-1]["filename"].startswith(file)


def test_sources_beside_a_map_without_contents(asker: Asker):
    told = json.loads(MAP)
    contents = dict(zip(told["sources"], told.pop("sourcesContent"), strict=True))
    files = [(name, name, text.encode()) for name, text in contents.items()]
    upload(asker, json.dumps(told).encode(), 200, *files)
    assert Artifact.objects.filter(project=asker.project, kind="source").count() == len(files)
    browser_item(asker)
    last = crash(asker.project)["stacktrace"]["frames"][-1]
    assert last["context_line"].strip().startswith("throw new BasketError(")


@pytest.mark.parametrize(
    ("token", "status"),
    [("post_server", 200), ("write", 200), ("read", 403), ("post_client", 403), ("wrong", 403),
     ("", 401)],
)  # fmt: skip
def test_scopes(asker: Asker, token: str, status: int):
    upload(asker, MAP, status, token=token)
    assert ArtifactBundle.objects.filter(project=asker.project).exists() == (status == 200)


def test_the_token_may_be_a_field(asker: Asker):
    field = ("access_token", None, asker.tokens["post_server"].encode())
    upload(asker, MAP, 200, field, token="")
    upload(asker, MAP, 403, ("access_token", None, b"f" * 32), token="")


@pytest.mark.parametrize(
    ("what", "said"),
    [({"version": ""}, "version"), ({"url": ""}, "minified_url"), ({"url": "app.js"}, "http"),
     ({"url": "javascript:alert(1)"}, "http"), ({"content": b""}, "source_map"),
     ({"content": b"<html>404</html>"}, "no source map"), ({"content": b"{}"}, "no source map"),
     ({"version": "x" * 201}, "version")],
)  # fmt: skip
def test_nonsense_is_refused(asker: Asker, what: dict[str, Any], said: str):
    content = what.pop("content", MAP)
    assert said in upload(asker, content, 422, **what)
    assert not ArtifactBundle.objects.filter(project=asker.project).exists()


def test_bodies_that_are_no_form(asker: Asker):
    call = {"token": "post_server", "method": "post"}
    asker.call("sourcemap", 422, body={"version": "1"}, **call)
    asker.call("sourcemap", 400, body=b"nonsense", content_type="multipart/form-data", **call)
    asker.call("sourcemap", 400, body=b"", content_type="multipart/form-data; boundary=x", **call)


def test_a_server_downloads_nothing(asker: Asker):
    call = {"token": "post_server", "method": "post"}
    told = {"version": "1", "minified_url": "http://127.0.0.1:9/app.js"}
    assert "upload them" in asker.call("sourcemap/download", 422, body=told, **call)


class TestSigned:
    def address(self, asker: Asker, prefix: str = "https://shop.example/static/") -> str:
        told = asker.call(
            "signed_url/sourcemap_bundle", token="post_server", method="post",
            body={"version": "1.0", "prefix_url": prefix},
        )  # fmt: skip
        assert told["project_id"] == asker.project.pk
        return urlsplit(told["signed_url"]).path.removeprefix("/api/1/")

    def zipped(self, **files: bytes) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return out.getvalue()

    def put(self, asker: Asker, where: str, body: bytes, status: int = 200) -> Any:
        kind = "application/octet-stream"
        return asker.call(where, status, token="", method="put", body=body, content_type=kind)

    def test_a_zip_at_a_signed_address(self, asker: Asker):
        where = self.address(asker)
        self.put(asker, where, self.zipped(**{"manifest.json": b"{}", "shop.min.js.map": MAP}))
        browser_item(asker)
        assert is_mapped(crash(asker.project)), stored(asker.project).get("errors")

    def test_only_what_was_signed(self, asker: Asker):
        body = self.zipped(**{"a.js.map": MAP})
        where = self.address(asker)
        self.put(asker, where[:-3] + "abc", body, 401)
        self.put(asker, "sourcemap_bundle/x", body, 401)
        self.put(asker, where, b"no zip", 400)
        asker.project.keys.update(enabled=False)
        self.put(asker, where, body, 403)
        asker.project.keys.update(enabled=True)
        self.put(asker, where, self.zipped(**{"a.txt": b"x"}), 422)
        self.put(asker, where, self.zipped(**{"../../a.js.map": b"<html>"}), 422)
        assert not ArtifactBundle.objects.filter(project=asker.project).exists()

    def test_a_bomb(self, asker: Asker):
        bomb = self.zipped(**{"a.js.map": b'{"mappings":"' + b"A" * (140 * 1024 * 1024) + b'"}'})
        self.put(asker, self.address(asker), bomb, 400)

    def test_asking_needs_a_token_and_a_prefix(self, asker: Asker):
        where, call = "signed_url/sourcemap_bundle", {"method": "post"}
        asker.call(
            where, 403, token="read", body={"version": "1", "prefix_url": "http://x/"}, **call
        )
        asker.call(where, 422, token="write", body={"version": "1", "prefix_url": "x"}, **call)
        asker.call(
            where, 422, token="write", body={"version": "", "prefix_url": "http://x/"}, **call
        )
