"""Style sheets and scripts: a lasting address, packed for those who can unpack; pages too."""

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from config.static import named, packed


def test_the_name_follows_the_content(tmp_path: Path):
    one, other = tmp_path / "one.css", tmp_path / "other.css"
    one.write_text("a {}")
    other.write_text("b {}")
    assert re.fullmatch(r"look/app\.[0-9a-f]{12}\.css", named("look/app.css", str(one)))
    assert named("app.css", str(one)) != named("app.css", str(other))


def test_links_lead_to_a_lasting_packed_file():
    address = static("tracker/app.css")
    assert re.fullmatch(r"/static/tracker/app\.[0-9a-f]{12}\.css", address)
    answer = Client().get(address, headers={"accept-encoding": "gzip, br"})
    assert answer["Content-Encoding"] == "gzip" and "Accept-Encoding" in answer["Vary"]
    assert "immutable" in answer["Cache-Control"] and answer["Content-Type"].startswith("text/css")
    body = b"".join(answer)
    source = Path(str(finders.find("tracker/app.css"))).read_bytes()
    assert gzip.decompress(body) == source and len(body) * 3 < len(source)
    plain = Client().get(address)
    assert b"".join(plain) == source and "Content-Encoding" not in plain


@pytest.mark.parametrize("name", ["tracker/app.js", "admin/css/base.css", "admin/img/search.svg"])
def test_the_plain_address_is_asked_for_again(name: str):
    answer = Client().get(f"/static/{name}")
    assert answer.status_code == 200 and "immutable" not in answer["Cache-Control"]
    assert len(b"".join(answer)) == Path(str(finders.find(name))).stat().st_size


def test_another_content_is_not_found():
    assert Client().get("/static/tracker/app.000000000000.css").status_code == 404


def test_no_copy_of_what_does_not_shrink(tmp_path: Path):
    picture = tmp_path / "small.svg"
    picture.write_bytes(b"<svg/>")
    assert packed(str(picture)) == "" and packed(str(tmp_path / "picture.png")) == ""


@pytest.mark.django_db
def test_pages_are_packed_and_short_answers_are_not():
    client = Client()
    headers = {"accept-encoding": "gzip"}
    page = client.get(reverse("admin:login"), headers=headers)
    assert page["Content-Encoding"] == "gzip"
    assert b"<html" in gzip.decompress(page.content)
    assert "Content-Encoding" not in client.get("/healthz", headers=headers)
