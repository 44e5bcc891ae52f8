"""The pages of alerts: who sees and configures what, secrets, tests, replay, the mailbox."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alerts.actions import defaults
from alerts.models import AlertRule, Channel, Decision, Delivery, Incident, QuietHours
from tests.alerts.conftest import SECRET, Cast, run
from tests.alerts.sinks import Scripted, SmtpSink, WebhookSink
from tests.alerts.test_counting import World
from tracker.models import Membership, Project, Team, User

pytestmark = pytest.mark.django_db
HOSTILE = "</pre><script>alert(1)</script>\r\nBcc: all@example.com\x1b[31m \u202eevil"


@pytest.fixture
def bob(team: Team) -> User:
    """An admin of the team."""
    user = User.objects.create_user("bob", "bob@example.com", is_staff=True)
    Membership.objects.create(team=team, user=user, role="admin")
    return user


@pytest.fixture
def foreign(db: None) -> Project:
    """A project of another team, with a delivery, incident and decision."""
    team = Team.objects.create(name="Other", slug="other")
    project = Project.objects.create(team=team, name="Other", slug="other")
    cast = Cast(project)
    cast.letter(cast.issue())
    run()
    return project


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def pages() -> list[str]:
    names = ("alertrule", "channel", "delivery", "incident", "decision", "mail")
    return [f"admin:alerts_{name}" for name in names]


def test_every_page_opens_with_hostile_text_and_without_inline_code(
    bob: User, cast: Cast, webhook: Channel, settings: Any
) -> None:
    settings.EMAIL_HOST = ""
    cast.letter(cast.issue(title=HOSTILE, culprit=HOSTILE), why=HOSTILE)
    run()
    client = logged_in(bob)
    rows: dict[str, Any] = {
        "alertrule": AlertRule.objects.all(),
        "channel": Channel.objects.all(),
        "delivery": Delivery.objects.all(),
        "incident": Incident.objects.all(),
        "decision": Decision.objects.all(),
        "mail": Delivery.objects.filter(channel__kind="email"),
    }  # fmt: skip
    for name, queryset in rows.items():
        row = queryset.order_by("-pk").first()
        assert row is not None, name
        for address in (
            reverse(f"admin:alerts_{name}_changelist"),
            reverse(f"admin:alerts_{name}_change", args=[row.pk]),
        ):
            answer = client.get(address)
            assert answer.status_code == 200, address
            text = answer.content.decode()
            assert "alert(1)</script>" not in text
            assert " style=" not in text
            assert "<script>" not in text


def test_foreign_rows_are_not_found_and_do_not_show(
    bob: User, project: Project, foreign: Project
) -> None:
    client = logged_in(bob)
    theirs = {
        "alertrule": foreign.alert_rules.earliest("pk").pk,
        "channel": foreign.channels.get().pk,
        "delivery": Delivery.objects.get(channel__project=foreign).pk,
        "mail": Delivery.objects.get(channel__project=foreign).pk,
        "incident": Incident.objects.get(project=foreign).pk,
        "decision": Decision.objects.get(project=foreign).pk,
    }
    for name, pk in theirs.items():
        for page in ("change", "delete", "history"):
            answer = client.get(reverse(f"admin:alerts_{name}_{page}", args=[pk]))
            assert answer.status_code in {403, 404}, (name, page)
        listed = client.get(reverse(f"admin:alerts_{name}_changelist")).content.decode()
        assert reverse(f"admin:alerts_{name}_change", args=[pk]) not in listed
    Delivery.objects.update(state="dead")
    bulk = {"action": "send_again", "_selected_action": [theirs["delivery"]]}
    client.post(reverse("admin:alerts_delivery_changelist"), bulk)
    assert Delivery.objects.get(pk=theirs["delivery"]).state == "dead"


def test_triagers_see_and_do_not_configure(alice: User, project: Project, webhook: Channel) -> None:
    client = logged_in(alice)
    rule = project.alert_rules.get()
    assert client.get(reverse("admin:alerts_alertrule_change", args=[rule.pk])).status_code == 200
    change = reverse("admin:alerts_channel_change", args=[webhook.pk])
    page = client.get(change).content.decode()
    assert webhook.config["url"] not in page  # an address may be a capability
    assert client.post(change, {"name": "mine", "_test": "1"}).status_code == 403
    assert client.get(reverse("admin:alerts_channel_add") + "?kind=webhook").status_code == 403


def test_viewers_see_nothing(team: Team, project: Project) -> None:
    eve = User.objects.create_user("eve", is_staff=True)
    Membership.objects.create(team=team, user=eve, role="viewer")
    client = logged_in(eve)
    for page in pages():
        assert client.get(reverse(f"{page}_changelist")).status_code == 403


def test_a_webhook_is_added_tested_and_its_secret_shown_once(
    bob: User, project: Project, hook: WebhookSink
) -> None:
    client = logged_in(bob)
    add = reverse("admin:alerts_channel_add")
    assert "Webhook" in client.get(add).content.decode()
    data = {"project": project.pk, "name": "Ops", "enabled": "on", "option_url": hook.url}
    answer = client.post(f"{add}?kind=webhook", data, follow=True)
    channel = Channel.objects.get(name="Ops")
    secret = channel.options()["secret"]
    assert secret in answer.content.decode()
    assert secret not in channel.sealed
    hook.secret = secret
    change = reverse("admin:alerts_channel_change", args=[channel.pk])
    assert secret not in client.get(change).content.decode()
    told = client.post(change, {**data, "_test": "1"}, follow=True).content.decode()
    assert "the test was taken. Answer: 200" in told
    assert [call.problems for call in hook.calls] == [[]]
    assert channel.options()["secret"] == secret  # an empty field keeps it
    hook.answers = [Scripted(500, body=b"INNER SECRET")]
    told = client.post(change, {**data, "_test": "1"}, follow=True).content.decode()
    assert "answered 500" in told
    assert "INNER SECRET" not in told


def test_what_can_not_work_is_refused_by_the_form(bob: User, project: Project) -> None:
    client = logged_in(bob)
    add = reverse("admin:alerts_channel_add")
    data = {"project": project.pk, "name": "Ops", "enabled": "on"}
    for options in ({"option_url": "ftp://x"}, {"option_url": "https://u:p@x/"}, {}):
        assert client.post(f"{add}?kind=webhook", {**data, **options}).status_code == 200
    bad = {**data, "option_to": "nobody"}
    assert "no mail address" in client.post(f"{add}?kind=email", bad).content.decode()
    assert not Channel.objects.filter(name="Ops").exists()


def test_a_rule_is_edited_and_stays_within_its_project(
    bob: User, project: Project, foreign: Project
) -> None:
    client = logged_in(bob)
    rule = project.alert_rules.get()
    address = reverse("admin:alerts_alertrule_change", args=[rule.pk])
    data = {
        "name": "Production", "enabled": "on", "triggers": ["regressed"], "min_level": "50",
        "environments": "production,staging", "severity": "page", "cooldown_minutes": "5",
        "channels": [project.channels.get().pk],
    }  # fmt: skip
    assert client.post(address, data).status_code == 302
    rule.refresh_from_db()
    assert (rule.triggers, rule.environments) == (["regressed"], ["production", "staging"])
    assert (rule.min_level, rule.severity) == (50, "page")
    theirs = {**data, "channels": [foreign.channels.get().pk]}
    assert client.post(address, theirs).status_code == 200
    add = {**data, "project": foreign.pk, "name": "Sneaky", "channels": []}
    assert client.post(reverse("admin:alerts_alertrule_add"), add).status_code == 200
    assert not AlertRule.objects.filter(name="Sneaky").exists()


def test_the_dead_are_sent_again_from_the_log(
    bob: User, cast: Cast, webhook: Channel, hook: WebhookSink, mail: SmtpSink
) -> None:
    hook.answers = [Scripted(410)]
    cast.letter(cast.issue())
    run()
    dead = Delivery.objects.get(channel=webhook)
    assert (dead.state, dead.attempts, dead.last_status) == ("dead", 1, "410")
    client = logged_in(bob)
    log = reverse("admin:alerts_delivery_changelist")
    assert 'Given up: 1. <a href="?state__exact=dead">' in client.get(log).content.decode()
    client.post(log, {"action": "send_again", "_selected_action": [dead.pk]})
    run()
    dead.refresh_from_db()
    assert dead.state == "sent"
    keys = {call.headers["Idempotency-Key"] for call in hook.calls}
    assert len(hook.calls) == 2
    assert len(keys) == 1


def test_the_mailbox_shows_what_could_not_be_sent(bob: User, cast: Cast, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    issue = cast.issue(title="KeyError: 'total'")
    cast.letter(issue)
    run()
    client = logged_in(bob)
    page = client.get(reverse("admin:alerts_mail_changelist")).content.decode()
    assert "not sent: no SMTP" in page
    mail = Delivery.objects.get(channel__kind="email")
    page = client.get(reverse("admin:alerts_mail_change", args=[mail.pk])).content.decode()
    assert "KeyError" in page
    assert issue.short_id in page


def test_defaults_may_be_asked_for_again(project: Project) -> None:
    defaults(project)
    assert project.alert_rules.count() == project.channels.count() == 1
    assert SECRET not in str(project.channels.get().__dict__)


def test_the_issue_says_why_somebody_was_or_was_not_told(
    cast: Cast, alice: User, project: Project, webhook: Channel
) -> None:
    issue = cast.issue(title=HOSTILE)
    rule = project.alert_rules.get()
    address = reverse("admin:tracker_issue_change", args=[issue.pk])
    client = logged_in(alice)
    assert "<h2>Alerts</h2>" not in client.get(address).content.decode()
    cast.letter(issue, level=20)
    cast.letter(issue)
    run()
    Decision.objects.create(
        project=project, rule=rule, issue_id=issue.pk, kind="events", outcome="pass", fired=False,
        created_at=issue.first_seen, reasons=[
            {"name": "events", "passed": False, "saw": "85", "wanted": ">= 100 in 10 min"}],
    )  # fmt: skip
    page = client.get(address).content.decode()
    assert "Not told: New or regressed" in page and "level: info (wanted error or above)" in page
    assert "Came close" in page and "Events of an issue: 85 (wanted at least 100 in 10 min)" in page
    assert "Told: New or regressed" in page
    assert "/alerts/act/" in page  # somebody may acknowledge it
    vic = User.objects.create_user("vic", is_staff=True)
    Membership.objects.create(team=project.team, user=vic, role="viewer")
    seen = logged_in(vic).get(address).content.decode()
    assert "Came close" in seen and "/alerts/act/" not in seen
    rule.counts, rule.threshold, rule.triggers = "events", 100, []
    rule.save()
    World(project).events(issue, timezone.now() - timedelta(minutes=30), 85)
    listed = client.get(reverse("admin:alerts_alertrule_change", args=[rule.pk])).content.decode()
    assert "85 of 100 in 10 min" in listed


def test_decisions_are_found_by_issue_and_told_in_words(
    bob: User, cast: Cast, project: Project, foreign: Project, webhook: Channel
) -> None:
    issue, other = cast.issue(), cast.issue()
    cast.letter(issue)
    cast.letter(other)
    run()
    client = logged_in(bob)
    listed = reverse("admin:alerts_decision_changelist")
    address = reverse("admin:tracker_issue_change", args=[issue.pk])
    elsewhere = reverse("admin:tracker_issue_change", args=[other.pk])
    for words in (issue.short_id, issue.short_id.lower(), str(issue.pk)):
        page = client.get(listed, {"q": words}).content.decode()
        assert f'<a href="{address}">{issue.short_id}</a>' in page
        assert elsewhere not in page
        assert "level: error (wanted error or above)" in page
        assert "trigger: New issue" in page
    for words in ("nonsense words", "9" * 40, "OTHER-1"):
        assert address not in client.get(listed, {"q": words}).content.decode()


def test_a_new_channel_is_saved_and_tested_at_once(
    bob: User, project: Project, hook: WebhookSink
) -> None:
    client = logged_in(bob)
    add = f"{reverse('admin:alerts_channel_add')}?kind=webhook"
    page = client.get(add).content.decode()
    assert "Save and send a test" in page
    assert f'<option value="{project.pk}" selected>' in page  # there is no other
    hook.answers = [Scripted(404)]
    data = {"project": project.pk, "name": "Ops", "option_url": hook.url, "_test": "1"}
    told = client.post(add, data, follow=True)
    change = reverse("admin:alerts_channel_change", args=[Channel.objects.get(name="Ops").pk])
    assert told.redirect_chain == [(change, 302)]
    assert "was not taken. answered 404 Not Found" in told.content.decode()


def test_ones_own_notifications_are_one_page(bob: User) -> None:
    client = logged_in(bob)
    listed = reverse("admin:alerts_quiethours_changelist")
    add = reverse("admin:alerts_quiethours_add")
    assert client.get(listed).headers["Location"] == add
    data = {"start": "22:00", "timezone": "UTC"}
    assert "have a start and an end" in client.post(add, data).content.decode()
    assert client.post(add, {**data, "end": "07:00"}).status_code == 302
    change = reverse("admin:alerts_quiethours_change", args=[QuietHours.objects.get().pk])
    assert client.get(listed).headers["Location"] == change


def test_a_paused_channel_says_so_on_its_page(bob: User, webhook: Channel) -> None:
    webhook.failures, webhook.last_error = 20, "answered 500 Internal Server Error"
    webhook.paused_until = timezone.now() + timedelta(minutes=15)
    webhook.save()
    address = reverse("admin:alerts_channel_change", args=[webhook.pk])
    page = logged_in(bob).get(address).content.decode()
    until = f"{webhook.paused_until:%H:%M} UTC"
    assert f"paused after 20 failures, tried again at {until}: answered 500" in page
