"""Pages that links in messages open: GET only shows, POST acts."""

from __future__ import annotations

from django.core import signing
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alerts.actions.leaving import leave, who
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
