"""Where git hosts call when somebody pushed."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tracker.actions import bells
from tracker.calls import read_call


@csrf_exempt  # hosts sign what they send
@require_http_methods(["POST"])
def push_call(request: HttpRequest, uid: UUID) -> HttpResponse:
    """Somebody pushed. Garbage is refused, never an error of ours."""
    # Who knows no address of ours does not make us read twenty megabytes.
    call = read_call(request, bells.MOST) if bells.hangs(uid) else 404
    answer = HttpResponse(status=call if isinstance(call, int) else bells.hear(uid, call))
    answer["Cache-Control"] = "no-store"
    return answer
