"""Logging in: passwords, second factors, passkeys, OpenID Connect, and how often one may try.

The knobs of OpenID Connect: OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_CLIENT_SECRET, OIDC_NAME (on the
button), OIDC_SIGNUP (accounts for everybody the provider knows; off), OIDC_ORIGINS (more origins
that the provider's log-in leads through).
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from config.env import BadSetting, Env

PROVIDER = "oidc"
"""Name of the provider in our addresses: /accounts/oidc/oidc/login/callback/."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """An identity provider."""

    issuer: str
    client_id: str
    secret: str
    name: str
    signup: bool
    origins: tuple[str, ...]


def oidc(env: Env) -> Oidc | None:
    """The identity provider, None when none is set. Raises BadSetting for half a one."""
    issuer = env.text("OIDC_ISSUER").rstrip("/")
    client_id, secret = env.text("OIDC_CLIENT_ID"), env.text("OIDC_CLIENT_SECRET")
    if not issuer:
        return None
    if not client_id or not secret:
        raise BadSetting(
            "OIDC_ISSUER is set: OIDC_CLIENT_ID and OIDC_CLIENT_SECRET belong to it, as the "
            "provider gave them."
        )
    origins = (issuer, *env.words("OIDC_ORIGINS"))
    for origin in origins:
        parts = urlsplit(origin)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadSetting("OIDC_ISSUER and OIDC_ORIGINS are addresses like https://id.example.")
    return Oidc(
        issuer, client_id, secret, env.text("OIDC_NAME", "single sign-on"),
        env.flag("OIDC_SIGNUP", default=False), tuple(_origin(o) for o in origins),
    )  # fmt: skip


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def origins(provider: Oidc | None) -> list[str]:
    """What form-action must name besides ourselves."""
    return sorted(set(provider.origins)) if provider else []


def configuration(provider: Oidc | None, *, secure: bool) -> dict[str, Any]:
    """Settings of Django and allauth."""
    return {
        "AUTHENTICATION_BACKENDS": ["allauth.account.auth_backends.AuthenticationBackend"],
        "LOGIN_URL": "/admin/login/",
        "LOGIN_REDIRECT_URL": "/admin/",
        "ACCOUNT_ADAPTER": "tracker.accounts.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username", "email"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "email", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_SESSION_REMEMBER": True,  # as long as SESSION_COOKIE_AGE says
        "ACCOUNT_LOGOUT_REDIRECT_URL": "/admin/login/",
        "ACCOUNT_DEFAULT_HTTP_PROTOCOL": "https" if secure else "http",
        # Ten wrong passwords a minute per address and per account; successes are bounded loosely.
        "ACCOUNT_RATE_LIMITS": {
            "login": "120/m/ip",
            "login_failed": "10/m/ip,10/m/key",
            "reauthenticate": "10/m/user",
        },
        "MFA_ADAPTER": "config.factors.SealedMfaAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_TOTP_ISSUER": "Emberwatch",
        "MFA_TOTP_TOLERANCE": 1,  # clocks of telephones are half a minute off
        # Browsers know passkeys on https and on this machine only.
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": not secure,
        "SOCIALACCOUNT_ADAPTER": "tracker.accounts.ProviderAdapter",
        # A provider is chosen by the operator: an address that it vouches for finds its account.
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION": True,
        "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT": True,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 5,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": _apps(provider)},
    }


def _apps(provider: Oidc | None) -> dict[str, Any]:
    if provider is None:
        return {"APPS": []}
    app = {
        "provider_id": PROVIDER, "name": provider.name, "client_id": provider.client_id,
        "secret": provider.secret, "settings": {"server_url": provider.issuer},
    }  # fmt: skip
    return {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
