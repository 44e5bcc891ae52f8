"""A pipeline's script: find the issue by its event, read why, resolve it, over the wire."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
import sentry_sdk

from tests.journeys.window import eventually
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def ask(
    stack: Stack, token: str, path: str, method: str = "GET", body: object = None
) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{stack.url}/api/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=15) as answer:
            raw, status = answer.read(), int(answer.status)
    except urllib.error.HTTPError as error:
        raw, status = error.read(), error.code
    try:
        return status, json.loads(raw)
    except ValueError:
        return status, raw.decode()


def test_a_script_triages(stack: Stack) -> None:
    made = stack.manage("create_token", "--user", "admin", "--scope", "read,write")
    token = made.stdout.strip().splitlines()[-1]
    client = sentry_sdk.Client(stack.dsn, release="api-journey@1.0", default_integrations=False)
    event_id = client.capture_event({"message": "the journey of the API", "level": "error"})
    client.close(timeout=10)

    def stored() -> Any:
        status, event = ask(stack, token, f"events/{event_id}/")
        return event if status == 200 else None

    event = eventually(stored, 15)
    assert event["release"] == "api-journey@1.0"
    number = event["issue"]

    status, found = ask(stack, token, "issues/?query=%22journey+of+the+api%22+release:api-journey*")
    assert (status, [row["id"] for row in found["results"]]) == (200, [number])
    assert ask(stack, token, f"issues/{number}/why/")[1][0]["why"]
    status, text = ask(stack, token, f"issues/{number}/markdown/")
    assert status == 200
    assert text.startswith("# the journey of the API\n")

    change = {"status": "resolved", "assignee": "me"}
    status, issue = ask(stack, token, f"issues/{number}/", "PATCH", change)
    assert (status, issue["status"], issue["assignee"]["name"]) == (200, "resolved", "admin")
    status, comment = ask(stack, token, f"issues/{number}/comments/", "POST", {"text": "deployed"})
    assert (status, comment["text"]) == (201, "deployed")

    status, problem = ask(stack, token, "issues/?query=asigned:me")
    assert (status, problem["suggestion"]) == (400, "assigned:me")
    assert ask(stack, "x", "issues/")[0] == 401
    assert ask(stack, token, "schema/?format=json")[1]["info"]["title"] == "Emberwatch"
