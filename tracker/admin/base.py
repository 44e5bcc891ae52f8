"""What every admin page of the tracker shares: team-scoped rows, and roles as permissions."""

from typing import Any, ClassVar, Generic, cast

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import ModelChoiceField
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from tracker.access import Access
from tracker.admin._typed import M, StockAdmin
from tracker.auditing import Audited
from tracker.models import Project, Role, Team, User


def access_of(request: HttpRequest) -> Access:
    """The access of a logged-in request."""
    return Access.of(cast("User", request.user))  # the admin lets only users in


class ScopedAdmin(Audited[M], StockAdmin[M], Generic[M]):
    """Rows of the user's teams only; who may change them is a matter of roles.

    A foreign id is not found, whatever is asked of it.
    """

    team_path: ClassVar[str] = "team"
    """How a row leads to the team whose role decides, as a lookup."""
    change_role: ClassVar[str] = Role.ADMIN
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """Rows of teams in which the user has any role."""
        rows = super().get_queryset(request)
        access = access_of(request)
        return rows if access.is_owner else rows.filter(**self.scope(access))

    def scope(self, access: Access) -> dict[str, Any]:
        """The lookup that keeps foreign rows out."""
        return {f"{self.team_path}__in": list(access.roles)}

    def team_of(self, row: M) -> int:
        """Id of the team whose role decides over a row."""
        found: Any = row
        for name in self.team_path.split("__"):
            found = getattr(found, name)
        return int(found.pk)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        access = access_of(request)
        if access.is_owner or obj is None:
            return True
        return self.team_of(obj) in access.roles

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        team = None if obj is None else self.team_of(obj)
        return access_of(request).has(self.change_role, team)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).has(Role.ADMIN)

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        """Nothing goes by the stock page: rows below would be left or listed one by one."""
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Choices are what the user administers, never more."""
        access = access_of(request)
        if db_field.remote_field.model is Team:
            kwargs["queryset"] = Team.objects.visible_to(access.user, Role.ADMIN)
        elif db_field.remote_field.model is Project:
            kwargs["queryset"] = Project.objects.visible_to(access.user, Role.ADMIN)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the add and edit pop-ups beside each choice."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(field, ModelChoiceField) and hasattr(field.widget, "can_add_related"):
            for name in ("add", "change", "delete", "view"):
                setattr(field.widget, f"can_{name}_related", False)
        return field

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> M | None:
        """The row, if it is the user's to see; Django would lead home, or say 403, which tells."""
        return found(super().get_object(request, object_id, from_field))


class WrittenByUs(StockAdmin[M], Generic[M]):
    """Rows that the product writes: nobody adds, changes or deletes them by a form."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 50

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnersLog(WrittenByUs[M], Generic[M]):
    """Rows that the owner of the instance reads; nobody else finds a page here."""

    heading: ClassVar[str]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Not found by anybody but the owner."""
        if not access_of(request).is_owner:
            raise Http404("There is no such page.")
        return super().changelist_view(request, {"title": self.heading, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        """All rows, to the owner."""
        rows = super().get_queryset(request)
        return rows if access_of(request).is_owner else rows.none()

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> M | None:
        """The row, if the user is the owner."""
        return found(super().get_object(request, object_id, from_field))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated and access_of(request).is_owner

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)


class PagesOfProject(StockAdmin[M], Generic[M]):
    """Pages of our own below a project, instead of a list of all rows and a form for each."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Reached from its project, not from the list of everything."""
        return False

    def to_projects(self, request: HttpRequest) -> HttpResponse:
        """Where the list of all rows would be."""
        return redirect("admin:tracker_project_changelist")

    def project_of(self, request: HttpRequest, project_id: int) -> Project:
        """The user's project. Raises Http404 for a foreign one."""
        project = access_of(request).projects.get(project_id)
        if project is None:
            raise Http404("There is no such project.")
        return project


def found(row: M | None) -> M:
    """The row. Raises Http404 when there is none."""
    if row is None:
        raise Http404("There is no such thing.")
    return row
