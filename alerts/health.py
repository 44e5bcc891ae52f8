"""How alerts are doing, for /readyz and /metrics: plain numbers by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from alerts.actions.reading import unread
from alerts.models import Delivery, LowWater, TicketJob, TicketLink
from tracker.gauges import gauge

PAGE_LATE = timedelta(minutes=2)
"""Readiness fails when a page waits longer."""


def oldest_queued_page(now: datetime) -> float:
    """Seconds that the oldest page has waited to leave; 0 when none waits."""
    return _age(
        Delivery.objects.waiting().filter(page=True).aggregate(at=Min("created_at"))["at"], now
    )


def outbox_age(now: datetime) -> float:
    """Seconds that the oldest delivery has been due without leaving; 0 when none is."""
    return _age(Delivery.objects.waiting().aggregate(at=Min("next_attempt_at"))["at"], now)


def waiting_count() -> int:
    """Deliveries that are neither sent nor given up."""
    return Delivery.objects.waiting().count()


def dead_count() -> int:
    """Deliveries that were given up and can be replayed."""
    return Delivery.objects.dead().count()


def evaluator_lag(now: datetime) -> float:
    """Seconds since the oldest letter that nobody read; 0 when all were."""
    low = LowWater.objects.filter(pk=1).first()
    first = unread(low.activity_id if low else 0).first()
    return _age(first.created_at if first else None, now)


def _age(at: datetime | None, now: datetime) -> float:
    return max((now - at).total_seconds(), 0.0) if at is not None else 0.0


@gauge(
    "alerts_page_oldest_seconds",
    "Age of the oldest page that has not left",
    ready=True,
    limit=PAGE_LATE.total_seconds(),
)
def _pages() -> float:
    return oldest_queued_page(timezone.now())


@gauge("alerts_outbox_oldest_seconds", "How long the oldest delivery has been due", ready=True)
def _outbox() -> float:
    return outbox_age(timezone.now())


@gauge("alerts_evaluator_lag_seconds", "Age of the oldest letter that nobody read", ready=True)
def _lag() -> float:
    return evaluator_lag(timezone.now())


@gauge("alerts_deliveries_waiting", "Deliveries neither sent nor given up")
def _waiting() -> float:
    return waiting_count()


@gauge("alerts_deliveries_dead", "Deliveries given up, to be replayed")
def _dead() -> float:
    return dead_count()


@gauge("alerts_ticket_jobs_waiting", "Things to do at ticket trackers, neither done nor given up")
def _ticket_jobs() -> float:
    return TicketJob.objects.waiting().count()


@gauge("alerts_tickets_failed", "Tickets that could not be made, to be tried again")
def _tickets_failed() -> float:
    return TicketLink.objects.filter(state=TicketLink.State.FAILED).count()
