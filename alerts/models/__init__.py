"""The tables of alerts; import models from here."""

from alerts.models.channel import Channel
from alerts.models.delivery import Delivery, Mail
from alerts.models.hours import QuietHours, Unsubscribed
from alerts.models.incident import Incident
from alerts.models.reading import Decision, Evaluated, LowWater, Met
from alerts.models.rule import AlertRule
from alerts.models.ticket import (
    TicketCall,
    TicketConnection,
    TicketJob,
    TicketLink,
    TicketUser,
)

__all__ = [
    "AlertRule",
    "Channel",
    "Decision",
    "Delivery",
    "Evaluated",
    "Incident",
    "LowWater",
    "Mail",
    "Met",
    "QuietHours",
    "TicketCall",
    "TicketConnection",
    "TicketJob",
    "TicketLink",
    "TicketUser",
    "Unsubscribed",
]
