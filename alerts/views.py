"""Pages that links in messages open (GET only shows, POST acts), and where trackers call."""

from __future__ import annotations

from uuid import UUID

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.actions import ticket_hooks
from alerts.actions.leaving import leave, who
from tracker.calls import read_call
from tracker.models import Project


@csrf_exempt  # mail programs post by themselves (RFC 8058); the signed link is the permission
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask, or do: no more mail of a project to an address."""
    try:
        project_id, address = who(token)
    except signing.BadSignature:
        raise Http404 from None
    project = Project.objects.filter(pk=project_id).first()
    if project is None:
        raise Http404
    if request.method == "POST":
        leave(project, address)
    context = {"project": project, "address": address, "done": request.method == "POST"}
    answer = render(request, "alerts/unsubscribe.html", context)
    answer["Referrer-Policy"] = "no-referrer"
    answer["Cache-Control"] = "no-store"
    return answer


@csrf_exempt  # trackers sign what they send
@require_http_methods(["POST"])
def ticket_call(request: HttpRequest, uid: UUID) -> HttpResponse:
    """A tracker says that tickets changed. Garbage is refused, never an error of ours."""
    call = read_call(request, ticket_hooks.MOST)
    if isinstance(call, int):
        return HttpResponse(status=call)
    said = ticket_hooks.hear(uid, call)
    answer = HttpResponse(status=said.status)
    for name, value in said.headers:
        answer[name] = value
    answer["Cache-Control"] = "no-store"
    return answer
