"""Saved views: kept from the list's own page, removed on theirs."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from tracker.actions.views import ViewError, save_view
from tracker.admin._typed import StockAdmin
from tracker.admin.base import access_of, found
from tracker.models import Role, SavedView, Team, User
from tracker.saved_views import of_person


@admin.register(SavedView)
class SavedViewAdmin(StockAdmin[SavedView]):
    """One's own views and those of one's teams."""

    list_display = ("name", "whose", "query", "sort", "is_default", "open_link")
    list_display_links = None
    list_select_related = ("team", "owner")
    ordering = ("team", "name")
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    @admin.display(description="Whose")
    def whose(self, view: SavedView) -> str:
        """Mine, or a team's."""
        return str(view.team) if view.team else "mine"

    @admin.display(description="")
    def open_link(self, view: SavedView) -> SafeString:
        """Where it leads, and where it goes."""
        return format_html(
            '<a href="{}?{}">Open</a> · <a href="{}">Remove</a>',
            reverse("admin:tracker_issue_changelist"),
            urlencode({"q": view.query, "sort": view.sort}),
            reverse("admin:tracker_savedview_delete", args=[view.pk]),
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        return super().get_queryset(request).filter(of_person(access_of(request)))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_authenticated

    def has_view_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        return request.user.is_authenticated

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Saved from the list, where the query is at hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        if obj is None or obj.owner_id == request.user.pk:
            return True
        return obj.team_id is not None and access_of(request).has(Role.TRIAGER, obj.team_id)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> SavedView | None:
        """The view, if it is the person's to see."""
        return found(super().get_object(request, object_id, from_field))

    def get_urls(self) -> list[URLPattern]:
        save = self.admin_site.admin_view(require_POST(self.save_view))
        return [path("save/", save, name="tracker_savedview_save"), *super().get_urls()]

    def save_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the present query and order under a name."""
        query, sort = request.POST.get("q", ""), request.POST.get("sort", "last_seen")
        whose = self._whose(request, request.POST.get("whose", ""))
        as_default = bool(request.POST.get("default"))
        try:
            view = save_view(
                whose, request.POST.get("name", ""), query, sort, as_default=as_default
            )
        except ViewError as problem:
            messages.warning(request, str(problem))
        else:
            messages.success(request, f"“{view.name}” is saved.")
        back = urlencode({"q": query, "sort": sort})
        return HttpResponseRedirect(f"{reverse('admin:tracker_issue_changelist')}?{back}")

    def _whose(self, request: HttpRequest, text: str) -> User | Team:
        """Oneself, or a team in which one triages. Raises Http404 for any other."""
        access = access_of(request)
        if not text.startswith("team:"):
            return access.user
        for team in access.assignees().teams:
            if text == f"team:{team.pk}" and access.has(Role.TRIAGER, team.pk):
                return team
        raise Http404("There is no such team.")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}
