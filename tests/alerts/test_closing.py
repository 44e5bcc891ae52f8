"""What ends an incident: resolved, snoozed, deleted, merged; survivors inherit."""

from datetime import datetime, timedelta

import pytest

from alerts.actions import reading
from alerts.actions.preview import preview
from alerts.models import Channel, Decision, Incident
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import SmtpSink, WebhookSink
from tracker.actions import moving, triage
from tracker.models import Activity, Issue, Project, User

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


def quota_letter(project: Project, kind: str, percent: int, at: datetime) -> None:
    data = {"key": "…abcd", "percent": percent, "month": "2026-03-01", "why": "so many"}
    Activity.objects.create(project=project, issue=None, kind=kind, data=data, created_at=at)


def test_a_quota_alert_lasts_until_there_is_room_again(
    project: Project, mail: SmtpSink, hook: WebhookSink, webhook: Channel
) -> None:
    project.alert_rules.update(triggers=["quota_80", "quota_100"])
    quota_letter(project, "quota_80", 80, NOW)
    quota_letter(project, "quota_100", 100, NOW + timedelta(minutes=1))
    run()
    assert Incident.objects.open().count() == 2
    quota_letter(project, "quota_ok", 100, NOW + timedelta(hours=2))
    run()
    [left] = Incident.objects.open()
    assert left.subject.startswith("quota_80:")
    quota_letter(project, "quota_ok", 80, NOW + timedelta(days=3))
    run()
    assert not Incident.objects.open().exists()
    kinds = [call.json["kind"] for call in hook.calls]
    assert kinds == ["open", "open", "close", "close"]
    ends = [call.json["issue"]["headline"] for call in hook.calls[2:]]
    assert ends == ["Quota has room again"] * 2
    spec = project.alert_rules.get().spec()
    seen = preview(project.pk, spec, NOW + timedelta(days=4)).decisions
    live = Decision.objects.exclude(outcome="pass").values_list("kind", "outcome")
    assert sorted((s.kind, s.verdict.outcome.value) for s in seen) == sorted(live)


def test_what_somebody_is_on_is_not_repeated_and_its_return_is(
    unpaced: None, cast: Cast, alice: User, mail: SmtpSink, hook: WebhookSink, webhook: Channel
) -> None:
    issue = cast.issue()
    mine = Issue.objects.filter(pk=issue.pk)
    cast.letter(issue)
    run()
    triage.assign(mine, alice, alice, NOW + timedelta(minutes=1))  # whoever takes it is on it
    run()
    for hours in (2, 8, 30):
        cast.letter(issue, "regressed", NOW + timedelta(hours=hours))
    run()
    assert [call.json["kind"] for call in hook.calls] == ["open", "ack"]
    incident = Incident.objects.get()
    assert (incident.acknowledged_by, incident.firings) == ("alice", 4)
    quiet = Decision.objects.filter(outcome="quiet").first()
    assert quiet is not None and quiet.reasons[-1]["name"] == "acknowledged"
    cast.letter(issue, "resolved", NOW + timedelta(hours=31))
    cast.letter(issue, "regressed", NOW + timedelta(hours=31, minutes=5))
    run()
    assert [call.json["kind"] for call in hook.calls] == ["open", "ack", "close", "open"]
    incident.refresh_from_db()
    assert (incident.acknowledged_at, incident.acknowledged_by) == (None, "")
    spec = issue.project.alert_rules.get().spec()
    seen = preview(issue.project_id, spec, NOW + timedelta(days=2)).decisions
    live = Decision.objects.exclude(outcome="pass").values_list("kind", "outcome")
    assert sorted((s.kind, s.verdict.outcome.value) for s in seen) == sorted(live)
    assert len(mail.messages) == 3  # a mail can't be changed: nobody is mailed that alice took it
