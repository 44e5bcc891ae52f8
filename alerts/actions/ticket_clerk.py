"""Makes tickets for rules that fired, within each connection's budget."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Count

from alerts.actions.tickets import ask, is_for
from alerts.domain.rules import Check
from alerts.models import AlertRule, TicketConnection, TicketLink
from tracker.models import Issue

HOUR = timedelta(hours=1)


class Clerk:
    """Knows what the rules of a batch may still ask for; asks no query when no rule wants any."""

    def __init__(self, rules: Iterable[AlertRule], now: datetime) -> None:
        self._now = now
        self._wanted: dict[TicketConnection, dict[int, tuple[Issue, AlertRule]]] = {}
        connections = {rule.ticket_id: rule.ticket for rule in rules if rule.ticket_id}
        self._left = {
            pk: each.budget_per_hour for pk, each in connections.items() if each is not None
        }
        if not connections:
            return
        lately = TicketLink.objects.filter(
            connection__in=self._left, rule__isnull=False, asked_at__gt=now - HOUR
        )
        for pk, count in lately.values_list("connection").annotate(count=Count("pk")):
            self._left[pk] -= count

    def want(self, rule: AlertRule, issue: Issue) -> list[Check]:
        """A rule fired on an issue; returns why no ticket is made, if none is."""
        connection = rule.ticket
        if connection is None:
            return []
        if not connection.enabled or not is_for(connection, issue):
            return [Check("ticket", False, f"{connection} is disabled or not for it", "enabled")]
        if self._left[connection.pk] <= 0:
            most = f"at most {connection.budget_per_hour} an hour by rules"
            return [Check("ticket", False, f"{connection}: too many", most)]
        wanted = self._wanted.setdefault(connection, {})
        if (
            issue.pk in wanted
            or TicketLink.objects.filter(issue=issue.pk, connection=connection).exists()
        ):
            return [Check("ticket", True, "it has one there", "one an issue")]
        self._left[connection.pk] -= 1
        wanted[issue.pk] = (issue, rule)
        return [Check("ticket", True, f"asked for at {connection}", "one an issue")]

    def write(self) -> None:
        """Ask. The caller holds a transaction."""
        for connection, wanted in self._wanted.items():
            issues = [issue for issue, _rule in wanted.values()]
            rules = {pk: rule for pk, (_issue, rule) in wanted.items()}
            ask(issues, connection, None, self._now, rules)
