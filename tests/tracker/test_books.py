"""The books notice every kind of loss."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker import books
from tracker.models import Issue
from tracker.sql import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("damage", "equation"),
    [
        ("DELETE FROM tracker_event", "counted = rows"),
        (
            "UPDATE tracker_ledger SET count = count + 1 WHERE kind = 'acknowledged'",
            "acknowledged =",
        ),
        ("UPDATE tracker_issue SET events = events + 1", "issue.events = counted of its keys"),
        ("UPDATE tracker_rollupday SET events = 0", "issue.events = sum of its daily rollups"),
        ("DELETE FROM tracker_issueuser", "issue.users = people known"),
    ],
)
def test_damage_is_found(damage: str, equation: str) -> None:
    send(make_project(), *[python_event(n % 3, user={"id": n}) for n in range(9)])
    assert books.differences() == []
    run(damage)
    assert any(one.equation.startswith(equation) for one in books.differences())


def test_command_exits_1_and_says_where() -> None:
    send(make_project(), python_event())
    out = StringIO()
    call_command("check_consistency", stdout=out)
    assert "balance" in out.getvalue()
    run("DELETE FROM tracker_event")
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("check_consistency", "--json", stdout=out)
    assert stopped.value.code == 1
    assert json.loads(out.getvalue())["consistent"] is False


def test_event_counts_finds_what_is_stored_whatever_its_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    body = python_event()
    send(make_project(), body, python_event())
    dashed = "-".join([body["event_id"][:8].upper(), *(body["event_id"][a:b] for a, b in ((8, 12), (12, 16), (16, 20), (20, 32)))])  # fmt: skip
    asked = json.dumps([dashed, "0" * 32, "rubbish"])
    monkeypatch.setattr("sys.stdin", StringIO(asked))
    out = StringIO()
    call_command("event_counts", stdout=out)
    assert out.getvalue().split() == [dashed, "1"]
    assert Issue.objects.count() == 1
