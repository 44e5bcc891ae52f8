"""Pages of alerts in the admin; every module of this folder registers its own."""

from alerts.admin import channels, deliveries, hours, incidents, mailbox, rules

__all__ = ["channels", "deliveries", "hours", "incidents", "mailbox", "rules"]
