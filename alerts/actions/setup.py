"""Sets a project up: its default rule and mail channel; further channels."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from alerts import transports
from alerts.domain import rules
from alerts.models import AlertRule, Channel
from alerts.transports.base import Misconfigured
from tracker.models import Project

DEFAULT_RULE = "New or regressed"
ESCALATING_RULE = "Escalating"
USERS_RULE = "50 users in 10 minutes"
DEFAULT_CHANNEL = "Mail to the team"


def defaults(project: Project) -> AlertRule:
    """The rules and mail channel that every project starts with; safe to call again.

    Returns the one for new and regressed issues. None names a channel, so that each tells every
    channel of the project.
    """
    with transaction.atomic():
        Channel.objects.get_or_create(
            project=project, name=DEFAULT_CHANNEL, defaults={"kind": "email"}
        )
        rule, made = AlertRule.objects.get_or_create(project=project, name=DEFAULT_RULE)
        if made:
            page = rules.Severity.PAGE.value
            escalating = [rules.Trigger.ESCALATING.value]
            AlertRule.objects.create(
                project=project, name=ESCALATING_RULE, triggers=escalating, severity=page
            )
            AlertRule.objects.create(
                project=project, name=USERS_RULE, triggers=[], counts=rules.Counts.USERS.value,
                threshold=50, window_minutes=10, severity=page,
            )  # fmt: skip
    return rule


def add_channel(
    project: Project,
    kind: str,
    name: str,
    config: dict[str, Any],
    secrets: dict[str, str] | None = None,
) -> tuple[Channel, dict[str, str]]:
    """Store a channel; returns it and the secrets that were made for it, shown once.

    Raises Misconfigured for an unknown kind or a configuration that can't work.
    """
    given = dict(secrets or {})
    try:
        transport = transports.get(kind)
    except KeyError:
        raise Misconfigured(f"no such kind of channel: {kind}") from None
    missing = [
        option.label for option in transport.options
        if option.required and not (given if option.secret else config).get(option.name)
    ]  # fmt: skip
    if missing:
        raise Misconfigured(f"{', '.join(missing)}: required")
    made = transport.complete(config, given)
    channel = Channel(project=project, kind=kind, name=name)
    channel.keep(config, {**given, **made})
    channel.save()
    return channel, made
