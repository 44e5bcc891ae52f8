"""What the pages of alerts share: rows of the user's projects only, and roles as permissions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.text import capfirst

from alerts.domain.text import one_line
from tracker.access import Access
from tracker.auditing import Audited
from tracker.models import Issue, Project, Role, User

M = TypeVar("M", bound=Model)


def projects_of(request: HttpRequest, role: str) -> set[int]:
    """Ids of the projects in which the request's user has at least `role`; asked once."""
    known: dict[str, set[int]] = request.__dict__.setdefault("_alerts_projects", {})
    if role not in known:
        user = request.user
        if not isinstance(user, User) or not user.is_active:
            return set()
        # What every page has asked already.
        known[role] = set(Access.of(user).project_ids(role))
    return known[role]


if TYPE_CHECKING:

    class _ModelAdmin(admin.ModelAdmin[M], Generic[M]):
        """Django's, with a type parameter."""

else:

    class _ModelAdmin(admin.ModelAdmin, Generic[M]):
        """Django's, which takes no type parameter while running."""


class ProjectAdmin(Audited[M], _ModelAdmin[M], Generic[M]):
    """Triagers see, admins of the project configure; what is foreign is not found."""

    project_path: ClassVar[str] = "project"
    """How a row leads to its project, as a lookup."""
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Under the name of what is listed."""
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def project_of(self, row: M) -> int:
        """Id of a row's project."""
        found: Any = row
        for name in self.project_path.split("__"):
            found = getattr(found, name)
        return int(found.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Rows of projects in which the user triages."""
        mine = projects_of(request, Role.TRIAGER)
        return super().get_queryset(request).filter(**{f"{self.project_path}__in": mine})

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whoever triages somewhere."""
        return bool(projects_of(request, Role.TRIAGER))

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Triagers of the project."""
        mine = projects_of(request, Role.TRIAGER)
        return bool(mine) if obj is None else self.project_of(obj) in mine

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Admins of the project."""
        mine = projects_of(request, Role.ADMIN)
        return bool(mine) if obj is None else self.project_of(obj) in mine

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Admins of any project."""
        return bool(projects_of(request, Role.ADMIN))

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Admins of the project."""
        return self.has_change_permission(request, obj)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """With the project, for whom there is only one."""
        mine = projects_of(request, Role.ADMIN)
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        if len(mine) == 1:
            initial.setdefault("project", next(iter(mine)))
        return initial

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Names what goes; the rows below it may be many and go unlisted."""
        return [str(each) for each in objs], {}, set(), []

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are what the user administers; without the pop-ups beside them."""
        if db_field.remote_field.model is Project:
            kwargs["queryset"] = Project.objects.filter(pk__in=projects_of(request, Role.ADMIN))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the add and edit pop-ups beside each choice."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for name in ("add", "change", "delete", "view"):
            if field is not None and hasattr(field.widget, f"can_{name}_related"):
                setattr(field.widget, f"can_{name}_related", False)
        return field

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        raise Http404


class LogAdmin(ProjectAdmin[M], Generic[M]):
    """Rows that the product writes: nobody adds, changes or deletes them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nobody."""
        return False


class LogInline(admin.TabularInline):  # type: ignore[type-arg]
    """Rows below another that the product writes; whoever sees that one sees them."""

    extra = 0
    can_delete = False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """All of them."""
        return self.fields or ()

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the row above."""
        return True


def optional(form: Any, names: Iterable[str]) -> None:
    """Let fields be left out: they then keep what the row has."""
    for name in names:
        if name in form.fields:
            form.fields[name].required = False


def kept(form: Any, cleaned: dict[str, Any], names: Iterable[str]) -> None:
    """Put what the row has into optional fields that came empty."""
    for name in names:
        if name in form.fields and cleaned.get(name) in (None, ""):
            cleaned[name] = getattr(form.instance, name)


def issue_link(issue: Issue | None) -> str:
    """A link to an issue: its short id and title."""
    if issue is None:
        return "-"
    text = f"{issue.short_id} {one_line(issue.title, 80)}"
    try:
        return format_html(
            '<a href="{}">{}</a>', reverse("admin:tracker_issue_change", args=[issue.pk]), text
        )
    except NoReverseMatch:
        return text
