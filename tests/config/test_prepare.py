"""Several that start at once migrate one after another, and whoever waits holds up no index."""

import threading
from types import SimpleNamespace

import psycopg
import pytest
from django.core import management
from django.db import connection, connections

from config.run import prepare


@pytest.mark.django_db(transaction=True)
def test_who_waits_for_its_turn_holds_up_no_index(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(management, "call_command", lambda *_, **__: None)
    wanted = {"dbname", "host", "port", "user", "password"}
    address = {k: v for k, v in connection.get_connection_params().items() if k in wanted}
    waiting, go, done = threading.Event(), threading.Event(), threading.Event()
    pids: list[int] = []

    def wait(_seconds: float) -> None:
        pids.append(connection.connection.info.backend_pid)
        waiting.set()
        go.wait(20)

    def start() -> None:
        try:
            prepare.migrate()
            done.set()
        finally:
            connections.close_all()

    monkeypatch.setattr(prepare, "time", SimpleNamespace(sleep=wait))
    second = threading.Thread(target=start)
    with psycopg.connect(**address, autocommit=True) as first:
        first.execute("SELECT pg_advisory_lock(%s)", [prepare.MIGRATION_LOCK])
        second.start()
        try:
            assert waiting.wait(20)
            # What CREATE INDEX CONCURRENTLY waits for is whoever holds a snapshot.
            look = "SELECT state, backend_xmin FROM pg_stat_activity WHERE pid = %s"
            assert first.execute(look, [pids[0]]).fetchone() == ("idle", None)
            assert not done.is_set()
            first.execute("SELECT pg_advisory_unlock(%s)", [prepare.MIGRATION_LOCK])
            go.set()
            assert done.wait(20)
        finally:
            go.set()
            first.execute("SELECT pg_advisory_unlock_all()")
            second.join(20)
