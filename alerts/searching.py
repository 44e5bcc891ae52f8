"""What the search knows of tickets: `is:linked`, `has:ticket` and `ticket:SHOP-12`."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from alerts.models import TicketLink
from tracker.domain.search import Term
from tracker.search import meanings
from tracker.search.common import Asked, values_of


def _linked(said: Q) -> Q:
    return Q(Exists(TicketLink.objects.filter(said, issue=OuterRef("pk"))))


def _there() -> Q:
    return _linked(Q(state__in=["open", "closed"]))


def _ticket(term: Term, _: Asked) -> Q:
    return _linked(values_of("key", term.values))


meanings.STATES["linked"] = lambda _: _there()
meanings.HAS["ticket"] = _there
meanings.MEANINGS["ticket"] = _ticket
