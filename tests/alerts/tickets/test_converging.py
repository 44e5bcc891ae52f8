"""Whatever people do on both sides, in whatever order calls arrive: it settles, and on the same."""

import random

import pytest
from django.utils import timezone

from alerts.actions import ticket_work
from alerts.actions import tickets as verbs
from alerts.models import TicketJob
from tests.alerts.conftest import Cast
from tests.alerts.tickets.conftest import connect, make, post, rested, work
from tests.alerts.tickets.sites import Site
from tracker.actions import triage
from tracker.models import Issue, Project, User

pytestmark = [pytest.mark.django_db, pytest.mark.long]
STEPS = 14


def settle() -> None:
    """Until nothing is left to do. A loop of echoes would never end."""
    for _round in range(10):
        if not work() and not TicketJob.objects.waiting().exists():
            return
        rested()
    raise AssertionError("it never settles")


@pytest.mark.parametrize("seed", range(6))
def test_both_sides_end_alike(
    github: Site, project: Project, cast: Cast, alice: User, seed: int
) -> None:
    dice = random.Random(seed)
    connection = connect(github, project)
    issue = cast.issue()
    make(issue, connection, alice)
    [ticket] = github.tickets
    rows = Issue.objects.filter(pk=issue.pk)
    calls = [github.call(ticket)]
    for _step in range(STEPS):
        match dice.choice(["here", "here", "there", "there", "call", "old call", "lost", "work"]):
            case "here" if rows.get().status == "resolved":
                triage.reopen(rows, alice, timezone.now())
            case "here":
                triage.resolve(rows, alice, timezone.now())
            case "there":
                ticket.closed = not ticket.closed
                calls.append(github.call(ticket))
            case "call":
                assert post(connection, *github.call(ticket)) == 200
            case "old call":
                assert post(connection, *dice.choice(calls)) == 200
            case "lost":
                github.lose = 1
            case _:
                work()
                rested()
    github.lose = 0
    settle()
    verbs.look(connection, ["1"], timezone.now())  # what a lost call leaves to the sweep
    settle()
    before = github.changes
    for call in calls:
        post(connection, *call)
    settle()
    assert github.changes == before
    assert (rows.get().status == "resolved") == ticket.closed
    assert len(github.tickets) == 1
    assert ticket_work.waiting() == []
