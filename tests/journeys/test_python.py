"""Python programs crash; the admin shows it within a second, with everything one needs."""

import re
import time
from functools import partial
from typing import Any

import pytest

from tests.journeys.window import Project, Window, eventually, run_program

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def last_frame(event: dict[str, Any], exception: int = -1) -> dict[str, Any]:
    frame: dict[str, Any] = event["exception"]["values"][exception]["stacktrace"]["frames"][-1]
    return frame


def test_a_script_that_crashes_is_an_issue_within_a_second(window: Window):
    took = []
    # The machine may be busy with other tests: one of three must do.
    for project in [window.new_project(f"Crash {n}") for n in range(3)]:
        done = run_program("crash.py", project.dsn, expect=1)
        left = time.monotonic()
        assert "BillingError: invoice 1007 has no tax rate" in done.stderr
        eventually(partial(window.issues, project), 25.0)
        took.append(time.monotonic() - left)
        [issue] = window.issues(project)
        check_issue(issue)
        if took[-1] < 1.0:
            break
    assert min(took) < 1.0


def check_issue(issue: dict[str, Any]) -> None:
    assert issue["title"] == "BillingError: invoice 1007 has no tax rate"
    assert (issue["type"], issue["level"], issue["handled"]) == ("BillingError", 40, False)
    assert (issue["status"], issue["substatus"]) == ("unresolved", "new")
    assert (issue["events"], issue["users"]) == (1, 1)
    assert issue["first_release"] == issue["last_release"] == "billing@3.1.0"
    assert "write_invoice" in issue["culprit"]


def test_it_comes_with_everything_one_needs(project: Project, window: Window):
    run_program("crash.py", project.dsn, expect=1)
    window.wait_for_events(project, 1)
    [event] = window.events(project)
    data = event["data"]
    assert (event["environment"], event["release"]) == ("staging", "billing@3.1.0")
    cause, crash = data["exception"]["values"]
    assert (cause["type"], crash["type"]) == ("KeyError", "BillingError")
    assert crash["mechanism"]["handled"] is False
    frame = last_frame(data)
    assert frame["function"] == "write_invoice"
    assert frame["in_app"] is True
    assert frame["context_line"].strip().startswith("raise BillingError(")
    assert frame["pre_context"][-1].strip() == "except KeyError as error:"
    assert frame["vars"]["number"] == "1007"
    assert frame["vars"]["password"] == "[Filtered]"
    assert last_frame(data, 0)["vars"]["country"] == "'atlantis'"
    assert [crumb["message"] for crumb in data["breadcrumbs"]["values"]] == ["writing 17 invoices"]
    assert data["user"]["email"] == "grace@example.com"
    assert dict(data["tags"] if isinstance(data["tags"], list) else data["tags"].items()) == {
        "tenant": "north"
    }
    assert data["contexts"]["batch"]["size"] == 17
    assert data["server_name"] == "desk-7"
    assert data["contexts"]["runtime"]["name"] == "CPython"


def test_a_failing_request_brings_its_request_and_no_secret(project: Project, window: Window):
    run_program("web.py", project.dsn)
    window.wait_for_events(project, 1)
    [event] = window.events(project)
    request = event["data"]["request"]
    assert request["method"] == "POST"
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/orders/5/", request["url"].partition("?")[0])
    assert "coupon" in str(request.get("query_string", "")) + request["url"]
    assert request["data"]["basket"] == 7
    assert request["data"]["password"] == request["data"]["card_number"] == "[Filtered]"
    assert event["data"]["transaction"] == "/orders/{number}/"
    assert "correct-horse" not in str(event["data"])
    assert "4111" not in str(event["data"])
    assert event["data"]["exception"]["values"][0]["mechanism"]["handled"] is False


def test_the_same_crash_again_is_the_same_issue(project: Project, window: Window):
    for _ in range(2):
        run_program("crash.py", project.dsn, expect=1)
    window.wait_for_events(project, 2)
    [issue] = window.issues(project)
    assert (issue["events"], issue["users"]) == (2, 1)
