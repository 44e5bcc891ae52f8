"""Who hears what: routing, several rules, letters that can't be read."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from alerts import tasks
from alerts.actions import add_channel, notices, reading, telling, upkeep
from alerts.actions.desk import Desk
from alerts.models import AlertRule, Channel, Decision, Delivery, Evaluated, Incident
from tests.alerts.conftest import NOW, Cast, run
from tests.alerts.sinks import SmtpSink
from tracker.models import Membership, Project, Team, User

pytestmark = pytest.mark.django_db


@pytest.fixture
def payments(db: None) -> Team:
    """Another team, with Carol who has an alert address of her own."""
    team = Team.objects.create(name="Payments", slug="payments")
    carol = User.objects.create_user("carol", "carol@example.com", alert_email="pager@example.com")
    Membership.objects.create(team=team, user=carol, role="admin")
    return team


@pytest.fixture
def guest(payments: Team, team: Team) -> User:
    """Carol, who may look into the shop too."""
    carol = User.objects.get(username="carol")
    Membership.objects.create(team=team, user=carol, role="viewer")
    return carol


def recipients() -> list[str]:
    return list(Delivery.objects.latest("pk").content["recipients"])


def test_the_assignee_hears_else_the_team_else_the_owners(
    cast: Cast, alice: User, payments: Team, guest: User, project: Project
) -> None:
    cast.letter(cast.issue(assignee=guest))
    reading.evaluate(NOW)
    assert recipients() == ["pager@example.com"]
    cast.letter(cast.issue(assignee_team=payments))
    reading.evaluate(NOW)
    assert recipients() == ["pager@example.com"]
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    assert recipients() == ["alice@example.com"]
    alice.is_active = False
    alice.save()
    User.objects.create_superuser("root", "root@example.com")
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    assert recipients() == ["root@example.com"]


def test_viewers_and_people_without_address_are_not_mailed(
    cast: Cast, team: Team, alice: User
) -> None:
    for name, role, address in (("vic", "viewer", "vic@example.com"), ("tom", "triager", "")):
        user = User.objects.create_user(name, address)
        Membership.objects.create(team=team, user=user, role=role)
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    assert recipients() == ["alice@example.com"]


def test_fixed_addresses_win(cast: Cast, project: Project) -> None:
    project.channels.all().delete()
    add_channel(project, "email", "Ops", {"to": "ops@example.com, ops@example.com\noc@example.com"})
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    assert recipients() == ["ops@example.com", "oc@example.com"]


def test_two_rules_tell_a_channel_once(cast: Cast, project: Project, webhook: Channel) -> None:
    AlertRule.objects.create(project=project, name="Also")
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    assert Incident.objects.count() == 2
    assert Delivery.objects.count() == 2  # mail and webhook, once each
    second = Decision.objects.order_by("pk")[1]
    assert [c["name"] for c in second.reasons if not c["passed"]] == ["channel", "channel"]


def test_a_rule_with_channels_tells_only_those(
    cast: Cast, project: Project, webhook: Channel
) -> None:
    project.alert_rules.get().channels.add(webhook)
    cast.letter(cast.issue())
    reading.evaluate(NOW)
    assert [d.channel for d in Delivery.objects.all()] == [webhook]


def test_the_end_is_told_to_who_heard_the_start(
    cast: Cast, project: Project, webhook: Channel
) -> None:
    rule = project.alert_rules.get()
    rule.channels.add(webhook)
    issue = cast.issue()
    cast.letter(issue)
    reading.evaluate(NOW)
    rule.channels.set(project.channels.exclude(pk=webhook.pk))
    rule.enabled = False
    rule.save()
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    reading.evaluate(NOW)
    assert [(d.kind, d.channel) for d in Delivery.objects.order_by("pk")] == [
        ("open", webhook), ("close", webhook),
    ]  # fmt: skip


def test_repeats_within_the_cooldown_leave_a_trace_and_no_message(cast: Cast) -> None:
    issue = cast.issue()
    cast.letter(issue)
    for minute in (5, 31, 60):
        cast.letter(issue, "regressed", NOW + timedelta(minutes=minute))
    reading.evaluate(NOW)
    assert list(Decision.objects.order_by("pk").values_list("outcome", flat=True)) == [
        "open", "quiet", "update", "quiet",
    ]  # fmt: skip
    assert [(d.kind, d.seq) for d in Delivery.objects.order_by("seq")] == [
        ("open", 1),
        ("update", 2),
    ]
    assert Incident.objects.get().firings == 4


def test_letters_of_deleted_issues_are_read_and_lead_to_nothing(cast: Cast) -> None:
    issue = cast.issue()
    letter = cast.letter(issue)
    type(issue).objects.filter(pk=issue.pk)._raw_delete("default")
    assert reading.evaluate(NOW).letters == 1
    assert Evaluated.objects.filter(pk=letter.pk).exists()
    assert not Incident.objects.exists()


def test_a_letter_that_can_not_be_read_holds_nobody_up(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, good = cast.issue(title="bad"), cast.issue(title="good")
    tell = notices.notice_of

    def notice_of(issue: Any, letter: Any, **options: Any) -> Any:
        if issue.pk == bad.pk:
            raise ValueError("a bug of ours")
        return tell(issue, letter, **options)

    monkeypatch.setattr(telling, "notice_of", notice_of)
    cast.letter(bad)
    cast.letter(good)
    tasks.evaluate()
    assert [incident.issue for incident in Incident.objects.all()] == [good]
    assert Evaluated.objects.count() == 2


def test_a_database_that_is_away_loses_no_letter(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.letter(cast.issue())

    def write(_self: Any) -> None:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as patch:
        patch.setattr(Desk, "write", write)
        with pytest.raises(OperationalError):
            tasks.evaluate()
    assert not Evaluated.objects.exists()
    tasks.evaluate()
    assert Incident.objects.count() == 1


def test_a_batch_costs_a_handful_of_queries(
    cast: Cast, webhook: Channel, django_assert_max_num_queries: Any
) -> None:
    for _number in range(100):
        cast.letter(cast.issue())
    with django_assert_max_num_queries(22):
        assert reading.evaluate(NOW).letters == 100
    assert Delivery.objects.count() == 200


def test_old_decisions_and_incidents_go(cast: Cast, mail: SmtpSink) -> None:
    issue = cast.issue()
    cast.letter(issue)
    cast.letter(issue, "resolved", NOW + timedelta(minutes=1))
    run()
    upkeep.purge(NOW + timedelta(days=13))
    assert Decision.objects.count() == 2
    upkeep.purge(NOW + timedelta(days=15))
    assert not Decision.objects.exists()
    assert Incident.objects.count() == 1
    upkeep.purge(NOW + timedelta(days=91))
    assert not Delivery.objects.exists()
