"""The page behind an invitation's link: join with one's account, or make one."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tracker.actions import invitations
from tracker.models import Invitation, User

IN_SESSION = "invitation"
"""Where the secret waits while a person logs in elsewhere."""


class AccountForm(forms.Form):
    """A new account: a name and a password."""

    username = forms.CharField(
        label="User name", max_length=150, validators=[User.username_validator],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )  # fmt: skip
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), strip=False,
        help_text="At least ten characters, not only digits, none of the common ones.",
    )  # fmt: skip

    def clean_username(self) -> str:
        """Names differ by more than capitals."""
        name = str(User.normalize_username(self.cleaned_data["username"]))
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError("This name is taken.")
        return name

    def clean(self) -> dict[str, Any]:
        """Passwords are judged with the name at hand."""
        data = self.cleaned_data
        if "password" in data:
            try:
                validate_password(data["password"], User(username=data.get("username", "")))
            except forms.ValidationError as problem:
                self.add_error("password", problem)
        return data


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invitation_view(request: HttpRequest, secret: str) -> HttpResponse:
    """Show what the link offers; a POST takes it up."""
    now = datetime.now(UTC)
    found = Invitation.objects.for_secret(secret, now)
    if found is None:
        return _page(request, None, None, 404)
    form = AccountForm(request.POST or None)
    if request.method == "POST":
        answer = _take_up(request, secret, form, now)
        if answer is not None:
            return answer
    # The identity provider may make an account for who comes with an invitation.
    request.session[IN_SESSION] = secret
    return _page(request, found, form)


def _take_up(
    request: HttpRequest, secret: str, form: AccountForm, now: datetime
) -> HttpResponse | None:
    address = request.META.get("REMOTE_ADDR", "")
    try:
        if request.user.is_authenticated:
            user = request.user
            member = invitations.accept(secret, user, now, address=address)
            messages.success(request, f"You are now in {member.team} as {member.role}.")
        elif form.is_valid():
            data = form.cleaned_data
            user = invitations.accept_as_new(
                secret, data["username"], data["password"], now, address=address
            )
            login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
            messages.success(request, "Welcome. This is what waits for you.")
        else:
            return None
    except invitations.Gone:
        return _page(request, None, None, 404)
    request.session.pop(IN_SESSION, None)
    return redirect("admin:tracker_issue_changelist")


def _page(
    request: HttpRequest, found: Invitation | None, form: AccountForm | None, status: int = 200
) -> HttpResponse:
    here = {
        "invitation": found, "form": form, "provider": settings.OIDC,
        "login_url": reverse("admin:login"),
    }  # fmt: skip
    return TemplateResponse(request, "account/invitation.html", here, status=status)


def is_invited(request: HttpRequest) -> bool:
    """Whether this session opened an invitation that still stands."""
    secret = request.session.get(IN_SESSION, "")
    return bool(secret) and (Invitation.objects.for_secret(secret, datetime.now(UTC)) is not None)
