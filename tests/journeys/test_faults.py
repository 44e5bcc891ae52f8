"""Two hundred different bugs make two hundred issues, each holding its own events only."""

import uuid
from pathlib import Path

import pytest

from tests.factories import faults
from tests.journeys.sender import Sender
from tests.journeys.window import Project, Window
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]


def test_two_hundred_faults_make_two_hundred_issues(
    stack: Stack, window: Window, project: Project, tmp_path: Path
):
    faults.make(tmp_path / "faults.jsonl.gz", variants=2)
    sent = faults.read(tmp_path / "faults.jsonl.gz")
    fault_of = {str(uuid.UUID(event["event_id"])): fault for fault, event in sent}
    assert len(fault_of) == 400
    Sender(stack, project).send([event for _, event in sent])
    window.wait_for_events(project, 400, 30)
    issues: dict[int, set[int]] = {}
    rows = window.rows(
        "SELECT event_id, issue_id FROM tracker_event WHERE project_id = %s", project.id
    )
    for row in rows:
        issues.setdefault(row["issue_id"], set()).add(fault_of[str(row["event_id"])])
    mixed = {issue: found for issue, found in issues.items() if len(found) > 1}
    assert mixed == {}, "different bugs in one issue"
    assert len(issues) == 200
    assert {issue["events"] for issue in window.issues(project)} == {2}
    assert {
        issue["culprit"].rpartition(".")[2].partition("_")[0] for issue in window.issues(project)
    } == {"check"}
