"""What ends an incident: resolved, snoozed, deleted, merged; survivors inherit."""

from datetime import timedelta

import pytest

from alerts.actions import reading
from alerts.models import Channel, Decision, Incident
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import WebhookSink
from tracker.actions import moving
from tracker.models import Issue, Project

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["resolved", "snoozed", "deleted"])
def test_it_closes_and_says_so(
    kind: str, cast: Cast, project: Project, webhook: Channel, hook: WebhookSink
) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    cast.letter(issue, kind, NOW + timedelta(minutes=1))
    run()
    incident = Incident.objects.get()
    assert (incident.closed_at, incident.closed_why) == (NOW + timedelta(minutes=1), kind)
    assert [call.json["kind"] for call in hook.calls] == ["open", "close"]


def test_deleting_for_real_closes(cast: Cast, webhook: Channel, hook: WebhookSink) -> None:
    issue = cast.issue()
    cast.letter(issue)
    run()
    moving.delete(Issue.objects.filter(pk=issue.pk), None, NOW + timedelta(minutes=2))
    run()
    assert Incident.objects.get().closed_why == "deleted"
    assert hook.calls[-1].json["issue"]["headline"] == "Deleted"


def test_a_merged_issue_gives_its_incident_to_the_survivor(
    cast: Cast, webhook: Channel, hook: WebhookSink
) -> None:
    survivor = cast.issue(first_seen=NOW - timedelta(days=9))
    loser = cast.issue()
    cast.letter(loser)
    run()
    moving.merge(Issue.objects.filter(pk__in=[survivor.pk, loser.pk]), None, NOW)
    run()
    incident = Incident.objects.get()
    assert (incident.issue_id, incident.closed_at) == (survivor.pk, None)
    cast.letter(survivor, "resolved", NOW + timedelta(minutes=5))
    run()
    assert [(c.json["kind"], c.json["incident"]["id"]) for c in hook.calls] == [
        ("open", incident.uid.hex), ("close", incident.uid.hex),
    ]  # fmt: skip


def test_where_the_survivor_has_its_own_the_merged_ones_end_once_each(
    unpaced: None, cast: Cast, webhook: Channel, hook: WebhookSink
) -> None:
    first, second, third = (cast.issue(first_seen=NOW + timedelta(seconds=n)) for n in range(3))
    for issue in (first, second, third):
        cast.letter(issue)
    run()
    everything = Issue.objects.filter(pk__in=[first.pk, second.pk, third.pk])
    moving.merge(everything, None, NOW + timedelta(minutes=1))
    run()
    run()
    assert list(Incident.objects.open().values_list("issue_id", flat=True)) == [first.pk]
    assert [call.json["kind"] for call in hook.calls] == ["open"] * 3 + ["close"] * 2
    assert Decision.objects.filter(outcome="close").count() == 1  # one a rule and letter


def test_woken_within_the_cooldown_is_the_same_incident(cast: Cast, project: Project) -> None:
    project.alert_rules.update(triggers=["first_seen", "woken"])
    issue = cast.issue()
    cast.letter(issue)
    cast.letter(issue, "snoozed", NOW + timedelta(minutes=1))
    cast.letter(issue, "woken", NOW + timedelta(minutes=10))
    reading.evaluate(NOW + timedelta(minutes=10))
    incident = Incident.objects.get()
    assert (incident.closed_at, incident.cause, incident.firings) == (None, "woken", 2)


def test_calm_ends_only_what_escalating_opened(cast: Cast, project: Project) -> None:
    project.alert_rules.update(triggers=["first_seen", "escalated"])
    loud, new = cast.issue(), cast.issue()
    cast.letter(loud, "escalated")
    cast.letter(new)
    for issue in (loud, new):
        cast.letter(issue, "calmed", NOW + timedelta(hours=2))
    reading.evaluate(NOW + timedelta(hours=2))
    assert list(Incident.objects.open().values_list("issue_id", flat=True)) == [new.pk]
