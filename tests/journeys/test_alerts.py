"""From a crash to the owner's mailbox and a webhook: once for what is new, once for what is back."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.alerts.sinks import Mail, SmtpSink, WebhookSink
from tests.factories.envelopes import error_event
from tests.journeys.sender import Sender
from tests.journeys.window import Project, Window, eventually, run_program
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(150)]
SECRET = "shared by the stack and the receiver"
OWNER = "olivia@example.com"
MAKE_OWNER = f"""
from tracker.actions import setup
from tracker.models import Membership, Role, User
team = setup.create_team("Olivia's team")
user, _ = User.objects.get_or_create(username="olivia", defaults={{"email": "{OWNER}"}})
Membership.objects.get_or_create(team=team, user=user, defaults={{"role": Role.ADMIN}})
made = setup.create_project("Olivia's shop", team, unlimited=True)
import json
print(json.dumps([made.id, made.slug, made.public_key]))
"""
RESOLVE = """
from datetime import UTC, datetime
from tracker.actions import triage
from tracker.models import Issue
print(len(triage.resolve(Issue.objects.filter(pk={issue}), None, datetime.now(UTC)).changed))
"""


@dataclass
class Scene:
    """Olivia's project, and where its alerts arrive."""

    project: Project
    stack_mail: SmtpSink
    hook: WebhookSink

    @property
    def mails(self) -> list[Mail]:
        """What Olivia received about it."""
        return [mail for mail in self.stack_mail.messages if mail.to == [OWNER]]

    def told(self) -> tuple[Counter[str], Counter[str]]:
        """How often each thing was told by mail (first words of the subject) and by webhook."""
        subjects = Counter(mail.subject.partition("] ")[2].partition(":")[0] for mail in self.mails)
        kinds: Counter[str] = Counter(call.json["kind"] for call in self.hook.calls)
        return subjects, kinds


@pytest.fixture
def scene(stack: Stack, window: Window, stack_mail: SmtpSink) -> Iterator[Scene]:
    number, slug, key = window.shell(MAKE_OWNER)
    dsn = f"http://{key}@127.0.0.1:{stack.port}/{number}"
    with WebhookSink(SECRET) as hook:
        done = stack.manage(
            *("create_channel", slug, "webhook", "--json"),
            *("--set", f"url={hook.url}", "--set", f"secret={SECRET}"),
        )
        assert done.returncode == 0, done.stderr
        stack_mail.messages.clear()
        yield Scene(Project(number, slug, dsn, key), stack_mail, hook)


def test_the_owner_hears_once_of_what_is_new_and_once_of_what_is_back(
    scene: Scene, window: Window, stack: Stack
):
    run_program("crash.py", scene.project.dsn, expect=1)
    eventually(lambda: scene.mails and scene.hook.calls, 20.0, "no alert")
    assert scene.told() == ({"New issue": 1}, {"open": 1})
    [issue] = window.issues(scene.project)
    check_content(scene, issue, stack)

    again(scene, window, stack)
    window.settle()
    assert scene.told() == ({"New issue": 1}, {"open": 1})
    [issue] = window.issues(scene.project)
    assert issue["events"] == 1001

    assert window.shell(RESOLVE.format(issue=issue["id"])) == 1
    eventually(lambda: len(scene.mails) + len(scene.hook.calls) == 4, 40.0)
    assert scene.told() == ({"New issue": 1, "Resolved": 1}, {"open": 1, "close": 1})

    run_program("crash.py", scene.project.dsn, expect=1)
    eventually(lambda: len(scene.mails) + len(scene.hook.calls) == 6, 40.0)
    again(scene, window, stack, 50)
    window.settle()
    assert scene.told() == (
        {"New issue": 1, "Resolved": 1, "Regressed": 1},
        {"open": 2, "close": 1},
    )
    [issue] = window.issues(scene.project)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "regressed")
    assert [call.problems for call in scene.hook.calls] == [[], [], []]
    assert len({call.headers["Idempotency-Key"] for call in scene.hook.calls}) == 3


def check_content(scene: Scene, issue: dict[str, Any], stack: Stack) -> None:
    """Mail and webhook name the issue, where it happened, and lead to its page."""
    page = f"{stack.url}/admin/tracker/issue/{issue['id']}/change/"
    [mail], [call] = scene.mails, scene.hook.calls
    for text in (mail.part("plain"), mail.part("html")):
        assert "BillingError" in text
        assert page in text
        assert "billing@3.1.0" in text
    told = call.json["issue"]
    assert told["title"] == "BillingError: invoice 1007 has no tax rate"
    assert told["url"] == page
    assert call.problems == []


def again(scene: Scene, window: Window, stack: Stack, count: int = 1000) -> None:
    """The same event many more times, under fresh ids."""
    [event, *_] = window.events(scene.project)
    before = len(window.stored(scene.project))
    data = {key: value for key, value in event["data"].items() if key != "event_id"}
    same = json.dumps(data)
    copies = [{**json.loads(same), "event_id": error_event()["event_id"]} for _ in range(count)]
    Sender(stack, scene.project).send(copies)
    window.wait_for_events(scene.project, before + count, 30)
