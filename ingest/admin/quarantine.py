"""Quarantine: bodies that could not be digested. Owners only; each look and replay is noted."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from ingest import damaged, quarantine
from ingest.models import Quarantined
from ingest.spool import folder
from tracker.actions import audit
from tracker.admin._typed import StockAdmin
from tracker.admin.base import access_of
from tracker.auditing import Audited
from tracker.models import Project, User

AT_ONCE = 10_000
"""Bodies that "replay all" puts back in one go."""


@admin.register(Quarantined)
class QuarantineAdmin(Audited[Quarantined], StockAdmin[Quarantined]):
    """What failed, why, and a way back into the inbox."""

    audit_views = True
    list_display = ("received_at", "project", "adapter", "size", "reason")
    list_filter = ("adapter",)
    search_fields = ("reason",)
    ordering = ("-id",)
    fields = readonly_fields = (
        "received_at", "quarantined_at", "project", "adapter", "encoding", "event_id", "events",
        "size", "reason", "detail", "raw",
    )  # fmt: skip
    actions = ("replay",)
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quarantined]:
        """Without the bodies: a list must not load megabytes."""
        rows = super().get_queryset(request).defer("body", "meta")
        return rows if access_of(request).is_owner else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Owners."""
        return access_of(request).is_owner

    def has_view_permission(self, request: HttpRequest, obj: Quarantined | None = None) -> bool:
        """Owners."""
        return access_of(request).is_owner

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Quarantined | None = None) -> bool:
        """Nobody changes a body; actions ask for this permission's view sibling."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Quarantined | None = None) -> bool:
        """Nobody: they go by themselves after 14 days."""
        return False

    @admin.display(description="Project")
    def project(self, row: Quarantined) -> str:
        """Its name, while it exists."""
        found = Project.objects.filter(pk=row.project_id).values_list("name", flat=True).first()
        return found or f"(deleted, {row.project_id})"

    @admin.display(description="Body as received")
    def raw(self, row: Quarantined) -> str:
        """A link: never shown in a page."""
        where = reverse("admin:ingest_quarantined_raw", args=[row.pk])
        return format_html('<a href="{}" download>Download {} bytes</a>', where, row.size)

    @admin.action(description="Replay: put back into the inbox", permissions=["view"])
    def replay(self, request: HttpRequest, rows: QuerySet[Quarantined]) -> None:
        """Put the chosen bodies back."""
        ids = list(rows.values_list("pk", flat=True)[:AT_ONCE])
        self._replay(request, ids)

    def _replay(self, request: HttpRequest, ids: list[int]) -> None:
        for row in Quarantined.objects.filter(pk__in=ids).defer("body", "meta")[:500]:
            self.log_change(request, row, "Replayed.")
        put = quarantine.replay(ids)
        messages.success(request, f"{put} put back into the inbox; they are digested in a moment.")

    def get_urls(self) -> list[URLPattern]:
        """The stock pages, the raw bytes, and "replay all"."""
        own = [
            path(
                "<int:pk>/raw/",
                self.admin_site.admin_view(self.download),
                name="ingest_quarantined_raw",
            ),
            path(
                "replay-all/",
                self.admin_site.admin_view(require_POST(self.replay_all)),
                name="ingest_quarantined_replay_all",
            ),
        ]
        recover = self.admin_site.admin_view(require_POST(self.recover))
        own.append(path("spool/recover/", recover, name="ingest_quarantined_recover"))
        return own + super().get_urls()

    def download(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bytes as they came, as a download; noted in the log."""
        row = Quarantined.objects.filter(pk=pk).first() if access_of(request).is_owner else None
        if row is None:
            raise Http404
        self.log_change(request, row, "Downloaded the raw bytes.")
        answer = HttpResponse(bytes(row.body), content_type="application/octet-stream")
        ending = f".{row.encoding}" if row.encoding.isalnum() else ""
        answer["Content-Disposition"] = f'attachment; filename="quarantine-{pk}{ending}"'
        answer["X-Content-Type-Options"] = "nosniff"
        answer["Cache-Control"] = "private, no-store"
        return answer

    def replay_all(self, request: HttpRequest) -> HttpResponse:
        """Put everything back, oldest first."""
        if not access_of(request).is_owner:
            raise Http404
        ids = list(Quarantined.objects.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
        self._replay(request, ids)
        return HttpResponseRedirect(reverse("admin:ingest_quarantined_changelist"))

    def recover(self, request: HttpRequest) -> HttpResponse:
        """Bring in what can be read of a damaged spool file."""
        if not access_of(request).is_owner:
            raise Http404
        name = request.POST.get("name", "")
        done = damaged.recover(name)
        if done is None:
            messages.warning(request, "There is no such file any more.")
        else:
            told = dict(done._asdict(), file=name)
            actor = request.user if isinstance(request.user, User) else None
            address = request.META.get("REMOTE_ADDR", "")
            audit.record("recovered", actor=actor, label="spool file", after=told, address=address)
            messages.success(request, _told(done))
        return HttpResponseRedirect(reverse("admin:ingest_quarantined_changelist"))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with a button for all, and above it the damaged files of the spool."""
        where = reverse("admin:ingest_quarantined_replay_all")
        context = {**(extra_context or {}), "replay_all": where, "title": "Quarantine"}
        if access_of(request).is_owner:
            context |= {"damaged": damaged.listed(), "spool": folder()}
        return super().changelist_view(request, context)


def _told(done: damaged.Recovered) -> str:
    """What became of a file, in a sentence."""
    text = f"{done.letters} put into the inbox; they are digested in a moment."
    if done.refused or done.lost:
        text += (
            f" {done.refused} were refused by the database and {done.lost:,} bytes are no letters:"
            " what is left of the file stays in its folder for 14 days, as .salvaged."
        )
    return text
