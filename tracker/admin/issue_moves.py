"""What moves rows of one issue, from its page: merge by id, take keys out, delete or discard."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.views.decorators.http import require_http_methods, require_POST

from tracker import readers
from tracker.access import Access
from tracker.actions import moving
from tracker.admin.base import access_of
from tracker.admin.verbs import chosen
from tracker.models import GroupingKey, Issue, Role
from tracker.similar import similar_to

MOST_KEYS = 100
_KINDS = {
    "line": "line of code", "line_in_file": "line of code", "message_at_site": "message at a place",
    "site": "place in the code", "weak": "message", "fingerprint": "fingerprint",
    "varying": "message with a word that varies",
    moving.RESIDUE: "left behind",
}  # fmt: skip
_ADDRESS = re.compile(r"/issues?/(\d{1,18})(?:/|$)")
_SHORT = re.compile(r"([a-z0-9_\-]{1,100})-([0-9a-z]{1,12})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A grouping key as the page shows it."""

    id: int
    kind: str
    why: str
    version: str
    events: int
    locked: bool
    discard: bool
    can_go: bool
    """Whether it can be taken out of the issue."""


def moving_context(issue: Issue, access: Access) -> dict[str, Any]:
    """Why events are here, what looks alike and what may be done about it; two queries."""
    keys = readers.grouping_of(issue, MOST_KEYS)
    lines = [_line(key) for key in keys]
    return {
        "grouping": [line for line in lines if line.events],
        "looser_keys": [line for line in lines if not line.events],
        "key_lines": lines,
        "can_take_out": sum(line.can_go for line in lines) > 1,
        "can_move": access.has(Role.ADMIN, issue.project.team_id),
        "similar": similar_to(issue),
        "still_moving": len(issue.sources()) - 1,
    }


def _line(key: GroupingKey) -> KeyLine:
    return KeyLine(
        id=key.pk, kind=_KINDS.get(key.kind, key.kind), why=key.why, version=key.version,
        events=key.events, locked=key.locked, discard=key.discard,
        can_go=key.kind != moving.RESIDUE,
    )  # fmt: skip


def named_issue(access: Access, text: str) -> Issue | None:
    """The issue that a pasted short id, number or address names, if the user may see it;
    for one that was merged the one it went into.
    """
    text = text.strip()
    address, short = _ADDRESS.search(text), _SHORT.fullmatch(text)
    issues = access.issues().filter(deleted_at=None)
    if address:
        found = issues.filter(pk=int(address[1])).first()
    elif text.isascii() and text.isdecimal() and len(text) < 19:
        found = issues.filter(pk=int(text)).first()
    elif short:
        number = int(short[2], 36)
        found = issues.filter(pk=number, project__slug=short[1].lower()).first()
    else:
        return None
    if found is not None and found.merged_into:
        return issues.filter(pk=found.merged_into).first()
    return found


class MovingPages:
    """The answers under an issue's address; a part of its admin."""

    admin_site: admin.AdminSite
    opts: Any

    def moving_urls(self, page: Callable[[str, Any, str], URLPattern]) -> list[URLPattern]:
        """Addresses, made by the admin's own way of wrapping."""
        confirm = require_http_methods(["GET", "HEAD", "POST"])
        return [
            page("<int:issue_id>/merge/", require_POST(self.merge_view), "merge"),
            page("<int:issue_id>/unmerge/", require_POST(self.unmerge_view), "unmerge"),
            page("<int:issue_id>/remove/", confirm(self.remove_view), "remove"),
        ]

    def _mine(self, request: HttpRequest, issue_id: int) -> Issue:
        """The live issue, if the user is an admin of its team.

        Raises Http404 for what is foreign or gone, PermissionDenied for a role too low.
        """
        issue = chosen(access_of(request), [issue_id], Role.ADMIN).live().first()
        if issue is None:
            raise Http404("There is no such issue.")
        issue.project = access_of(request).projects[issue.project_id]
        return issue

    def merge_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """Join the issue with another that was named; the older of the two survives."""
        issue = self._mine(request, issue_id)
        access = access_of(request)
        other = named_issue(access, request.POST.get("with", ""))
        if other is None:
            messages.warning(request, "There is no such issue; paste an id such as SHOP-4F.")
            return redirect("admin:tracker_issue_change", issue.pk)
        if other.pk == issue.pk:
            messages.warning(request, "That is this very issue.")
            return redirect("admin:tracker_issue_change", issue.pk)
        both = chosen(access, [issue.pk, other.pk], Role.ADMIN)
        try:
            survivor, _ = moving.merge(both, access.user, datetime.now(UTC))
        except moving.MovingError as problem:
            messages.warning(request, str(problem))
            return redirect("admin:tracker_issue_change", issue.pk)
        messages.success(request, f"Merged into {survivor.short_id}; new events follow.")
        return redirect("admin:tracker_issue_change", survivor.pk)

    def unmerge_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """Take the chosen keys out into an issue of their own."""
        issue = self._mine(request, issue_id)
        ids = [int(t) for t in request.POST.getlist("key") if t.isdecimal() and len(t) < 19]
        if not ids:
            messages.warning(request, "Choose at least one key to take out.")
            return redirect("admin:tracker_issue_change", issue.pk)
        try:
            fresh = moving.unmerge(issue, ids, access_of(request).user, datetime.now(UTC))
        except moving.MovingError as problem:
            messages.warning(request, str(problem))
            return redirect("admin:tracker_issue_change", issue.pk)
        messages.success(
            request,
            f"Taken out of {issue.short_id}. Stored events follow their keys; what was sampled "
            "away or has expired stays counted there.",
        )
        return redirect("admin:tracker_issue_change", fresh.pk)

    def remove_view(self, request: HttpRequest, issue_id: int) -> HttpResponse:
        """Ask with true counts, then delete; with `discard` what comes later is dropped too."""
        issue = self._mine(request, issue_id)
        if request.method == "POST":
            discard = bool(request.POST.get("discard"))
            one = chosen(access_of(request), [issue.pk], Role.ADMIN)
            moving.delete(one, access_of(request).user, datetime.now(UTC), discard=discard)
            after = "; its events are dropped from now on" if discard else ""
            messages.success(request, f"{issue.short_id} is deleted{after}.")
            return redirect("admin:tracker_issue_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": f"Delete {issue.short_id}?", "opts": self.opts, "issue": issue,
            "stored": readers.stored_events(issue),
            "keys": GroupingKey.objects.filter(project=issue.project_id, issue=issue.pk).count(),
        }  # fmt: skip
        return TemplateResponse(request, "admin/tracker/issue/delete.html", context)
