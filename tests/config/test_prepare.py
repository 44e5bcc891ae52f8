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
    waiting, done = threading.Event(), threading.Event()

    def wait(_seconds: float) -> None:
        waiting.set()
        threading.Event().wait(0.02)

    def start() -> None:
        try:
            prepare.migrate()
            done.set()
        finally:
            connections.close_all()

    monkeypatch.setattr(prepare, "time", SimpleNamespace(sleep=wait))
    second = threading.Thread(target=start)
    with psycopg.connect(**address, autocommit=True) as first:
        first.execute("CREATE TABLE of_prepare (number int)")
        try:
            first.execute("SELECT pg_advisory_lock(%s)", [prepare.MIGRATION_LOCK])
            second.start()
            assert waiting.wait(20)
            first.execute("CREATE INDEX CONCURRENTLY of_prepare_number ON of_prepare (number)")
            assert not done.is_set()
            first.execute("SELECT pg_advisory_unlock(%s)", [prepare.MIGRATION_LOCK])
            assert done.wait(20)
        finally:
            first.execute("SELECT pg_advisory_unlock_all()")
            first.execute("DROP TABLE of_prepare")
            second.join(20)
