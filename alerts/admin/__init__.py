"""Pages of alerts in the admin; every module of this folder registers its own."""

from alerts.admin import (
    channels,
    connections,
    deliveries,
    hours,
    incidents,
    mailbox,
    reasons,
    rules,
    tickets,
)

__all__ = [
    "channels",
    "connections",
    "deliveries",
    "hours",
    "incidents",
    "mailbox",
    "reasons",
    "rules",
    "tickets",
]
