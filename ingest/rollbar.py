"""Rollbar's endpoints: items, and the answers that its clients need to the letter.

Every answer is JSON with `err`; success is 200 exactly.
"""

from __future__ import annotations

import re
import time
import uuid
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.http import urlencode
from rest_framework.request import Request
from rest_framework.response import Response

from ingest.adapters.base import Unusable
from ingest.adapters.rollbar import event_id_of
from ingest.auth import TOKENS, Credentials, Sender, authenticate
from ingest.bare import CORS, BareView
from ingest.errors import NoKey, Refused, WrongKey
from ingest.limits import LIMITS
from ingest.registry import find
from ingest.views import body_of, checked, meta_of, put
from tracker.models import EventRow, EventSeen, Issue

CLIENT_PLATFORMS = frozenset({"browser", "android", "ios", "flash", "client"})
"""What a `post_client_item` token may send."""
_HEADERS = re.compile(r"[A-Za-z0-9-]{1,64}(?:\s*,\s*[A-Za-z0-9-]{1,64}){0,40}")


class RollbarView(BareView):
    """What all of Rollbar's addresses share: tokens with scopes, `err`, its rate headers."""

    cors = {
        **CORS,
        "Access-Control-Expose-Headers": (
            "Rollbar-Replay-Enabled, Rollbar-Replay-RateLimit-Remaining, "
            "Rollbar-Replay-RateLimit-Reset, X-Rate-Limit-Limit, X-Rate-Limit-Remaining, "
            "X-Rate-Limit-Reset, X-Rate-Limit-Remaining-Seconds, Retry-After"
        ),
        "Rollbar-Replay-Enabled": "false",
    }
    sender: Sender | None = None

    def options(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Response:
        """Preflight: whatever headers are asked for are allowed."""
        asked = request.headers.get("Access-Control-Request-Headers", "").strip()
        if not _HEADERS.fullmatch(asked):
            asked = "content-type, x-rollbar-access-token"
        headers = {
            "Access-Control-Allow-Methods": "GET, POST, PATCH, OPTIONS",
            "Access-Control-Allow-Headers": asked,
            "Access-Control-Max-Age": "3600",
        }
        return Response({"err": 0, "result": {}}, headers=headers)

    def error_body(self, text: str) -> dict[str, Any]:
        """An error as Rollbar's clients print it."""
        return {"err": 1, "message": text}

    def refusal(self, refused: Refused) -> Response:
        """As elsewhere; the rate headers follow in `finalize_response`."""
        answer = super().refusal(refused)
        del answer["X-Sentry-Error"]
        return answer

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """What is left of the rate, on each answer to a known token."""
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.sender is not None:
            left = LIMITS.allowance(self.sender)
            limited = response.status_code == 429
            wait = int(response.headers.get("Retry-After", 60)) if limited else left.reset
            response["X-Rate-Limit-Limit"] = str(left.limit)
            response["X-Rate-Limit-Remaining"] = "0" if limited else str(left.remaining)
            response["X-Rate-Limit-Reset"] = str(int(time.time()) + wait)
            response["X-Rate-Limit-Remaining-Seconds"] = str(wait)
        return response

    def bearer(self, token: str, *scopes: str) -> Sender:
        """The sender of a token with one of these scopes. Raises NoKey, WrongKey."""
        if not token:
            raise _no_token()
        sender = TOKENS.find(token.strip())
        if sender is None or sender.scope not in scopes:
            raise WrongToken
        self.sender = sender
        self.counted_under = sender.project_id
        return sender


def _no_token() -> NoKey:
    return NoKey("An access token is required: put it into X-Rollbar-Access-Token.")


class WrongToken(WrongKey):
    """Unknown, disabled or without the scope: one text for all."""

    def __str__(self) -> str:
        return "This access token is not valid for this; check the token and its scope."


class ItemView(RollbarView):
    """`POST /api/1/item/`, with and without the slash."""

    def post(self, request: Request) -> Response:
        """Take one item. Raises Refused."""
        raw = request._request
        token = raw.headers.get("X-Rollbar-Access-Token", "")
        if token:
            LIMITS.check(self.bearer(token, "post_server", "post_client"))
        body, encoding = body_of(raw)
        try:
            found = checked(find("rollbar"), body, encoding)
        except Unusable:
            # Who names no token anywhere hears of that first.
            if not (token or "access_token" in raw.GET or b'"access_token"' in body or encoding):
                raise _no_token() from None
            raise
        if not token:
            token = found.key or raw.GET.get("access_token", "")
            LIMITS.check(self.bearer(token, "post_server", "post_client"))
        sender = self.bearer(token, "post_server", "post_client")
        if sender.scope == "post_client" and found.platform.lower() not in CLIENT_PLATFORMS:
            raise WrongToken
        put(sender, "rollbar", found, meta_of(raw), body, encoding)
        told = found.told_id or str(uuid.UUID(found.event_id))
        return Response({"err": 0, "result": {"id": None, "uuid": told}})


class NoticeView(BareView):
    """Airbrake's `POST /api/v3/projects/<any>/notices`: the project comes from the key."""

    def post(self, request: Request, project: str) -> Response:
        """Take one notice. Raises Refused."""
        raw = request._request
        scheme, _, bearer = raw.headers.get("Authorization", "").partition(" ")
        key = raw.headers.get("X-Airbrake-Token") or raw.GET.get("key", "")
        key = key or (bearer if scheme.lower() == "bearer" else "")
        sender = authenticate(Credentials(key.strip()) if key else None, None)
        self.counted_under = sender.project_id
        LIMITS.check(sender)
        body, encoding = body_of(raw)
        found = checked(find("airbrake"), body, encoding)
        put(sender, "airbrake", found, meta_of(raw), body, encoding)
        where = f"{settings.EMBERWATCH_URL}/item/uuid/?uuid={found.event_id}"
        return Response({"id": found.event_id, "url": where}, status=201)

    def error_body(self, text: str) -> dict[str, Any]:
        """An error as Airbrake's clients read it."""
        return {"message": text}


class SessionView(RollbarView):
    """`POST /api/1/session/`: replays, which are not kept."""

    def post(self, request: Request) -> Response:
        """Yes, thank you."""
        return Response({"err": 0, "result": {}})


def ping(_request: HttpRequest) -> HttpResponse:
    """`GET /api/1/status/ping`."""
    return HttpResponse("pong", content_type="text/plain")


def to_issue(request: HttpRequest) -> HttpResponse:
    """`/item/uuid/?uuid=`, `/occurrence/uuid/`: from the id that an SDK printed to its issue."""
    if not request.user.is_authenticated:
        address = reverse("admin:login") + "?" + urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(address)
    event_id = event_id_of(request.GET.get("uuid", ""))
    seen = list(EventSeen.objects.filter(event_id=event_id or uuid.UUID(int=0))[:20])
    rows = [
        row.issue_id
        for one in seen
        for row in EventRow.objects.filter(
            project_id=one.project_id, event_id=one.event_id, day=one.day
        ).only("issue_id", "project_id", "event_id", "day")
    ]
    mine = Issue.objects.visible_to(request.user)
    issue = mine.filter(pk__in=rows).order_by("pk").first()
    if issue is None:
        return JsonResponse({"err": 1, "message": "There is no such item."}, status=404)
    return HttpResponseRedirect(reverse("admin:tracker_issue_change", args=[issue.pk]))
