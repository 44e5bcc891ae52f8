"""New read and write tokens of a key, for tools written for Rollbar; shown once."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from tracker.actions import setup
from tracker.models import ProjectKey


class RollbarTokens:
    """Part of the admin of keys."""

    admin_site: Any
    opts: Any

    def token_urls(self) -> list[URLPattern]:
        """One address."""
        view = self.admin_site.admin_view(require_POST(self.tokens_view))
        return [path("<int:key_id>/rollbar/", view, name="tracker_projectkey_rollbar")]

    def tokens_view(self, request: HttpRequest, key_id: int) -> HttpResponse:
        """Replace both tokens and show them: on this answer only, not in a session or message."""
        me: Any = self
        key: ProjectKey | None = me.get_object(request, str(key_id))
        if key is None or not me.has_change_permission(request, key):
            raise Http404("There is no such key.")
        read, write = setup.new_api_tokens(key)
        me.log_change(request, key, "Made new Rollbar tokens to read and write.")
        context = {
            **self.admin_site.each_context(request),
            "title": "Copy the tokens now", "opts": self.opts, "key": key, "read": read,
            "write": write, "api": f"{settings.EMBERWATCH_URL}/api/1",
        }  # fmt: skip
        answer = TemplateResponse(request, "admin/tracker/projectkey/tokens.html", context)
        answer["Cache-Control"] = "no-store"
        return answer
