"""The page of a project's ownership rules: text, tester, CODEOWNERS import, history with undo."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_http_methods

from tracker.actions import ownership
from tracker.actions.ownership import OwnershipError
from tracker.admin.base import PagesOfProject, access_of
from tracker.domain.ownership import Match, Problem, from_codeowners
from tracker.domain.owning import trial
from tracker.models import OwnershipRules, Project, Role

PAGE = "admin:tracker_ownershiprules_project"
HISTORY = 30
MOST_PROBLEMS = 50
MOST_PASTED = 20_000


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the form."""

    text: str = ""
    assign: bool = False
    base: int = 0
    """Number of the revision that it began as."""

    @classmethod
    def of(cls, row: OwnershipRules | None, base: int | None = None) -> "Draft":
        """A saved revision, to be edited."""
        if row is None:
            return cls(base=base or 0)
        return cls(row.text, row.assign, row.number if base is None else base)

    @classmethod
    def posted(cls, request: HttpRequest) -> "Draft":
        """From the form."""
        base = request.POST.get("base", "")
        text = request.POST.get("text", "").replace("\r\n", "\n")
        return cls(text, "assign" in request.POST, _number(base) or 0)


@dataclass(frozen=True, slots=True)
class Tried:
    """What the tester says."""

    pasted: str
    winner: Match | None
    overruled: Sequence[Match]


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of the history."""

    row: OwnershipRules
    diff: Sequence[tuple[str, str]]
    """Lines with their sign: `+`, `-` or a space."""
    is_current: bool


@admin.register(OwnershipRules)
class OwnershipRulesAdmin(PagesOfProject[OwnershipRules]):
    """One page a project: the team sees and tries it, its admins change it."""

    def get_urls(self) -> list[URLPattern]:
        """No stock pages: revisions are never edited or deleted."""
        wrap = self.admin_site.admin_view
        page = require_http_methods(["GET", "HEAD", "POST"])(self.page)
        return [
            path("", wrap(self.to_projects), name="tracker_ownershiprules_changelist"),
            path("<int:project_id>/", wrap(page), name="tracker_ownershiprules_project"),
        ]

    def page(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show, or do what the form asks. A foreign project is not found."""
        access = access_of(request)
        project = self.project_of(request, project_id)
        if request.method != "POST":
            return self._show(request, project, _loaded(request, project))
        action = request.POST.get("action", "")
        if action not in _VERBS:
            return self._try(request, project)
        if not access.has(Role.ADMIN, project.team_id):
            raise PermissionDenied("Only admins of the team change ownership rules.")
        return _VERBS[action](self, request, project)

    def _show(
        self, request: HttpRequest, project: Project, draft: Draft | None = None, **more: Any
    ) -> HttpResponse:
        revisions = _history(project)
        if draft is None:
            draft = Draft.of(revisions[0].row if revisions else None)
        rules, problems = ownership.problems_of(project, draft.text)
        context = {
            **self.admin_site.each_context(request),
            "title": "Ownership rules", "opts": self.opts, "project": project,
            "can_change": access_of(request).has(Role.ADMIN, project.team_id),
            "draft": draft, "rules": len(rules), "revisions": revisions,
            "problems": problems[:MOST_PROBLEMS], "more_problems": len(problems[MOST_PROBLEMS:]),
            "tried": None, "codeowners": "", "import_problems": (),
            **more,
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/ownershiprules/page.html", context)

    def _try(self, request: HttpRequest, project: Project) -> HttpResponse:
        """The tester works on the text as it stands in the form, saved or not."""
        admin_here = access_of(request).has(Role.ADMIN, project.team_id)
        draft = Draft.posted(request) if admin_here else Draft.of(ownership.latest(project))
        pasted = request.POST.get("pasted", "")[:MOST_PASTED]
        rules, _ = ownership.problems_of(project, draft.text[: ownership.MOST_TEXT])
        found = trial(rules, pasted)
        tried = Tried(pasted, found[0] if found else None, found[1:10])
        return self._show(request, project, draft, tried=tried)

    def _import(self, request: HttpRequest, project: Project) -> HttpResponse:
        """Append a CODEOWNERS file to the text, to be looked at and saved."""
        draft, given = Draft.posted(request), request.POST.get("codeowners", "")
        imported = from_codeowners(given[: ownership.MOST_TEXT])
        if not imported.text.strip():
            messages.warning(request, "There was no rule to import; nothing was added.")
        else:
            kept = draft.text.rstrip("\n")
            text = f"{kept}\n\n{imported.text}" if kept else imported.text
            draft = Draft(text, draft.assign, draft.base)
            messages.info(request, "Imported below and not saved yet: look it over, then save.")
        problems: Sequence[Problem] = imported.problems[:MOST_PROBLEMS]
        left = given if problems else ""
        return self._show(request, project, draft, import_problems=problems, codeowners=left)

    def _save(self, request: HttpRequest, project: Project) -> HttpResponse:
        draft, now = Draft.posted(request), datetime.now(UTC)
        actor = access_of(request).user
        try:
            saved = ownership.save(project, draft.text, draft.assign, actor, now, draft.base)
        except OwnershipError as error:
            messages.warning(request, str(error))
            row = ownership.latest(project)
            again = Draft(draft.text, draft.assign, row.number if row else 0)
            return self._show(request, project, again)
        _say_saved(request, saved)
        return redirect(PAGE, project.pk)

    def _restore(self, request: HttpRequest, project: Project) -> HttpResponse:
        number = _number(request.POST.get("number", ""))
        try:
            if number is None:
                raise ownership.NoSuchRevision("The project never had this revision.")
            actor = access_of(request).user
            saved = ownership.restore(project, number, actor, datetime.now(UTC))
        except OwnershipError as error:
            messages.warning(request, str(error))
        else:
            _say_saved(request, saved)
        return redirect(PAGE, project.pk)


_VERBS: dict[str, Callable[[OwnershipRulesAdmin, HttpRequest, Project], HttpResponse]] = {
    "save": OwnershipRulesAdmin._save,
    "restore": OwnershipRulesAdmin._restore,
    "import": OwnershipRulesAdmin._import,
}


def _say_saved(request: HttpRequest, saved: OwnershipRules | None) -> None:
    if saved is None:
        messages.info(request, "Nothing changed: these are the rules already.")
    else:
        text = f"Saved as revision {saved.number}. New and regressed issues follow it at once."
        messages.success(request, text)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else None


def _loaded(request: HttpRequest, project: Project) -> Draft | None:
    """An earlier revision to be looked at or edited; None for the current one."""
    number = _number(request.GET.get("revision", ""))
    row = OwnershipRules.objects.filter(project=project, number=number).first() if number else None
    if row is None:
        return None
    now = ownership.latest(project)
    return Draft.of(row, now.number if now else 0)


def _history(project: Project) -> list[Revision]:
    rows = list(
        OwnershipRules.objects.filter(project=project)
        .select_related("author")
        .order_by("-number")[: HISTORY + 1]
    )
    before: list[OwnershipRules | None] = [*rows, None]
    return [
        Revision(row, difference(before[place + 1], row), place == 0)
        for place, row in enumerate(rows[:HISTORY])
    ]


def difference(old: OwnershipRules | None, new: OwnershipRules) -> list[tuple[str, str]]:
    """What a revision changed, with a line around each change; the switch as a line too."""
    was = old.text.split("\n") if old and old.text else []
    now = new.text.split("\n") if new.text else []
    lines = list(difflib.unified_diff(was, now, lineterm="", n=1))[2:]
    found = [(line[0], line[1:]) for line in lines if not line.startswith("@@")]
    if new.assign != (old.assign if old else False):
        found.append(("+" if new.assign else "-", "assign new and regressed issues"))
    return found[:400]
