"""Every form of a key, every status, CORS on all of them."""

from __future__ import annotations

import base64
import gzip
import json
import time
import uuid
import zlib
from typing import Any

import pytest
from django.db import DatabaseError

from ingest import auth, inbox
from tests.factories.projects import make_project
from tests.ingest.conftest import Poster

EVENT = {"event_id": "a" * 32, "message": "hello"}


def good(answer: Any) -> bool:
    return bool(answer.status_code == 200 and answer["Access-Control-Allow-Origin"] == "*")


def refused(answer: Any, status: int) -> str:
    """The sentence of a refusal, which is complete."""
    assert answer.status_code == status, (answer.status_code, answer.content)
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "x-sentry-rate-limits" in answer["Access-Control-Expose-Headers"]
    said = json.loads(answer.content)["detail"]
    assert isinstance(said, str) and said.endswith(".") and "\n" not in said
    return said


class TestKeys:
    def test_header(self, poster: Poster) -> None:
        answer = poster.post("store/", EVENT)
        assert good(answer) and answer.json() == {"id": "a" * 32}

    @pytest.mark.parametrize(
        "form",
        ["Sentry sentry_version=7,sentry_key={}", "sentry sentry_key={} , sentry_secret=abc",
         "Sentry  sentry_timestamp=1,sentry_key={}, sentry_client=raven/1"],
    )  # fmt: skip
    def test_fields_of_the_header_come_in_any_order(self, poster: Poster, form: str) -> None:
        header = {"X-Sentry-Auth": form.format(poster.key.public_key)}
        assert good(poster.post("store/", EVENT, **header))

    @pytest.mark.parametrize("scheme", ["Sentry", "DSN", "Basic"])
    def test_authorization(self, poster: Poster, scheme: str) -> None:
        key = poster.key.public_key
        value = {
            "Sentry": f"Sentry sentry_key={key}",
            "DSN": f"DSN {poster.dsn}",
            "Basic": "Basic " + base64.b64encode(f"{key}:".encode()).decode(),
        }[scheme]
        assert good(poster.post("store/", EVENT, **{"X-Sentry-Auth": "", "Authorization": value}))

    def test_query(self, poster: Poster) -> None:
        where = f"envelope/?sentry_key={poster.key.public_key}&sentry_version=7"
        body = poster.envelope(({"type": "event"}, EVENT))
        assert good(poster.post(where, body, **{"X-Sentry-Auth": ""}))

    def test_dsn_of_the_envelope(self, poster: Poster) -> None:
        body = poster.envelope(({"type": "event"}, EVENT), dsn=poster.dsn)
        assert good(
            poster.post("envelope/", body, **{"X-Sentry-Auth": "", "content_type": "text/plain"})
        )

    def test_legacy_address_takes_the_project_of_the_key(self, poster: Poster) -> None:
        answer = poster.client.post(
            "/api/store/", json.dumps(EVENT), content_type="application/json",
            headers={"X-Sentry-Auth": poster.auth},
        )  # fmt: skip
        assert good(answer) and poster.rows().exists()

    @pytest.mark.parametrize("project", ["own", "other"])
    def test_dsn_and_key_must_agree(self, poster: Poster, project: str) -> None:
        other = Poster(make_project("Other"))
        dsn = (
            other.dsn
            if project == "other"
            else f"http://{poster.key.public_key}@x/{other.project.pk}"
        )
        body = poster.envelope(({"type": "event"}, EVENT), dsn=dsn)
        refused(poster.post("envelope/", body), 403)
        assert not poster.rows().exists()

    def test_no_key(self, poster: Poster) -> None:
        refused(poster.post("store/", EVENT, **{"X-Sentry-Auth": ""}), 401)

    @pytest.mark.parametrize(
        "header", ["Sentry", "Sentry sentry_client=x", "Bearer abc", "nonsense"]
    )
    def test_unreadable_header(self, poster: Poster, header: str) -> None:
        refused(poster.post("store/", EVENT, **{"X-Sentry-Auth": header}), 401)

    @pytest.mark.parametrize("value", ["Basic !!!", "Basic /////w==", "DSN :/", "DSN http://[x"])
    def test_unreadable_authorization(self, poster: Poster, value: str) -> None:
        refused(poster.post("store/", EVENT, **{"X-Sentry-Auth": "", "Authorization": value}), 401)

    def test_protocol_of_the_future(self, poster: Poster) -> None:
        header = f"Sentry sentry_key={poster.key.public_key}, sentry_version=8"
        refused(poster.post("store/", EVENT, **{"X-Sentry-Auth": header}), 400)

    def test_one_text_for_all_wrong_keys(self, poster: Poster) -> None:
        other = Poster(make_project("Other"))
        disabled = Poster(make_project("Disabled"))
        disabled.key.enabled = False
        disabled.key.save()
        said = {
            refused(
                poster.post("store/", EVENT, **{"X-Sentry-Auth": f"Sentry sentry_key={key}"}), 403
            )
            for key in (uuid.uuid4().hex, other.key.public_key, "short", "x" * 400, "\x7f" * 32)
        }
        said.add(refused(disabled.post("store/", EVENT), 403))
        assert not poster.rows().exists()
        poster.project.pk = 99_999_999
        said.add(refused(poster.post("store/", EVENT), 403))
        assert len(said) == 1

    def test_disabling_a_key_is_noticed_within_five_seconds(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert good(poster.post("store/", EVENT))
        poster.key.enabled = False
        poster.key.save()
        assert good(poster.post("store/", EVENT))  # remembered
        now = time.monotonic()
        monkeypatch.setattr(auth.KEYS, "_clock", lambda: now + auth.FRESH + 0.1)
        refused(poster.post("store/", EVENT), 403)

    def test_invented_keys_push_no_real_one_out(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(auth, "_MOST", 20)
        assert good(poster.post("store/", EVENT))
        for _ in range(50):
            auth.KEYS.find(uuid.uuid4().hex)
        assert len(auth.KEYS._known) <= 20
        assert poster.key.public_key in auth.KEYS._known

    def test_known_keys_are_believed_while_the_database_is_away(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert auth.KEYS.find(poster.key.public_key) is not None
        now = time.monotonic()
        monkeypatch.setattr(auth.KEYS, "_clock", lambda: now + 60)

        def fail(_text: str) -> None:
            raise DatabaseError("gone")

        monkeypatch.setattr(auth.KEYS, "_load", fail)
        assert auth.KEYS.find(poster.key.public_key) is not None
        answer = poster.post("store/", EVENT, **{"X-Sentry-Auth": f"Sentry sentry_key={'f' * 32}"})
        refused(answer, 429)


class TestStatuses:
    @pytest.mark.parametrize(
        "body",
        [b"[]", b"null", b"7", b'"text"', b"{", b"\xff\xfe", b"not base64!", b"", b"{}}",
         base64.b64encode(b"\x78\x9cbroken")],
    )  # fmt: skip
    def test_no_event(self, poster: Poster, body: bytes) -> None:
        refused(poster.post("store/", body), 400)
        assert not poster.rows().exists()

    @pytest.mark.parametrize(
        "body",
        [b"", b"{}x", b"[]\n{}", b'{}\n{"type":"event","length":99}\n{}',
         b'{}\n{"type":"event","length":2}\n{}x', b'{}\n[]\n{}', b'{}\n{"type":"event"}\n[]',
         b'{}\n{"type":"event"}\nnull', b'{}\n{"type":"event","length":-1}\n{}'],
    )  # fmt: skip
    def test_bad_framing_stores_nothing(self, poster: Poster, body: bytes) -> None:
        refused(poster.post("envelope/", body), 400)
        assert not poster.rows().exists()

    @pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "x-gzip"])
    def test_broken_coding(self, poster: Poster, coding: str) -> None:
        refused(poster.post("store/", b"\x1f\x8bnot really", **{"Content-Encoding": coding}), 400)

    def test_truncated_gzip(self, poster: Poster) -> None:
        body = gzip.compress(json.dumps({"message": "x" * 1000}).encode())[:-12]
        refused(poster.post("store/", body, **{"Content-Encoding": "gzip"}), 400)

    @pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "lzma", "\u00e9"])
    def test_unknown_coding(self, poster: Poster, coding: str) -> None:
        refused(poster.post("store/", b"{}", **{"Content-Encoding": coding}), 415)

    @pytest.mark.parametrize("coding", ["", "identity", "GZIP", "gzip "])
    def test_known_codings_however_written(self, poster: Poster, coding: str) -> None:
        plain = json.dumps(EVENT).encode()
        body = gzip.compress(plain) if "g" in coding.lower() else plain
        assert good(poster.post("store/", body, **{"Content-Encoding": coding}))

    def test_too_large_an_event(self, poster: Poster) -> None:
        body = json.dumps({"message": "x" * (1024 * 1024)}).encode()
        refused(poster.post("store/", body), 413)
        refused(poster.post("envelope/", b'{}\n{"type":"event"}\n' + body), 413)
        packed = base64.b64encode(zlib.compress(body))
        refused(poster.post("store/", packed), 413)

    def test_bomb(self, poster: Poster) -> None:
        bomb = gzip.compress(b"\0" * (101 * 1024 * 1024), 9)
        refused(poster.post("envelope/", bomb, **{"Content-Encoding": "gzip"}), 413)

    def test_too_many_items(self, poster: Poster) -> None:
        body = poster.envelope(*[({"type": "nonsense"}, {})] * 101)
        refused(poster.post("envelope/", body), 400)

    @pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "trace"])
    def test_other_methods(self, poster: Poster, method: str) -> None:
        answer = getattr(poster.client, method)(f"/api/{poster.project.pk}/envelope/")
        assert answer.status_code == 405
        assert answer["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize("what", ["envelope/", "store", "security/", "minidump/", "nel/"])
    def test_preflight(self, poster: Poster, what: str) -> None:
        answer = poster.client.options(f"/api/{poster.project.pk}/{what}")
        assert answer.status_code == 200
        assert "x-sentry-auth" in answer["Access-Control-Allow-Headers"]
        assert answer["Access-Control-Allow-Origin"] == "*"

    @pytest.mark.parametrize("project", ["shop", "-1", "1e3", "%C2%B2", "1" * 19 + "x"])
    def test_project_that_is_no_number(self, poster: Poster, project: str) -> None:
        answer = poster.client.post(
            f"/api/{project}/store/", b"{}", content_type="application/json",
            headers={"X-Sentry-Auth": poster.auth},
        )  # fmt: skip
        refused(answer, 400)

    def test_project_that_is_a_huge_number(self, poster: Poster) -> None:
        poster.project.pk = 10**40
        refused(poster.post("store/", EVENT), 403)

    def test_thousands_of_parameters(self, poster: Poster) -> None:
        refused(poster.post("store/?" + "a&" * 3000, EVENT, **{"X-Sentry-Auth": ""}), 400)

    def test_both_slash_forms(self, poster: Poster) -> None:
        assert good(poster.post("store", EVENT))
        assert good(poster.post("envelope", b"{}"))

    def test_a_fault_of_ours_is_no_5xx(
        self, poster: Poster, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: Any) -> None:
            raise RuntimeError("ours")

        monkeypatch.setattr("ingest.views.decoding.unpack", fail)
        assert "ours" not in refused(poster.post("store/", EVENT), 400)

    def test_a_failed_commit_is_429(self, poster: Poster, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail(_letters: Any) -> None:
            raise DatabaseError("disk full")

        with monkeypatch.context() as patch:
            patch.setattr(inbox, "put_rows", fail)
            answer = poster.post("store/", EVENT)
            refused(answer, 429)
            assert answer["Retry-After"] == "10"
        assert not poster.rows().exists()
        assert good(poster.post("store/", EVENT))


class TestAnswers:
    def test_image_beacon(self, poster: Poster) -> None:
        packed = base64.b64encode(zlib.compress(json.dumps(EVENT).encode())).decode()
        from urllib.parse import quote

        for data in (quote(packed), packed):  # a plus may arrive as a blank
            answer = poster.client.get(
                f"/api/{poster.project.pk}/store/?sentry_key={poster.key.public_key}&sentry_data={data}"
            )
            assert answer.status_code == 200
            assert answer["Content-Type"] == "image/gif" and answer.content[:6] == b"GIF89a"
        assert poster.rows().count() == 2

    def test_unwanted_kinds_are_switched_off(self, poster: Poster) -> None:
        body = poster.envelope(({"type": "transaction"}, {}), ({"type": "event"}, EVENT))
        answer = poster.post("envelope/", body)
        limit = answer["X-Sentry-Rate-Limits"]
        assert limit.startswith("86400:transaction;span;") and ":organization" in limit
        assert "error" not in limit.split(":")[1].split(";")
        plain = poster.post("envelope/", poster.envelope(({"type": "event"}, EVENT)))
        assert "X-Sentry-Rate-Limits" not in plain

    def test_envelope_of_nothing(self, poster: Poster) -> None:
        assert poster.post("envelope/", b"{}").json() == {}
        assert not poster.rows().exists()

    def test_meta_tells_the_client_and_when_it_sent(self, poster: Poster) -> None:
        header = (
            f"Sentry sentry_key={poster.key.public_key}, sentry_client=raven/6, sentry_timestamp=17"
        )
        poster.post("store/", EVENT, **{"X-Sentry-Auth": header, "User-Agent": "raven\u00e9"})
        meta = json.loads(bytes(poster.rows().get().meta))
        assert meta["sentry_client"] == "raven/6" and meta["sent_at"] == "17"
