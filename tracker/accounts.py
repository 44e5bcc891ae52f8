"""Who may log in, and the page for it; second factors and providers are allauth's work.

Sign-up is closed: accounts are made by the owner, by an invitation, or, where the operator
wants it (OIDC_SIGNUP), by the identity provider.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.views import LoginView
from allauth.mfa.signals import authenticator_added, authenticator_removed
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from tracker.actions import audit
from tracker.joining import is_invited


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts of this instance."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up unasked."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The peer's address; config/rsgi.py has put in what trusted proxies say, and no more."""
        return str(request.META.get("REMOTE_ADDR") or "unknown")

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """Only what went wrong or was changed: "signed in as" is plain to see."""
        template = kwargs.get("message_template") or (args[0] if args else "")
        if "logged_in" not in str(template) and "logged_out" not in str(template):
            super().add_message(request, level, *args, **kwargs)


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Accounts of an identity provider."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Where the operator lets the provider decide, and for who was invited."""
        provider = settings.OIDC
        return (provider is not None and bool(provider.signup)) or is_invited(request)


class Login(LoginView):  # type: ignore[misc]
    """The log-in page, at /admin/login/ and /accounts/login/."""

    template_name = "account/login.html"

    def get_form_kwargs(self) -> dict[str, Any]:
        """The field has Django's name on the page, so that programs that log in still can."""
        kwargs: dict[str, Any] = super().get_form_kwargs()
        data = kwargs.get("data")
        if data is not None and "login" not in data and "username" in data:
            data = data.copy()
            data["login"] = data["username"]
            kwargs["data"] = data
        return kwargs

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """What the page offers besides a password."""
        return {**super().get_context_data(**kwargs), "provider": settings.OIDC}


def page_context(request: HttpRequest) -> dict[str, Any]:
    """What our base template shows around allauth's pages."""
    if not request.path.startswith("/accounts/"):
        return {}
    return admin.site.each_context(request)


@receiver(user_logged_in)
def came_in(sender: object, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Log-ins are audited; an offer to undo is of the person who was here before."""
    if request is None or "REMOTE_ADDR" not in request.META:
        return  # a command or a test
    request.session.pop("undo", None)
    audit.record("logged in", actor=user, target=user, address=request.META["REMOTE_ADDR"])


def _factor(action: str, request: HttpRequest, user: Any, authenticator: Any) -> None:
    address = request.META.get("REMOTE_ADDR", "")
    after = {"factor": authenticator.get_type_display()}
    audit.record(action, actor=user, target=user, after=after, address=address)


@receiver(authenticator_added)
def factor_added(sender: object, **said: Any) -> None:
    """A second factor or passkey was added."""
    _factor("added a factor", said["request"], said["user"], said["authenticator"])


@receiver(authenticator_removed)
def factor_removed(sender: object, **said: Any) -> None:
    """A second factor or passkey was removed."""
    _factor("removed a factor", said["request"], said["user"], said["authenticator"])
