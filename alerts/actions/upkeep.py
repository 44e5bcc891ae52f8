"""Throws away what nobody needs any more, in bounded pieces."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.models import Decision, Delivery, Incident, TicketCall, TicketJob

DECISIONS_KEPT = timedelta(days=14)
INCIDENTS_KEPT = timedelta(days=90)
CHUNK = 5_000


def purge(now: datetime) -> int:
    """Delete old decisions and tests, and incidents that closed long ago with their deliveries."""
    old = Decision.objects.filter(created_at__lt=now - DECISIONS_KEPT).order_by("created_at")
    gone, _each = Decision.objects.filter(pk__in=old.values("pk")[:CHUNK]).delete()
    done = Incident.objects.filter(closed_at__lt=now - INCIDENTS_KEPT).order_by("pk")
    ended, _each = Incident.objects.filter(
        pk__in=list(done.values_list("pk", flat=True)[:1_000])
    ).delete()
    tests = Delivery.objects.filter(
        kind=Delivery.Kind.TEST, created_at__lt=now - INCIDENTS_KEPT
    ).delete()
    calls = TicketCall.objects.filter(at__lt=now - DECISIONS_KEPT).delete()
    jobs = TicketJob.objects.filter(
        state__in=[TicketJob.State.DONE, TicketJob.State.DEAD], done_at__lt=now - DECISIONS_KEPT
    ).delete()
    return gone + ended + tests[0] + calls[0] + jobs[0]
