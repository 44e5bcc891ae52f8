"""Rollbar's addresses: the facts most easily got wrong, tokens with scopes, deploys."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest
from django.test import Client

from ingest import digest
from ingest.limits import RATE_PER_MINUTE
from tests.ingest.conftest import Poster
from tracker.actions import setup
from tracker.models import Activity, Deploy, EventRow, Release


def item(**data: Any) -> dict[str, Any]:
    body = {"message": {"body": "Till is closed"}}
    return {"data": {"environment": "production", "body": body, **data}}


class Roller:
    """A client with the four tokens of one key."""

    def __init__(self, poster: Poster) -> None:
        made = setup.create_key(poster.project, "Rollbar")
        self.project = poster.project
        self.tokens = {
            "post_server": made.post_server, "post_client": made.post_client,
            "read": made.read, "write": made.write,
        }  # fmt: skip
        self.client = Client(raise_request_exception=False)

    def send(
        self, what: Any, *, token: str = "post_server", where: str = "/api/1/item/",
        method: str = "post", content_type: str = "application/json", **headers: str,
    ) -> Any:  # fmt: skip
        raw = what if isinstance(what, bytes) else json.dumps(what).encode()
        sent = {"X-Rollbar-Access-Token": self.tokens.get(token, token), **headers}
        given = {name: value for name, value in sent.items() if value}
        call = getattr(self.client, method)
        return call(where, raw, content_type=content_type, headers=given)


@pytest.fixture
def roller(poster: Poster) -> Roller:
    return Roller(poster)


def said(answer: Any, status: int) -> dict[str, Any]:
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Content-Type"].startswith("application/json")
    assert answer["Access-Control-Allow-Origin"] == "*"
    told: dict[str, Any] = json.loads(answer.content)
    assert told["err"] == (0 if status == 200 else 1)
    assert status == 200 or told["message"].endswith(".")
    return told


class TestItems:
    def test_status_200_and_the_uuid_as_it_was_sent(self, roller: Roller) -> None:
        odd = "A-Text-That-Is-No-UUID"
        told = said(roller.send(item(uuid=odd)), 200)
        assert told["result"] == {"id": None, "uuid": odd}
        assert digest.run() == 1
        assert EventRow.objects.filter(project_id=roller.project.pk).count() == 1

    def test_an_own_uuid_is_given(self, roller: Roller) -> None:
        assert uuid.UUID(said(roller.send(item()), 200)["result"]["uuid"])

    @pytest.mark.parametrize("where", ["/api/1/item", "/api/1/item/"])
    def test_both_slash_forms(self, roller: Roller, where: str) -> None:
        said(roller.send(item(), where=where), 200)

    @pytest.mark.parametrize("place", ["header", "body", "query"])
    def test_places_of_the_token(self, roller: Roller, place: str) -> None:
        token = roller.tokens["post_server"]
        body = {**item(), "access_token": token} if place == "body" else item()
        where = f"/api/1/item/?access_token={token}" if place == "query" else "/api/1/item/"
        said(roller.send(body, token=token if place == "header" else "", where=where), 200)

    def test_the_label_of_the_body_is_not_believed(self, roller: Roller) -> None:
        kind = "application/x-www-form-urlencoded"
        said(roller.send(item(), content_type=kind), 200)
        from urllib.parse import urlencode

        form = urlencode({"payload": json.dumps(item())}).encode()
        said(roller.send(form, content_type=kind), 200)

    @pytest.mark.parametrize(
        ("token", "platform", "status"),
        [("post_server", "linux", 200), ("post_client", "browser", 200), ("post_client", "ios", 200),
         ("post_client", "linux", 403), ("post_client", "", 403), ("read", "linux", 403),
         ("write", "linux", 403), ("f" * 32, "linux", 403), ("short", "linux", 403), ("", "", 401)],
    )  # fmt: skip
    def test_scopes(self, roller: Roller, token: str, platform: str, status: int) -> None:
        said(roller.send(item(platform=platform), token=token), status)

    @pytest.mark.parametrize(
        ("body", "status"),
        [(b"", 400), (b"{", 400), (b"[]", 400), (b"null", 400), (b"x=1", 400),
         (b"{}", 422), (b'{"data": {}}', 422), (b'{"data": 7}', 422), (b'{"data": {"body": {}}}', 422),
         (json.dumps({"data": {"body": {"message": {"body": "x"}}}}).encode(), 422),
         (b'{"data": "' + b"x" * (1024 * 1024) + b'"}', 413)],
    )  # fmt: skip
    def test_bad_items(self, roller: Roller, body: bytes, status: int) -> None:
        said(roller.send(body), status)

    def test_rate_headers(self, roller: Roller) -> None:
        answer = roller.send(item())
        assert answer["X-Rate-Limit-Limit"] == str(RATE_PER_MINUTE)
        assert int(answer["X-Rate-Limit-Remaining"]) > 0
        assert abs(int(answer["X-Rate-Limit-Reset"]) - time.time()) < 65
        roller.project.keys.update(rate_per_minute=0)
        from ingest.auth import TOKENS

        TOKENS.forget()
        answer = roller.send(item())
        said(answer, 429)
        assert answer["X-Rate-Limit-Remaining"] == "0"
        assert answer["X-Rate-Limit-Remaining-Seconds"] == answer["Retry-After"] == "60"

    def test_preflight_allows_whatever_is_asked(self, roller: Roller) -> None:
        asked = "content-type,x-rollbar-access-token,signal"
        answer = roller.client.options(
            "/api/1/item/", headers={"Access-Control-Request-Headers": asked}
        )
        assert answer["Access-Control-Allow-Headers"] == asked
        assert "Rollbar-Replay-Enabled" in answer["Access-Control-Expose-Headers"]
        assert answer["Rollbar-Replay-Enabled"] == "false"
        odd = roller.client.options(
            "/api/1/item/", headers={"Access-Control-Request-Headers": "a" * 2000 + "<script>"}
        )
        assert odd["Access-Control-Allow-Headers"] == "content-type, x-rollbar-access-token"

    def test_other_methods_and_pings(self, roller: Roller) -> None:
        assert said(roller.client.put("/api/1/item/"), 405)["err"] == 1
        assert said(roller.client.get("/api/1/item/"), 401)["err"] == 1
        assert roller.client.get("/api/1/status/ping").content == b"pong"
        said(roller.send(b"{}", where="/api/1/session/"), 200)


class TestDeploys:
    told = {"environment": "production", "revision": "abc123", "local_username": "ada"}

    def start(self, roller: Roller, **more: Any) -> int:
        answer = roller.send({**self.told, **more}, where="/api/1/deploy/")
        return int(said(answer, 200)["data"]["deploy_id"])

    def test_a_deploy_makes_its_release_a_deployed_one(self, roller: Roller) -> None:
        Release.objects.create(project=roller.project, version="abc123", source="event")
        deploy = Deploy.objects.get(pk=self.start(roller, comment="Friday"))
        assert (deploy.status, deploy.actor, deploy.environment.name) == (
            "succeeded",
            "ada",
            "production",
        )
        assert (
            deploy.finished_at and deploy.release.source == "deploy" and deploy.release.released_at
        )
        noted = Activity.objects.get(project=roller.project, kind="deployed")
        assert noted.data["release"] == "abc123"

    def test_from_started_to_done(self, roller: Roller) -> None:
        number = self.start(roller, status="started")
        where = f"/api/1/deploy/{number}"
        assert not Activity.objects.filter(project=roller.project, kind="deployed").exists()
        token = roller.tokens["post_server"]
        form = "application/x-www-form-urlencoded"
        answer = roller.send(
            {"status": "succeeded", **self.told}, method="patch", token="", content_type=form,
            where=f"{where}?access_token={token}",
        )  # fmt: skip
        said(answer, 200)
        shown = said(
            roller.client.get(where, headers={"X-Rollbar-Access-Token": roller.tokens["read"]}), 200
        )
        assert shown["result"]["status"] == "succeeded" and shown["result"]["finish_time"]
        assert Activity.objects.filter(project=roller.project, kind="deployed").count() == 1

    @pytest.mark.parametrize("kind", ["form", "multipart"])
    def test_forms(self, roller: Roller, kind: str) -> None:
        told = {**self.told, "access_token": roller.tokens["post_server"]}
        if kind == "form":
            from urllib.parse import urlencode

            body, label = urlencode(told).encode(), "application/x-www-form-urlencoded"
        else:
            body = (
                b"".join(
                    f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                    for name, value in told.items()
                )
                + b"--xx--\r\n"
            )
            label = "multipart/form-data; boundary=xx"
        said(roller.send(body, token="", where="/api/1/deploy", content_type=label), 200)

    def test_the_list(self, roller: Roller) -> None:
        numbers = [self.start(roller, revision=f"r{number}") for number in range(3)]
        read = {"X-Rollbar-Access-Token": roller.tokens["read"]}
        shown = said(roller.client.get("/api/1/deploys/?limit=2", headers=read), 200)["result"]
        assert [row["id"] for row in shown["deploys"]] == numbers[:0:-1]
        more = said(roller.client.get("/api/1/deploys?limit=2&page=2", headers=read), 200)["result"]
        assert [row["id"] for row in more["deploys"]] == numbers[:1]

    @pytest.mark.parametrize(
        ("token", "told", "status"),
        [("post_client", told, 403), ("read", told, 403), ("", told, 401),
         ("post_server", {"environment": "production"}, 422), ("post_server", {"revision": "a"}, 422),
         ("post_server", {**told, "status": "eaten"}, 422), ("post_server", {**told, "revision": "r" * 300}, 422),
         ("post_server", {**told, "environment": {"no": "text"}}, 422)],
    )  # fmt: skip
    def test_bad_deploys(
        self, roller: Roller, token: str, told: dict[str, Any], status: int
    ) -> None:
        said(roller.send(told, token=token, where="/api/1/deploy/"), status)
        assert not Deploy.objects.filter(project=roller.project).exists()

    def test_foreign_deploys_are_not_found(self, roller: Roller, poster: Poster) -> None:
        from tests.factories.projects import make_project

        other = Roller(Poster(make_project("Other")))
        number = self.start(other)
        read = {"X-Rollbar-Access-Token": roller.tokens["read"]}
        said(roller.client.get(f"/api/1/deploy/{number}", headers=read), 404)
        said(
            roller.send({"status": "failed"}, method="patch", where=f"/api/1/deploy/{number}"), 404
        )


def test_airbrake_notice(poster: Poster) -> None:
    notice = {"errors": [{"type": "KeyError", "message": "till", "backtrace": []}]}
    for place in ("key", "header", "bearer"):
        key = poster.key.public_key
        where = f"/api/v3/projects/true/notices{f'?key={key}' if place == 'key' else ''}"
        headers = {
            "header": {"X-Airbrake-Token": key},
            "bearer": {"Authorization": f"Bearer {key}"},
        }
        answer = poster.client.post(
            where, json.dumps(notice), content_type="text/plain", headers=headers.get(place, {})
        )
        assert answer.status_code == 201, answer.content
        assert answer.json()["url"].endswith(answer.json()["id"])
    assert digest.run() >= 3
    bad = poster.client.post("/api/v3/projects/1/notices", b"{}", content_type="application/json")
    assert bad.status_code == 401 and list(bad.json()) == ["message"]


def test_links_that_sdks_print_lead_to_the_issue(roller: Roller, poster: Poster) -> None:
    from tests.factories.projects import make_project
    from tracker.models import Issue, User

    told = said(roller.send(item(uuid=str(uuid.uuid4()))), 200)["result"]["uuid"]
    digest.run()
    issue = Issue.objects.get(project=roller.project)
    browser = Client()
    where = f"/item/uuid/?uuid={told}"
    assert "/login/" in browser.get(where)["Location"]
    owner = User.objects.create_superuser(
        f"o{roller.project.pk}", "o@x.example", "correct horse battery"
    )
    browser.force_login(owner)
    assert browser.get(where)["Location"] == f"/admin/tracker/issue/{issue.pk}/change/"
    assert browser.get("/occurrence/uuid/?uuid=nothing").status_code == 404
    stranger = User.objects.create_user(
        f"s{roller.project.pk}", "s@x.example", "correct horse battery"
    )
    make_project("Elsewhere")
    browser.force_login(stranger)
    assert browser.get(where).status_code == 404
