"""The page of a project's repositories: where its code lies, how the clone is, a path tester."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from tracker.actions import bells, repositories
from tracker.actions.repositories import RepositoryError, RepositoryTold
from tracker.admin.base import PagesOfProject, access_of
from tracker.domain import weblinks
from tracker.domain.code_paths import Located, Place, read_rules
from tracker.domain.stack_sites import place_in
from tracker.models import Project, Repository, Role
from tracker.vcs import clone, git, placing, pushes

PAGE = "admin:tracker_repository_project"
MOST_TRIED = 20
"""Lines that the tester takes at once."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    name: str = ""
    url: str = ""
    provider: str = ""
    web_url: str = ""
    username: str = ""
    known_hosts: str = ""
    mappings: str = ""
    depth: str = ""

    @classmethod
    def of(cls, row: Repository | None) -> "Draft":
        """A repository, to be edited; its secret is never shown again."""
        if row is None:
            return cls()
        return cls(row.name, row.url, row.provider, row.web_url, row.username, row.known_hosts,
                   row.mappings, str(row.depth or ""))  # fmt: skip

    @classmethod
    def posted(cls, request: HttpRequest) -> "Draft":
        """From the form."""
        return cls(**{name: request.POST.get(name, "") for name in cls.__slots__})

    def told(self, request: HttpRequest) -> RepositoryTold:
        """For the verb. Raises RepositoryError."""
        depth = self.depth.strip()
        if depth and not (depth.isascii() and depth.isdecimal() and len(depth) < 8):
            raise RepositoryError("The number of commits is a number.")
        forget = "forget" in request.POST
        secret = request.POST.get("secret", "").strip()
        return RepositoryTold(
            self.name, self.url, self.provider, self.web_url, self.username,
            "" if forget else secret or None, self.known_hosts, self.mappings,
            int(depth) if depth else None,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """What the tester says of one line."""

    text: str
    found: Located | None
    link: str = ""


@admin.register(Repository)
class RepositoryAdmin(PagesOfProject[Repository]):
    """Pages of a project: its team sees them, its admins change them."""

    def get_urls(self) -> list[URLPattern]:
        """No stock pages: they would show what is sealed."""
        wrap = self.admin_site.admin_view
        page = require_http_methods(["GET", "HEAD", "POST"])(self.page)
        return [
            path("", wrap(self.to_projects), name="tracker_repository_changelist"),
            path("project/<int:project_id>/", wrap(page), name="tracker_repository_project"),
            path("project/<int:project_id>/<int:pk>/", wrap(page),
                 name="tracker_repository_one"),
        ]  # fmt: skip

    def page(self, request: HttpRequest, project_id: int, pk: int = 0) -> HttpResponse:
        """Show, or do what the form asks. What is foreign is not found."""
        access = access_of(request)
        project = self.project_of(request, project_id)
        rows = list(Repository.objects.filter(project=project).order_by("name", "pk"))
        row = next((one for one in rows if one.pk == pk), None)
        if pk and row is None:
            raise Http404("There is no such repository.")
        if request.method != "POST":
            return self._show(request, project, rows, row)
        action = request.POST.get("action", "")
        if action == "try" and row is not None:
            return self._try(request, project, rows, row)
        if not access.has(Role.ADMIN, project.team_id):
            raise PermissionDenied("Only admins of the team change repositories.")
        verb = _VERBS.get(action)
        if verb is None or (row is None and action != "save"):
            return redirect(PAGE, project.pk)
        return verb(self, request, project, rows, row)

    def _show(
        self, request: HttpRequest, project: Project, rows: list[Repository],
        row: Repository | None, **more: Any,
    ) -> HttpResponse:  # fmt: skip
        access = access_of(request)
        draft = Draft.of(row)
        context = {
            **self.admin_site.each_context(request),
            "title": row.name if row else "Repositories", "opts": self.opts, "project": project,
            "can_change": access.has(Role.ADMIN, project.team_id), "now": datetime.now(UTC),
            "rows": rows, "row": row, "draft": draft, "providers": weblinks.CHOICES,
            "has_secret": bool(row and row.sealed), "problem": "", "tried": (), "pasted": "",
            "adding": not rows, "git_problem": _git_problem(),
            "bell": _bell(row) if row and access.has(Role.ADMIN, project.team_id) else None, **more,
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/repository/page.html", context)

    def _save(
        self, request: HttpRequest, project: Project, rows: list[Repository], row: Repository | None
    ) -> HttpResponse:
        draft, where = Draft.posted(request), request.META.get("REMOTE_ADDR", "")
        actor, now = access_of(request).user, datetime.now(UTC)
        try:
            saved = repositories.save(project, row, draft.told(request), actor, now, where)
        except RepositoryError as error:
            if row is not None:
                row.refresh_from_db()
            return self._show(
                request, project, rows, row, draft=draft, problem=str(error), adding=True
            )
        messages.success(request, "Saved. A worker fetches it now.")
        return redirect("admin:tracker_repository_one", project.pk, saved.pk)

    def _ask(
        self, request: HttpRequest, project: Project, rows: list[Repository], row: Repository | None
    ) -> HttpResponse:
        assert row is not None  # noqa: S101 - `page` saw to it
        repositories.ask(row, datetime.now(UTC))
        messages.info(request, "A worker fetches it as soon as one is free.")
        return redirect("admin:tracker_repository_one", project.pk, row.pk)

    def _renew(
        self, request: HttpRequest, project: Project, rows: list[Repository], row: Repository | None
    ) -> HttpResponse:
        assert row is not None  # noqa: S101 - `page` saw to it
        where = request.META.get("REMOTE_ADDR", "")
        bells.renew(row, access_of(request).user, datetime.now(UTC), where)
        messages.success(request, "The host has to be given the new secret now.")
        return redirect("admin:tracker_repository_one", project.pk, row.pk)

    def _delete(
        self, request: HttpRequest, project: Project, rows: list[Repository], row: Repository | None
    ) -> HttpResponse:
        assert row is not None  # noqa: S101 - `page` saw to it
        where = request.META.get("REMOTE_ADDR", "")
        repositories.remove(row, access_of(request).user, datetime.now(UTC), where)
        messages.success(request, f"{row.name} is forgotten; its clone will be deleted.")
        return redirect(PAGE, project.pk)

    def _try(
        self, request: HttpRequest, project: Project, rows: list[Repository], row: Repository
    ) -> HttpResponse:
        """The tester works on the mappings as they stand in the form, saved or not."""
        pasted = request.POST.get("pasted", "")[:20_000]
        may = access_of(request).has(Role.ADMIN, project.team_id)
        draft = Draft.posted(request) if may else Draft.of(row)
        rules, problems = read_rules(draft.mappings)
        problem = f"Line {problems[0][0]} of the mappings: {problems[0][1]}." if problems else ""
        places = {line: place_in(line) for line in _lines(pasted)}
        tried: tuple[Tried, ...] = ()
        try:
            if not row.head or not clone.is_here(row):
                raise git.GitFailed("the repository is not cloned yet")
            folder = clone.folder_of(row)
            found = placing.locate(folder, row.head, [at for at, _ in places.values()], rules)
            tried = tuple(_tried(row, text, *at, found) for text, at in places.items())
        except git.GitError as error:
            problem = problem or f"Nothing can be tried now: {error}."
        return self._show(
            request, project, rows, row, draft=draft, tried=tried, pasted=pasted, problem=problem
        )


_Verb = Callable[
    [RepositoryAdmin, HttpRequest, Project, list[Repository], Repository | None], HttpResponse
]
_VERBS: dict[str, _Verb] = {
    "save": RepositoryAdmin._save,
    "fetch": RepositoryAdmin._ask,
    "renew": RepositoryAdmin._renew,
    "delete": RepositoryAdmin._delete,
}


@dataclass(frozen=True, slots=True)
class Bell:
    """Where a host calls when somebody pushed."""

    url: str
    secret: str
    steps: tuple[str, ...]


def _bell(row: Repository) -> Bell:
    steps = pushes.STEPS.get(row.provider) or pushes.STEPS[weblinks.Provider.OTHER]
    return Bell(bells.url_of(row), bells.secret_of(row), steps)


def _lines(pasted: str) -> list[str]:
    lines = [line.strip() for line in pasted.splitlines() if line.strip()]
    return list(dict.fromkeys(lines))[:MOST_TRIED]


def _tried(
    row: Repository, text: str, place: Place, line: int | None, found: dict[Place, Located]
) -> Tried:
    at = found.get(place)
    link = weblinks.line_link(row.provider, row.web_url, row.head, at.path, line) if at else ""
    return Tried(text, at, link)


def _git_problem() -> str:
    """Why nothing can be cloned on this machine; "" when it can."""
    try:
        git.program()
    except git.GitMissing as error:
        text = str(error)
        return f"{text[:1].upper()}{text[1:]}."
    return ""
