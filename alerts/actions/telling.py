"""Puts notices into the outbox: at once, or held back until they can be told as one.

What holds a notice: the channel's window, budget and pace (`alerts.domain.flow`),
quiet hours, and the severity `digest`. Pages pass windows and quiet hours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

import msgspec
from django.db.models import Min

from alerts import transports
from alerts.actions.happening import Happening
from alerts.actions.notices import People, notice_of, notice_of_project
from alerts.domain import flow
from alerts.domain.rules import Check, Outcome, Severity
from alerts.models import AlertRule, Channel, Delivery, Incident
from alerts.transports.base import Content, Notice
from tracker.models import Issue

KINDS = {
    Outcome.OPEN: Delivery.Kind.OPEN,
    Outcome.REOPEN: Delivery.Kind.OPEN,
    Outcome.UPDATE: Delivery.Kind.UPDATE,
    Outcome.ACK: Delivery.Kind.ACK,
    Outcome.CLOSE: Delivery.Kind.CLOSE,
}
SILENT = (Delivery.State.HELD, Delivery.State.FOLDED)
LATE = 1
"""The part of a delivery that is for people who are asleep."""


class Teller:
    """Knows the channels of some projects and what they said lately."""

    def __init__(
        self, projects: Collection[int], issues: Mapping[int, Issue],
        incidents: Iterable[Incident], now: datetime,
    ) -> None:  # fmt: skip
        self.now = now
        self.held_until: datetime | None = None
        self._made: list[Delivery] = []
        self._over: list[int] = []
        self._people = People(issues.values())
        self._channels: dict[int, list[Channel]] = defaultdict(list)
        own = transports.for_people()
        for channel in (
            Channel.objects.filter(project__in=projects).exclude(kind__in=own).order_by("pk")
        ):
            self._channels[channel.project_id].append(channel)
        self._told: dict[int, list[datetime]] = told_lately(list(self._told_by()), now)
        self._holding: dict[int, datetime] = dict(
            Delivery.objects.filter(
                channel__in=list(self._told_by()), state=Delivery.State.HELD, held_for="flow"
            ).values_list("channel_id").annotate(at=Min("held_until"))
        )  # fmt: skip
        # Which channels heard of the start, and which are still to hear of it.
        self._heard: dict[Any, set[int]] = defaultdict(set)
        self._held: dict[tuple[Any, int], list[int]] = defaultdict(list)
        rows = Delivery.objects.filter(
            incident__in=[each.pk for each in incidents if each.closed_at is None],
        ).exclude(state=Delivery.State.FOLDED)  # fmt: skip
        for pk, uid, channel_id, kind, state in rows.values_list(
            "pk", "incident__uid", "channel_id", "kind", "state"
        ):
            if state == Delivery.State.HELD:
                self._held[uid, channel_id].append(pk)
            elif kind == Delivery.Kind.OPEN:
                self._heard[uid].add(channel_id)

    def _told_by(self) -> Iterable[int]:
        return (channel.pk for each in self._channels.values() for channel in each)

    @property
    def leaving(self) -> list[Delivery]:
        """What is not held back."""
        return [each for each in self._made if each.state == Delivery.State.QUEUED]

    def tell(
        self, rule: AlertRule, issue: Issue | None, happening: Happening, outcome: Outcome,
        incident: Incident, told: set[int],
    ) -> list[Check]:  # fmt: skip
        """A delivery for every channel that should hear; returns why some do not, or not yet."""
        notice = (
            notice_of(
                issue, happening, owner=self._people.owner(issue), ended=outcome == Outcome.CLOSE
            ) if issue is not None
            else notice_of_project(rule.project, happening)
        )  # fmt: skip
        notes: list[Check] = []
        for channel in self._channels_of(rule, outcome, incident):
            place = (incident.uid, channel.pk)
            waiting = self._held.pop(place, []) if outcome != Outcome.ACK else []
            if outcome == Outcome.CLOSE:
                self._over += waiting
                if channel.pk not in self._heard[incident.uid]:
                    continue
            if not channel.enabled:
                notes.append(Check("channel", False, f"{channel.name} is disabled", "enabled"))
            elif channel.pk in told:
                notes.append(Check("channel", False, f"{channel.name} was told already", "once"))
            elif waiting and outcome != Outcome.CLOSE:
                self._held[incident.uid, channel.pk] = waiting
                saw = f"{channel.name} will be told with others"
                notes.append(Check("channel", False, saw, "at once"))
            else:
                told.add(channel.pk)
                notes += self._post(rule, issue, outcome, incident, channel, notice)
        return notes

    def write(self) -> None:
        """Store deliveries; forget held ones whose incident ended before they were told."""
        if self._over:
            Delivery.objects.filter(pk__in=self._over, state=Delivery.State.HELD).update(
                state=Delivery.State.UNSENT, last_error="over before it was told"
            )
        Delivery.objects.bulk_create(self._made, batch_size=500)

    def _channels_of(self, rule: AlertRule, outcome: Outcome, incident: Incident) -> list[Channel]:
        channels = self._channels[rule.project_id]
        heard = self._heard[incident.uid]
        if outcome == Outcome.ACK:
            return [each for each in channels if each.pk in heard and _acknowledges(each)]
        if outcome == Outcome.CLOSE:
            return [
                channel for channel in channels
                if channel.pk in heard or (incident.uid, channel.pk) in self._held
            ]  # fmt: skip
        chosen = {channel.pk for channel in rule.chosen}  # type: ignore[attr-defined]
        return [channel for channel in channels if not chosen or channel.pk in chosen]

    def _post(
        self, rule: AlertRule, issue: Issue | None, outcome: Outcome, incident: Incident,
        channel: Channel, notice: Notice,
    ) -> list[Check]:  # fmt: skip
        page = incident.severity == Severity.PAGE
        awake, asleep = self._recipients(channel, rule, issue, page=page)
        notes: list[Check] = []
        content = Content(notice, rule.name, incident.severity, awake, channel.project_id)
        delivery = Delivery(
            incident=incident, channel=channel, kind=KINDS[outcome], seq=incident.seq, page=page,
            content=msgspec.to_builtins(content),
        )  # fmt: skip
        if awake or not asleep:
            notes += self._admit(delivery, channel, incident, outcome)
            self._made.append(delivery)
        if asleep and outcome not in (Outcome.ACK, Outcome.CLOSE):
            until = min(until for _address, until in asleep)
            late = msgspec.structs.replace(content, recipients=tuple(a for a, _until in asleep))
            self._made.append(
                Delivery(
                    incident=incident, channel=channel, kind=KINDS[outcome], seq=incident.seq,
                    part=LATE, state=Delivery.State.HELD, held_for="digest", held_until=until,
                    content=msgspec.to_builtins(late),
                )
            )  # fmt: skip
            self._note_held(until)
            names = ", ".join(address for address, _until in asleep)
            notes.append(Check("quiet hours", False, names, f"from {until:%H:%M} UTC on"))
        return notes

    def _admit(
        self, delivery: Delivery, channel: Channel, incident: Incident, outcome: Outcome
    ) -> list[Check]:
        """Let a delivery go, or hold it back."""
        page = delivery.page
        held, why, until = "", "", None
        quiet = None if page else flow.quiet_until(channel.quiet(), self.now)
        lately = channel.flow(self._told[channel.pk], self._holding.get(channel.pk))
        slow = flow.hold(lately, self.now, page=page)
        if outcome == Outcome.ACK or (outcome == Outcome.CLOSE and _tracks(channel)):
            pass  # a receiver that keeps incidents must see their state, whatever else is going on
        elif incident.severity == Severity.DIGEST:
            until = flow.next_at(channel.digest_at, channel.timezone, self.now)
            held, why = "digest", "the daily digest"
        elif quiet is not None:
            held, why, until = "digest", "quiet hours", quiet
        elif slow is not None:
            held, why, until = "flow", slow.why, slow.until
        if until is None:
            delivery.decided_at = self.now
            self._told[channel.pk].append(self.now)
            if outcome in (Outcome.OPEN, Outcome.REOPEN):
                self._heard[incident.uid].add(channel.pk)
            return []
        delivery.state = Delivery.State.HELD
        delivery.held_for, delivery.held_until = held, until
        if held == "flow":
            self._holding.setdefault(channel.pk, until)
        self._note_held(until)
        return [Check("channel", False, f"{channel.name}: {why}", f"from {until:%H:%M:%S} UTC on")]

    def _note_held(self, until: datetime) -> None:
        self.held_until = min(until, self.held_until or until)

    def _recipients(
        self, channel: Channel, rule: AlertRule, issue: Issue | None, *, page: bool
    ) -> tuple[tuple[str, ...], list[tuple[str, datetime]]]:
        """Addresses to tell now, and those of people who sleep, with when they wake."""
        try:
            found = transports.get(channel.kind).recipients(
                channel.config,
                lambda: self._people.of(issue) if issue is not None
                else self._people.of_team(rule.project.team),
            )  # fmt: skip
        except KeyError:
            return (), []  # its sender is gone: the attempt says so
        if page or not found:
            return found, []
        wanted = [a for a in found if not self._people.has_left(channel.project_id, a)]
        asleep = [
            (address, until)
            for address in wanted
            if (until := flow.quiet_until(self._people.quiet(address), self.now)) is not None
        ]
        sleeping = {address for address, _until in asleep}
        return tuple(a for a in wanted if a not in sleeping), asleep


def told_lately(channels: Collection[int], now: datetime) -> dict[int, list[datetime]]:
    """When each channel was given a message in the last hour, oldest first."""
    found: dict[int, list[datetime]] = defaultdict(list)
    rows = Delivery.objects.filter(
        channel__in=channels, decided_at__gt=now - flow.HOUR, decided_at__lte=now
    ).exclude(state__in=SILENT)
    for channel_id, at in rows.order_by("decided_at").values_list("channel_id", "decided_at"):
        if at is not None:
            found[channel_id].append(at)
    return found


def _tracks(channel: Channel) -> bool:
    known = transports.registry().get(channel.kind)
    return known is not None and known.tracks


def _acknowledges(channel: Channel) -> bool:
    known = transports.registry().get(channel.kind)
    return known is not None and known.acknowledges
