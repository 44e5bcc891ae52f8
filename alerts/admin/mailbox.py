"""The mailbox: mails as they were, or would have been, sent."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin

from alerts.actions.outbox import message_of
from alerts.admin.base import LogAdmin
from alerts.models import Mail
from alerts.transports import email


@admin.register(Mail)
class MailAdmin(LogAdmin[Mail]):
    """Mails of the user's projects, newest first."""

    project_path = "channel__project"
    list_display = ("subject", "to", "state", "why", "created_at")
    list_filter = ("state",)
    list_select_related = ("channel__project", "incident")
    ordering = ("-pk",)
    fields = ("from_address", "to", "subject", "state", "why", "created_at", "sent_at", "text")
    readonly_fields = fields

    @admin.display(description="from")
    def from_address(self, _mail: Mail) -> str:
        """The sender."""
        return str(settings.DEFAULT_FROM_EMAIL)

    @admin.display(description="subject")
    def subject(self, mail: Mail) -> str:
        """The subject line."""
        return email.subject(message_of(mail))

    @admin.display(description="to")
    def to(self, mail: Mail) -> str:
        """Whom it is for."""
        return ", ".join(mail.content.get("recipients", [])) or "nobody has an alert address"

    @admin.display(description="note")
    def why(self, mail: Mail) -> str:
        """Why it was not sent, or what the server said."""
        return mail.last_error or mail.last_status or "-"

    @admin.display(description="text")
    def text(self, mail: Mail) -> str:
        """The text part; the admin escapes it and breaks its lines."""
        return email.texts(message_of(mail))[0]
