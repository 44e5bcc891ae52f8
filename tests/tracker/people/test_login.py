"""Logging in: password, limits, second factors, a provider; sign-up stays closed."""

import re

import pytest
from django.conf import settings
from django.core.cache import cache
from django.templatetags.static import static
from django.test import Client

from config import signing
from config.env import BadSetting, Env
from tracker.models import AuditEntry, User

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def grace() -> User:
    cache.clear()
    return User.objects.create_user("grace", "grace@example.com", PASSWORD)


def log_in(client: Client, name: str = "grace", password: str = PASSWORD, **more: str):
    return client.post("/admin/login/", {"username": name, "password": password, **more})


def confirm(client: Client) -> None:
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})


def test_name_and_address_both_lead_in(grace: User):
    for name in ("grace", "grace@example.com", "GRACE@example.com"):
        client = Client()
        answer = log_in(client, name, next="/admin/tracker/issue/?q=is:new")
        assert answer.status_code == 302 and answer["Location"] == "/admin/tracker/issue/?q=is:new"
        assert client.get("/admin/tracker/issue/").status_code == 200


def test_the_session_is_a_new_one_and_no_stranger_leads_us_away(grace: User):
    client = Client()
    client.get("/admin/login/")
    session = client.session
    session["undo"] = {"ids": [1]}
    session.save()
    client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
    answer = log_in(client, next="https://evil.example/")
    assert answer["Location"] == "/admin/"
    assert client.session.session_key != session.session_key
    assert "undo" not in client.session
    entry = AuditEntry.objects.get(action="logged in")
    assert (entry.actor, entry.address) == (grace, "127.0.0.1")


def test_the_eleventh_wrong_password_of_a_minute_is_not_tried(grace: User):
    client = Client()
    for _ in range(10):
        assert log_in(client, password="wrong").status_code == 200
    locked = log_in(client)
    assert locked.status_code in (200, 429), "the right one comes too late"
    assert client.get("/admin/").status_code == 302
    elsewhere = Client(REMOTE_ADDR="192.0.2.9")
    log_in(elsewhere)
    assert elsewhere.get("/admin/").status_code == 302, "the account is guarded from everywhere"
    User.objects.create_user("ada", "ada@example.com", PASSWORD)
    other = Client(REMOTE_ADDR="192.0.2.9")
    log_in(other, "ada")
    assert other.get("/admin/").status_code == 200, "others are not locked out with it"


def test_who_is_switched_off_stays_out(grace: User):
    grace.is_active = False
    grace.save()
    client = Client()
    log_in(client)
    assert client.get("/admin/").status_code == 302


def test_nobody_signs_up(grace: User):
    page = Client().post("/accounts/signup/", {"username": "eve", "password1": PASSWORD})
    assert not User.objects.filter(username="eve").exists()
    assert "closed" in page.content.decode().lower()
    assert Client().get("/accounts/email/").status_code == 404, "addresses are the owner's"


def test_a_second_factor_is_asked_for_and_kept_sealed(
    grace: User, django_capture_on_commit_callbacks
):
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal import auth as totp

    client = Client()
    log_in(client)
    asked = client.get("/accounts/factors/totp/activate/")
    assert asked["Location"].startswith("/accounts/reauthenticate/"), (
        "a borrowed session changes nothing"
    )
    confirm(client)
    page = client.get("/accounts/factors/totp/activate/").content.decode()
    secret = re.search(r'value="([A-Z2-7]{32})"', page)
    assert secret and "data:image/svg+xml" in page
    _, now, soon = (
        totp.format_hotp_value(totp.hotp_value(secret[1], counter))
        for counter in totp.yield_hotp_counters_from_time()
    )
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/accounts/factors/totp/activate/", {"code": now})
    kept = Authenticator.objects.get(user=grace, type="totp").data["secret"]
    assert secret[1] not in kept
    assert get_adapter().decrypt(kept) == secret[1]
    assert AuditEntry.objects.filter(action="added a factor", actor=grace).exists()

    again = Client()
    answer = log_in(again)
    assert answer["Location"].startswith("/accounts/factors/authenticate/")
    assert again.get("/admin/").status_code == 302, "half in is out"
    assert again.post("/accounts/factors/authenticate/", {"code": "000000"}).status_code == 200
    assert again.get("/admin/").status_code == 302
    again.post("/accounts/factors/authenticate/", {"code": soon})
    assert again.get("/admin/").status_code == 200


@pytest.mark.parametrize("path", ["", "webauthn/", "webauthn/add/", "totp/activate/"])
def test_pages_of_factors_stand_in_our_frame(grace: User, path: str):
    client = Client()
    log_in(client)
    confirm(client)
    page = client.get(f"/accounts/factors/{path}")
    assert page.status_code == 200
    text = page.content.decode()
    assert static("tracker/app.css") in text and 'class="sections"' in text
    for script in re.findall(r"<script([^>]*)>([^<]*)", text):
        assert "src=" in script[0] or "application/json" in script[0], "nothing runs inline"


def test_the_page_offers_a_passkey_and_no_provider(grace: User):
    page = Client().get("/admin/login/").content.decode()
    assert "Use a passkey" in page and "Log in with" not in page
    assert (
        Client()
        .get("/accounts/factors/webauthn/login/", headers={"Accept": "application/json"})
        .json()["request_options"]
    )


def test_half_a_provider_is_refused_at_the_start():
    assert signing.oidc(Env({})) is None
    with pytest.raises(BadSetting, match="OIDC_CLIENT_ID"):
        signing.oidc(Env({"OIDC_ISSUER": "https://id.example"}))
    whole = signing.oidc(Env({
        "OIDC_ISSUER": "https://id.example/realms/a/", "OIDC_CLIENT_ID": "ember",
        "OIDC_CLIENT_SECRET": "s", "OIDC_NAME": "Acme", "OIDC_ORIGINS": "https://login.example/x",
    }))  # fmt: skip
    assert signing.origins(whole) == ["https://id.example", "https://login.example"]
    app = signing.configuration(whole, secure=True)["SOCIALACCOUNT_PROVIDERS"]["openid_connect"][
        "APPS"
    ][0]
    assert app["settings"]["server_url"] == "https://id.example/realms/a"
