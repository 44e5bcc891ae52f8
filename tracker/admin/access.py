"""People: users, teams with their members and roles, and API tokens."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from tracker.access import Access
from tracker.admin._typed import StockForm, StockInline, StockUserAdmin
from tracker.admin.base import ScopedAdmin, access_of, found
from tracker.auditing import Audited
from tracker.models import ApiToken, Membership, Role, Team, User

if admin.site.is_registered(Group):
    # Roles live in teams; a second kind of permission would only confuse.
    admin.site.unregister(Group)


class MemberForm(StockForm[Membership]):
    """A member is named, not picked: a list of everybody is nobody's business."""

    person = forms.CharField(
        label="User name or e-mail", max_length=254, widget=forms.TextInput(attrs={"size": 28})
    )

    class Meta:
        model = Membership
        fields = ("person", "role")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["person"].initial = self.instance.user.get_username()
            self.fields["person"].disabled = True

    def clean_person(self) -> str:
        """The account that the text names. One answer for nobody and for several."""
        if self.instance.pk:
            return str(self.instance.user.get_username())
        text = self.cleaned_data["person"].strip()
        active = User.objects.filter(is_active=True)
        found = list(active.filter(username=text)[:1]) or list(
            active.filter(email__iexact=text)[:2]
        )
        if len(found) != 1:
            raise forms.ValidationError("There is no account of that name or address.")
        self.instance.user = found[0]
        return str(text)


class MemberInline(StockInline[Membership, Team]):
    """Members of a team; only its admins (and the owner) change them."""

    model = Membership
    form = MemberForm
    fields = ("person", "role")
    extra = 1
    verbose_name = "member"

    def _allowed(self, request: HttpRequest, team: Team | None) -> bool:
        return access_of(request).has(Role.ADMIN, team.pk if team else None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._allowed(request, obj)

    def get_queryset(self, request: HttpRequest) -> Any:
        return (
            super().get_queryset(request).select_related("user", "team").order_by("user__username")
        )


@admin.register(Team)
class TeamAdmin(ScopedAdmin[Team]):
    """Teams: made by the owner, run by their admins, seen by their members."""

    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MemberInline,)
    change_form_template = "admin/tracker/team/change_form.html"

    def scope(self, access: Access) -> dict[str, Any]:
        return {"pk__in": list(access.roles)}

    def team_of(self, row: Team) -> int:
        return row.pk

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).is_owner

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Team | None = None
    ) -> dict[str, Any]:
        return dict(self.prepopulated_fields) if obj is None else {}


USER_LABELS = {"is_active": "May log in", "is_superuser": "Owner of the instance"}
USER_HELP = {
    "is_active": "Switch it off when somebody leaves: what they did stays under their name.",
    "is_superuser": "Sees every project, people, the audit log; may change everything.",
}


@admin.register(User)
class UserAdmin(Audited[User], StockUserAdmin[User]):
    """Accounts are the owner's; everybody may edit the harmless parts of their own."""

    list_display = ("username", "email", "alert_email", "active", "owner", "last_login")
    list_filter = ("is_active",)
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "alert_email")}),
        ("Access", {"fields": ("is_active", "is_superuser")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",),
                "fields": ("username", "email", "usable_password", "password1", "password2")}),
    )  # fmt: skip
    readonly_fields = ("last_login", "date_joined")

    @admin.display(boolean=True, description="may log in", ordering="is_active")
    def active(self, row: User) -> bool:
        """In the words of the form."""
        return row.is_active

    @admin.display(boolean=True, description="owner", ordering="is_superuser")
    def owner(self, row: User) -> bool:
        """Django's word for it is another."""
        return row.is_superuser

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """With labels that say what each setting does."""
        words = {"labels": USER_LABELS, "help_texts": USER_HELP}
        return super().get_form(request, obj, change=change, **{**words, **kwargs})

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        access = access_of(request)
        return rows if access.is_owner else rows.filter(pk=access.user.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and access_of(request).is_owner

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        access = access_of(request)
        return access.is_owner or obj == access.user

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).is_owner

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are switched off, not deleted: history names them."""
        return False

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None or access_of(request).is_owner:
            return super().get_fieldsets(request, obj)
        return ((None, {"fields": ("username",)}), self.fieldsets[1])

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if access_of(request).is_owner:
            return self.readonly_fields
        return (*self.readonly_fields, "username", "email", "is_active", "is_superuser")

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's name
        form_url: str = "",
    ) -> Any:
        """Setting a password without the old one is the owner's; others use "change password"."""
        if not access_of(request).is_owner:
            raise Http404
        return super().user_change_password(request, id, form_url)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> User | None:
        """The account, if it is the user's to see."""
        return found(super().get_object(request, object_id, from_field))


class TokenForm(StockForm[ApiToken]):
    """Scopes as boxes."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope, scope) for scope in ApiToken.SCOPES],
        widget=forms.CheckboxSelectMultiple, initial=["read"],
    )  # fmt: skip

    class Meta:
        model = ApiToken
        fields = ("name", "scopes", "expires_at")


@admin.register(ApiToken)
class ApiTokenAdmin(ScopedAdmin[ApiToken]):
    """One's own tokens. The secret is shown once, when it is made; deleting revokes."""

    form = TokenForm
    list_display = ("name", "hint", "scopes", "created_at", "expires_at", "last_used_at")
    fields = ("name", "scopes", "expires_at")

    def scope(self, access: Access) -> dict[str, Any]:
        return {"user": access.user}

    def get_queryset(self, request: HttpRequest) -> Any:
        return ApiToken.objects.filter(**self.scope(access_of(request))).order_by("-created_at")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None or obj.user_id == request.user.pk

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What a token may do is settled when it is made."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: ApiToken, form: Any, change: bool) -> None:
        """Made by the model, which alone sees the secret."""
        user = access_of(request).user
        made, secret = ApiToken.make(user, form.cleaned_data["scopes"], obj.name)
        made.expires_at = obj.expires_at
        made.save(update_fields=["expires_at"])
        obj.pk, obj.hint = made.pk, made.hint
        request.META["emberwatch.secret"] = secret

    def response_add(
        self, request: HttpRequest, obj: ApiToken, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret: on this answer only, not in a session or message."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the token now", "opts": self.opts, "token": obj,
            "secret": request.META.get("emberwatch.secret", ""),
        }  # fmt: skip
        answer = TemplateResponse(request, "admin/tracker/apitoken/made.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    def response_delete(self, request: HttpRequest, obj_display: str, obj_id: int) -> HttpResponse:
        messages.success(request, f"{obj_display} was revoked.")
        return HttpResponseRedirect(reverse("admin:tracker_apitoken_changelist"))
