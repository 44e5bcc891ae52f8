"""What an event alone costs the database: not a connection of its own."""

import uuid

import pytest

from tests.journeys.sender import Sender
from tests.journeys.window import Project, Window
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(120)]

SESSIONS = "SELECT sessions FROM pg_stat_database WHERE datname = current_database()"
"""Connections that were ever made, those that ended or have reported since."""


def test_events_one_after_another_are_digested_on_connections_that_stay(
    stack: Stack, window: Window, project: Project
):
    def post(number: int) -> None:
        event = {"event_id": uuid.uuid4().hex, "message": "the same each time"}
        Sender(stack, project, threads=1).send([event])
        window.wait_for_events(project, number)

    post(1)  # a new issue: its alerts are evaluated by threads, which hang up
    window.settle()
    before = int(window.one(SESSIONS))
    for number in range(2, 42):
        post(number)
    assert int(window.one(SESSIONS)) - before < 20  # timers' own are among them
