"""Mail by SMTP: text and HTML, one message a person, threaded by issue.

One delivery may have several recipients: each gets a message of his own, and who
has it is remembered, so that a retry after a half-way failure mails nobody twice.
"""

from __future__ import annotations

import contextlib
import smtplib
from collections.abc import Callable
from email.utils import parseaddr
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.mail.backends.smtp import EmailBackend
from django.core.validators import validate_email
from django.template.loader import render_to_string

from alerts.actions import leaving
from alerts.domain.text import one_line
from alerts.transports.base import (
    Answer,
    Checkpoint,
    Message,
    Misconfigured,
    NotSent,
    Option,
    Rejected,
    Transport,
    Unreachable,
)
from alerts.transports.format import facts

SECONDS = 8
"""For each step of the conversation."""
NO_SMTP = "not sent: no SMTP"
NOBODY = "not sent: nobody has an alert address"


class Email(Transport):
    """The project's people, or fixed addresses."""

    label = "E-mail"
    options: ClassVar[tuple[Option, ...]] = (
        Option(
            "to",
            "Addresses",
            "Separated by commas; empty: the assignee, else the team (triagers and admins).",
            kind="emails",
        ),
    )

    def send(self, message: Message, options: dict[str, Any], checkpoint: Checkpoint) -> Answer:
        """Mail everybody who has not got it yet."""
        if not settings.EMAIL_HOST:
            raise NotSent(NO_SMTP)
        recipients = [each for each in message.content.recipients if each not in message.reached]
        if not message.content.recipients:
            raise NotSent(NOBODY)
        backend = EmailBackend(timeout=SECONDS)
        try:
            backend.open()
        except (OSError, smtplib.SMTPException) as error:
            raise _translated(error, temporary=True) from None
        refused: list[Rejected | Unreachable] = []
        try:
            for address in recipients:
                try:
                    backend.send_messages([compose(message, address)])
                except (OSError, smtplib.SMTPException) as error:
                    refused.append(_translated(error))
                    if not isinstance(
                        error, smtplib.SMTPResponseException | smtplib.SMTPRecipientsRefused
                    ):
                        break  # the conversation is over
                    _reset(backend)
                else:
                    checkpoint(address)
        finally:
            _close(backend)
        return _result(refused, len(recipients))

    def recipients(
        self, config: dict[str, Any], people: Callable[[], tuple[str, ...]]
    ) -> tuple[str, ...]:
        """The fixed addresses, else the issue's people."""
        return addresses(config) or people()

    def complete(self, config: dict[str, Any], secrets: dict[str, str]) -> dict[str, str]:
        """Refuse what is no address."""
        for address in addresses(config):
            try:
                validate_email(address)
            except Exception:
                raise Misconfigured(f"{one_line(address, 80)!r} is no mail address") from None
        return {}


def addresses(config: dict[str, Any]) -> tuple[str, ...]:
    """Fixed addresses of a channel; () when the project's people are meant."""
    words = str(config.get("to") or "").replace("\n", ",").split(",")
    return tuple(dict.fromkeys(word.strip() for word in words if word.strip()))


def subject(message: Message) -> str:
    """One line, whatever strangers wrote."""
    notice = message.content.notice
    return one_line(f"[{notice.project}] {notice.headline}: {notice.short_id} {notice.title}", 160)


def texts(message: Message) -> tuple[str, str]:
    """The body as plain text and as HTML."""
    notice = message.content.notice
    context = {
        "notice": notice,
        "title": one_line(notice.title, 500),
        "culprit": one_line(notice.culprit, 300),
        "why": one_line(notice.why, 500),
        "facts": facts(notice),
        "kind": message.kind,
        "actions": message.actions,
        "rule": one_line(message.content.rule),
    }
    return (
        # Plain text: the sum with a str is not marked as safe HTML any more.
        render_to_string("alerts/email/message.txt", context) + "",
        render_to_string("alerts/email/message.html", context),
    )


def compose(message: Message, address: str) -> EmailMultiAlternatives:
    """The whole mail for one recipient."""
    text, html = texts(message)
    mail = EmailMultiAlternatives(
        subject(message),
        text,
        settings.DEFAULT_FROM_EMAIL,
        [address],
        headers=headers(message, address),
    )
    mail.attach_alternative(html, "text/html")
    return mail


def headers(message: Message, address: str = "") -> dict[str, str]:
    """Threading: everything about one issue hangs on one root that nobody sent."""
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    found = {
        "Message-ID": f"<{message.key}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Emberwatch-Delivery": message.key,
    }
    if message.content.project_id and address:
        found["List-Unsubscribe"] = f"<{leaving.link(message.content.project_id, address)}>"
        found["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if message.issue_id is not None:
        root = f"<issue-{message.issue_id}@{domain}>"
        start = f"<incident-{message.incident}@{domain}>"
        found["References"] = f"{root} {start}"
        found["In-Reply-To"] = root
    return found


def _result(failed: list[Rejected | Unreachable], tried: int) -> Answer:
    for error in failed:
        if not error.permanent:
            raise error
    if failed and len(failed) == tried:
        raise failed[0]
    note = f"{len(failed)} of {tried} refused: {failed[0]}" if failed else ""
    return Answer("250", note)


def _translated(error: Exception, *, temporary: bool = False) -> Rejected | Unreachable:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, _text = next(iter(error.recipients.values()), (550, b""))
    elif isinstance(error, smtplib.SMTPResponseException):
        code = error.smtp_code
    else:
        text = getattr(error, "strerror", None) or error.__class__.__name__
        return Unreachable(f"mail server: {one_line(str(text))}")
    # A wrong password is mended by the operator, not by losing the alert.
    permanent = code >= 500 and not temporary
    what = "log-in" if isinstance(error, smtplib.SMTPAuthenticationError) else "message"
    return Rejected(
        f"mail server refused the {what}: {code}", permanent=permanent, status=str(code)
    )


def _reset(backend: EmailBackend) -> None:
    # If it fails, the next send says so.
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if backend.connection is not None:
            backend.connection.rset()


def _close(backend: EmailBackend) -> None:
    # Everything was said.
    with contextlib.suppress(OSError, smtplib.SMTPException):
        backend.close()


transport = Email()
