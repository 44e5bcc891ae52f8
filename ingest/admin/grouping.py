"""The page of a project's grouping rules: texts, preview, history with undo, version."""

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from ingest.regroup import Told, preview_rules
from tracker.actions import grouping_rules
from tracker.actions.grouping_rules import BadRules, GroupingError
from tracker.admin.base import PagesOfProject, access_of
from tracker.domain.grouping import NO_RULES, newer_than
from tracker.domain.grouping.preview import Change
from tracker.domain.grouping.rules import ACTIONS, EVENT_FIELDS, FRAME_FIELDS, rules_of
from tracker.models import GroupingRules, Issue, Project, Role

PAGE = "admin:tracker_groupingrules_project"
HISTORY = 30
TEXTS = ("fingerprint_rules", "stack_rules")
LABELS = {"fingerprint_rules": "Fingerprint rules", "stack_rules": "Stack rules"}


@dataclass(frozen=True, slots=True)
class Draft:
    """What stands in the two text fields."""

    fingerprint_rules: str = ""
    stack_rules: str = ""
    base: int = 0
    """Number of the revision that it began as."""

    @classmethod
    def of(cls, row: GroupingRules | None, base: int | None = None) -> "Draft":
        """A saved revision, to be edited."""
        if row is None:
            return cls(base=base or 0)
        return cls(row.fingerprint_rules, row.stack_rules, row.number if base is None else base)

    @classmethod
    def posted(cls, request: HttpRequest) -> "Draft":
        """From the form."""
        base = request.POST.get("base", "")
        return cls(
            request.POST.get("fingerprint_rules", ""),
            request.POST.get("stack_rules", ""),
            int(base) if base.isdecimal() and len(base) < 9 else 0,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a difference."""

    sign: str
    """`+`, `-`, a space, or `@` for the name of the text."""
    text: str


@dataclass(frozen=True, slots=True)
class Revision:
    """One entry of the history."""

    row: GroupingRules
    diff: tuple[Line, ...]
    is_current: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a split or join, with where to look at it."""

    title: str
    culprit: str
    events: int
    url: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A split or join, with links."""

    title: str
    url: str
    parts: tuple[Part, ...]


@admin.register(GroupingRules)
class GroupingRulesAdmin(PagesOfProject[GroupingRules]):
    """One page a project: triagers see it, the team's admins change it."""

    def get_urls(self) -> list[URLPattern]:
        """No stock pages: revisions are never edited or deleted."""
        wrap = self.admin_site.admin_view
        methods = require_http_methods(["GET", "HEAD", "POST"])
        return [
            path("", wrap(self.to_projects), name="tracker_groupingrules_changelist"),
            path(
                "<int:project_id>/", wrap(methods(self.page)), name="tracker_groupingrules_project"
            ),
        ]

    def page(self, request: HttpRequest, project_id: int) -> HttpResponse:
        """Show, or do what the form asks. A foreign project is not found."""
        access = access_of(request)
        project = self.project_of(request, project_id)
        if not access.has(Role.TRIAGER, project.team_id):
            raise PermissionDenied("Grouping rules are shown to triagers and admins.")
        if request.method != "POST":
            return self._show(request, project, _loaded(request, project))
        if not access.has(Role.ADMIN, project.team_id):
            raise PermissionDenied("Only admins of the team change grouping rules.")
        verb = _VERBS.get(request.POST.get("action", ""), GroupingRulesAdmin._preview)
        return verb(self, request, project)

    def _show(
        self,
        request: HttpRequest,
        project: Project,
        draft: Draft | None = None,
        problems: dict[str, str] | None = None,
        told: Told | None = None,
    ) -> HttpResponse:
        revisions = _history(project)
        if draft is None:
            draft = Draft.of(revisions[0].row if revisions else None)
        context = {
            **self.admin_site.each_context(request),
            "title": "Grouping rules", "opts": self.opts, "project": project,
            "can_change": access_of(request).has(Role.ADMIN, project.team_id),
            "draft": draft, "problems": problems or {}, "revisions": revisions,
            "told": told, "splits": [], "joins": [],
            "newer": newer_than(project.grouping_version),
            "event_fields": [*EVENT_FIELDS, *FRAME_FIELDS, "tags.NAME"],
            "frame_fields": FRAME_FIELDS, "actions": ACTIONS,
        }  # fmt: skip
        if told is not None:
            context.update(_linked(told))
        return TemplateResponse(request, "admin/tracker/groupingrules/page.html", context)

    def _preview(self, request: HttpRequest, project: Project) -> HttpResponse:
        draft = Draft.posted(request)
        problems = grouping_rules.problems(draft.fingerprint_rules, draft.stack_rules)
        if problems:
            return self._show(request, project, draft, problems)
        before = grouping_rules.current([project.pk]).get(project.pk, NO_RULES)
        after = rules_of(draft.fingerprint_rules, draft.stack_rules)
        return self._show(request, project, draft, told=preview_rules(project, before, after))

    def _save(self, request: HttpRequest, project: Project) -> HttpResponse:
        draft = Draft.posted(request)
        actor = access_of(request).user
        texts = draft.fingerprint_rules, draft.stack_rules
        try:
            saved = grouping_rules.save(project, *texts, actor, datetime.now(UTC), draft.base)
        except BadRules as error:
            return self._show(request, project, draft, error.problems)
        except GroupingError as error:
            messages.warning(request, str(error))
            latest = GroupingRules.objects.current([project.pk]).first()
            base = latest.number if latest else 0
            return self._show(request, project, Draft(*texts, base=base))
        _say_saved(request, saved)
        return redirect(PAGE, project.pk)

    def _restore(self, request: HttpRequest, project: Project) -> HttpResponse:
        number = request.POST.get("number", "")
        actor = access_of(request).user
        try:
            if not number.isdecimal() or len(number) > 8:
                raise grouping_rules.NoSuchRevision("The project never had this revision.")
            saved = grouping_rules.restore(project, int(number), actor, datetime.now(UTC))
        except GroupingError as error:
            messages.warning(request, str(error))
        else:
            _say_saved(request, saved)
        return redirect(PAGE, project.pk)

    def _upgrade(self, request: HttpRequest, project: Project) -> HttpResponse:
        try:
            new = grouping_rules.upgrade(project, access_of(request).user, datetime.now(UTC))
        except GroupingError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, f"New events are grouped by {new}; issues stay as they are.")
        return redirect(PAGE, project.pk)


_VERBS: dict[str, Callable[[GroupingRulesAdmin, HttpRequest, Project], HttpResponse]] = {
    "preview": GroupingRulesAdmin._preview,
    "save": GroupingRulesAdmin._save,
    "restore": GroupingRulesAdmin._restore,
    "upgrade": GroupingRulesAdmin._upgrade,
}


def _say_saved(request: HttpRequest, saved: GroupingRules | None) -> None:
    if saved is None:
        messages.info(request, "Nothing changed: these are the rules already.")
    else:
        messages.success(
            request, f"Saved as revision {saved.number}. New events follow it within 5 seconds."
        )


def _loaded(request: HttpRequest, project: Project) -> Draft | None:
    """An earlier revision to be looked at, edited or previewed; None for the current one."""
    number = request.GET.get("revision", "")
    if not number.isdecimal() or len(number) > 8:
        return None
    row = GroupingRules.objects.filter(project=project, number=int(number)).first()
    latest = GroupingRules.objects.current([project.pk]).first()
    return Draft.of(row, latest.number if latest else 0) if row else None


def _history(project: Project) -> list[Revision]:
    rows = list(
        GroupingRules.objects.filter(project=project)
        .select_related("author")
        .order_by("-number")[: HISTORY + 1]
    )
    before: list[GroupingRules | None] = [*rows, None]
    return [
        Revision(row, tuple(difference(before[place + 1], row)), place == 0)
        for place, row in enumerate(rows[:HISTORY])
    ]


def difference(old: GroupingRules | None, new: GroupingRules) -> list[Line]:
    """What a revision changed, text by text, with a line around each change."""
    found: list[Line] = []
    for name in TEXTS:
        was = getattr(old, name).split("\n") if old and getattr(old, name) else []
        text = getattr(new, name)
        lines = difflib.unified_diff(was, text.split("\n") if text else [], lineterm="", n=1)
        told = [Line(line[0], line[1:]) for line in list(lines)[2:] if not line.startswith("@@")]
        if told:
            found += [Line("@", LABELS[name]), *told]
    return found


def _linked(told: Told) -> dict[str, list[Shown]]:
    """Splits and joins with links to live issues and to events."""
    changes = (*told.preview.splits, *told.preview.joins)
    places = sorted({place for change in changes for place in change.firsts})
    live = _live_issues({told.places[place].issue_id for place in places})

    def issue_url(place: int) -> str:
        issue = live.get(told.places[place].issue_id)
        return reverse("admin:tracker_issue_change", args=[issue]) if issue else ""

    def event_url(place: int) -> str:
        here = told.places[place]
        issue = live.get(here.issue_id)
        name = "admin:tracker_issue_event"
        return reverse(name, args=[issue, here.event_id.hex]) if issue else ""

    def shown(change: Change, whole: bool) -> Shown:
        link = event_url if whole else issue_url
        parts = tuple(
            Part(title, told.culprits[place], size, link(place))
            for title, size, place in zip(change.titles, change.sizes, change.firsts, strict=True)
        )
        return Shown(change.title, issue_url(min(change.firsts)) if whole else "", parts)

    return {
        "splits": [shown(change, whole=True) for change in told.preview.splits],
        "joins": [shown(change, whole=False) for change in told.preview.joins],
    }


def _live_issues(ids: set[int]) -> dict[int, int]:
    """Where each issue is now: itself, what it was merged into, or absent when deleted."""
    rows: Sequence[tuple[int, int | None]] = list(
        Issue.objects.filter(pk__in=ids, deleted_at=None).values_list("pk", "merged_into")
    )
    return {number: merged or number for number, merged in rows}
