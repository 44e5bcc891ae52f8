"""A whole log-in by OpenID Connect, against a provider of our own that listens on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from config import signing
from config.env import Env
from tests.tracker.people.provider import CLIENT, SECRET, Provider
from tracker.models import AuditEntry, User

pytestmark = pytest.mark.django_db
GRACE = {"sub": "42", "email": "grace@example.com", "email_verified": True, "name": "Grace",
         "preferred_username": "grace"}  # fmt: skip


@pytest.fixture
def provider(settings: LazySettings) -> Iterator[Provider]:
    """The provider that this instance is set to."""
    cache.clear()
    with Provider.start() as started:
        started.person = dict(GRACE)
        use(settings, started)
        yield started


def use(settings: LazySettings, provider: Provider, **more: str) -> None:
    known = signing.oidc(Env({
        "OIDC_ISSUER": provider.issuer, "OIDC_CLIENT_ID": CLIENT, "OIDC_CLIENT_SECRET": SECRET,
        "OIDC_NAME": "Acme", **more,
    }))  # fmt: skip
    settings.OIDC = known
    for name, value in signing.configuration(known, secure=False).items():
        setattr(settings, name, value)


def begin(client: Client) -> str:
    """Press the button; where it leads."""
    page = client.get("/admin/login/?next=/admin/tracker/issue/").content.decode()
    assert "Log in with Acme" in page
    answer = client.post("/accounts/oidc/oidc/login/?next=/admin/tracker/issue/")
    assert answer.status_code == 302
    return str(answer["Location"])


def log_in(client: Client, provider: Provider) -> str:
    """All of it; the page at the end."""
    back, query = provider.authorize(begin(client))
    return client.get(back, query, follow=True).content.decode()


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def test_an_address_that_the_provider_vouches_for_finds_its_account(provider: Provider):
    grace = User.objects.create_user("grace", "grace@example.com")
    client = Client()
    back, query = provider.authorize(begin(client))
    answer = client.get(back, query)
    assert answer["Location"] == "/admin/tracker/issue/"
    assert is_in(client) and client.session["_auth_user_id"] == str(grace.pk)
    assert AuditEntry.objects.filter(action="logged in", actor=grace).exists()
    assert {".well-known/openid-configuration", "token", "userinfo", "jwks"} <= set(provider.asked)
    again = Client()
    provider.person |= {"email": "moved@example.com"}
    log_in(again, provider)
    assert again.session["_auth_user_id"] == str(grace.pk), "from now on it is the subject"


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "somebody else"},
        {"iss": "https://elsewhere.example"},
        {"iat": 1, "exp": 2},
        {"sub": "43", "email": "other@example.com"},
        {"email_verified": False},
    ],
)
def test_what_the_token_must_not_say(provider: Provider, claims: dict[str, object]):
    User.objects.create_user("grace", "grace@example.com")
    provider.claims = claims
    if "email_verified" in claims or "sub" in claims:
        provider.person |= claims
    client = Client()
    log_in(client, provider)
    assert not is_in(client)


def test_a_token_that_somebody_else_signed_is_refused(provider: Provider):
    User.objects.create_user("grace", "grace@example.com")
    provider.signing_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    client = Client()
    log_in(client, provider)
    assert not is_in(client)
    provider.signing_key = provider.key
    log_in(client, provider)
    assert is_in(client)


def test_a_code_of_another_browser_is_worth_nothing(provider: Provider):
    User.objects.create_user("grace", "grace@example.com")
    victim, thief = Client(), Client()
    back, query = provider.authorize(begin(victim))
    begin(thief)
    thief.get(back, query)
    assert not is_in(thief)
    thief.get(back, {**query, "state": thief.session.session_key or "x"})
    assert not is_in(thief)


def test_who_is_unknown_gets_no_account_unless_the_operator_says_so(
    provider: Provider, settings: LazySettings
):
    client = Client()
    page = log_in(client, provider)
    assert not is_in(client) and not User.objects.exists()
    assert "closed" in page.lower()
    use(settings, provider, OIDC_SIGNUP="true")
    client = Client()
    log_in(client, provider)
    assert is_in(client)
    made = User.objects.get()
    assert (made.email, made.is_superuser) == ("grace@example.com", False)
    assert not made.has_usable_password()


def test_who_was_switched_off_stays_out(provider: Provider):
    User.objects.create_user("grace", "grace@example.com", is_active=False)
    client = Client()
    log_in(client, provider)
    assert not is_in(client)


def test_the_provider_is_asked_by_post_alone(provider: Provider):
    """A link on a foreign page starts nothing."""
    answer = Client().get("/accounts/oidc/oidc/login/")
    assert answer.status_code == 200 or "authorize" not in answer.get("Location", "")
