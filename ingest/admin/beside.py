"""Files, monitors, feedback and inbound filters of a user's projects."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from tracker.admin._typed import StockForm
from tracker.admin.base import ScopedAdmin
from tracker.attachments import download
from tracker.models import Attachment, Feedback, InboundFilters, Monitor, Role


class _Told(ScopedAdmin[Any]):
    """Rows that clients make: nobody adds them."""

    team_path = "project__team"
    list_select_related = ("project",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class _Log(_Told):
    """Rows that nobody changes either."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


@admin.register(Attachment)
class AttachmentAdmin(_Log):
    """Files of events; always downloaded."""

    list_display = ("filename", "project", "event_id", "kind", "size", "created_at", "file")
    search_fields = ("event_id", "filename")
    ordering = ("-id",)
    fields = readonly_fields = (
        "filename", "project", "event_id", "kind", "content_type", "size", "created_at", "file",
    )  # fmt: skip

    @admin.display(description="File")
    def file(self, row: Attachment) -> str:
        """A link to the bytes."""
        where = reverse("admin:tracker_attachment_file", args=[row.pk])
        return format_html('<a href="{}" download>Download</a>', where)

    def get_urls(self) -> list[URLPattern]:
        """The stock pages and the bytes."""
        view = self.admin_site.admin_view(self.bytes_of)
        own = [path("<int:pk>/file/", view, name="tracker_attachment_file")]
        return own + super().get_urls()

    def bytes_of(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The file as a download."""
        row = self.get_queryset(request).filter(pk=pk).first()
        if row is None:
            raise Http404
        try:
            return download(row)
        except FileNotFoundError:
            return HttpResponse("The file is gone.\n", status=410, content_type="text/plain")


@admin.register(Feedback)
class FeedbackAdmin(_Log):
    """What people said."""

    list_display = ("created_at", "project", "name", "email", "short", "event_id")
    search_fields = ("message", "email", "name")
    ordering = ("-id",)
    fields = readonly_fields = (
        "created_at", "project", "name", "email", "message", "url", "event_id", "release",
        "environment", "source",
    )  # fmt: skip

    @admin.display(description="Message")
    def short(self, row: Feedback) -> str:
        """Its beginning."""
        return row.message[:120]


@admin.register(Monitor)
class MonitorAdmin(_Told):
    """Jobs that check in."""

    change_role = Role.TRIAGER
    list_display = (
        "slug",
        "environment",
        "project",
        "status",
        "last_check_in_at",
        "due_at",
        "muted",
    )
    list_filter = ("status", "muted")
    search_fields = ("slug",)
    ordering = ("slug", "environment")
    fields = (
        "project", "slug", "environment", "status", "muted", "auto_resolve", "schedule", "timezone",
        "margin", "max_runtime", "failure_threshold", "recovery_threshold", "failures",
        "last_check_in_at", "due_at",
    )  # fmt: skip
    readonly_fields = tuple(name for name in fields if name not in ("muted", "auto_resolve"))


class FiltersForm(StockForm[InboundFilters]):
    """Checks addresses; lists are written a line each."""

    releases = forms.CharField(required=False, widget=forms.Textarea, help_text="One a line.")
    messages = forms.CharField(required=False, widget=forms.Textarea, help_text="One a line.")
    ip_ranges = forms.CharField(required=False, widget=forms.Textarea, help_text="One a line.")
    most = 50

    class Meta:
        model = InboundFilters
        fields = "__all__"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("releases", "messages", "ip_ranges"):
            self.initial[name] = "\n".join(getattr(self.instance, name))

    def _lines(self, name: str, longest: int) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data[name].splitlines() if line.strip()]
        if len(lines) > self.most or any(len(line) > longest for line in lines):
            raise ValidationError(f"At most {self.most} lines of {longest} characters.")
        return lines

    def clean_releases(self) -> list[str]:
        """Globs of releases."""
        return self._lines("releases", 200)

    def clean_messages(self) -> list[str]:
        """Globs of messages; one that stops everything is a mistake."""
        lines = self._lines("messages", 200)
        if any(not line.strip("*") for line in lines):
            raise ValidationError("A pattern of stars alone would stop every event.")
        return lines

    def clean_ip_ranges(self) -> list[str]:
        """Addresses and networks."""
        lines = self._lines("ip_ranges", 50)
        for line in lines:
            try:
                ip_network(line, strict=False)
            except ValueError:
                raise ValidationError(f"{line} is no address or network.") from None
        return lines


@admin.register(InboundFilters)
class FiltersAdmin(ScopedAdmin[InboundFilters]):
    """What a project does not want to hear of."""

    team_path = "project__team"
    form = FiltersForm
    list_display = ("project", "browser_extensions", "crawlers", "localhost")
    list_select_related = ("project",)
    fields = (
        "project", "browser_extensions", "crawlers", "localhost", "releases", "messages",
        "ip_ranges",
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Filters stay with their project."""
        return ("project",) if obj is not None else ()
