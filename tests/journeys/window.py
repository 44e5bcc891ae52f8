"""A window into a running stack: what its database holds, and programs that report to it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from zstandard import ZstdCompressionDict, ZstdDecompressor

from tests.stack import ROOT, Stack
from tracker import payloads

T = TypeVar("T")
PROGRAMS = Path(__file__).resolve().parent / "programs"
ISSUES = """
SELECT i.*, f.version AS first_release, l.version AS last_release
FROM tracker_issue i
LEFT JOIN tracker_release f ON f.id = i.first_release_id
LEFT JOIN tracker_release l ON l.id = i.last_release_id
WHERE i.project_id = %s ORDER BY i.id
"""
EVENTS = """
SELECT e.*, n.name AS environment, r.version AS release
FROM tracker_event e
JOIN tracker_environment n ON n.id = e.environment_id
LEFT JOIN tracker_release r ON r.id = e.release_id
WHERE e.project_id = %s ORDER BY e.received_at, e.event_id
"""
# Many at once: a process for each would take longer than the test itself.
MAKE_PROJECTS = """
import json
from tracker.actions import setup
team = setup.create_team("Journeys")
made = [setup.create_project(f"Journey {n}", team, unlimited=True) for n in range(30)]
print(json.dumps([[one.id, one.slug, one.public_key] for one in made]))
"""


def eventually(what: Callable[[], T], seconds: float, why: str = "") -> T:
    """The first true answer of `what`; fails with a sentence when there is none in time."""
    deadline = time.monotonic() + seconds
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(why or f"it did not happen within {seconds} s (last: {found!r})")
        time.sleep(0.02)


@dataclass(frozen=True)
class Project:
    """A project of the stack, made for one test."""

    id: int
    slug: str
    dsn: str
    public_key: str


class Window:
    """Looks into the stack's own PostgreSQL; survives its restarts."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._connection: psycopg.Connection[dict[str, Any]] | None = None
        self._spare: list[tuple[int, str, str]] = []

    def close(self) -> None:
        """Leave."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def rows(self, sql: str, *values: object) -> list[dict[str, Any]]:
        """Answer of a query; asked again on a fresh connection if the server went away."""
        for last in (False, False, True):
            try:
                if self._connection is None:
                    self._connection = self._open()
                return self._connection.execute(sql.encode(), values).fetchall()
            except psycopg.OperationalError:
                self.close()
                if last:
                    raise
                time.sleep(0.5)
        raise AssertionError

    def _open(self) -> psycopg.Connection[dict[str, Any]]:
        place = json.loads((self.stack.data / "place.json").read_text())
        return psycopg.connect(
            host=place["sockets"], port=5432, user="emberwatch", dbname="emberwatch",
            autocommit=True, row_factory=dict_row,
        )  # fmt: skip

    def one(self, sql: str, *values: object) -> Any:
        """The first column of the only row."""
        [row] = self.rows(sql, *values)
        return next(iter(row.values()))

    def issues(self, project: Project) -> list[dict[str, Any]]:
        """All issues of a project, oldest first."""
        return self.rows(ISSUES, project.id)

    def events(self, project: Project) -> list[dict[str, Any]]:
        """All events of a project with their unpacked payload under `data`."""
        found = self.rows(EVENTS, project.id)
        for row in found:
            row["data"] = self._unpacked(row["payload"], row["dictionary"])
        return found

    def _unpacked(self, payload: bytes, dictionary: int) -> dict[str, Any]:
        """With the stack's dictionaries: the same numbers name others in a test's own database."""
        if dictionary <= payloads.SHIPPED:
            return payloads.unpack(payload, dictionary)
        content = self.one(
            "SELECT content FROM tracker_payloaddictionary WHERE id = %s", dictionary
        )
        tool = ZstdDecompressor(dict_data=ZstdCompressionDict(bytes(content)))
        data: dict[str, Any] = json.loads(tool.decompress(payload, max_output_size=1 << 24))
        return data

    def stored(self, project: Project) -> dict[str, int]:
        """Event id -> how often it is stored."""
        sql = "SELECT event_id, count(*) AS n FROM tracker_event WHERE project_id = %s GROUP BY 1"
        return {UUID(str(r["event_id"])).hex: r["n"] for r in self.rows(sql, project.id)}

    def waiting(self, project: Project) -> int:
        """Inbox rows that are not digested yet."""
        return int(self.one("SELECT count(*) FROM ingest_inbox WHERE project_id = %s", project.id))

    def wait_for_events(self, project: Project, count: int, seconds: float = 25.0) -> None:
        """Until at least `count` events are stored."""
        sql = "SELECT count(*) FROM tracker_event WHERE project_id = %s"
        try:
            eventually(lambda: self.one(sql, project.id) >= count, seconds)
        except AssertionError:
            there, waiting = self.one(sql, project.id), self.waiting(project)
            log = self.stack.log.read_text(errors="replace")[-2000:]
            raise AssertionError(
                f"of {count} events {there} are stored after {seconds} s, {waiting} wait:\n{log}"
            ) from None

    def new_project(self, name: str) -> Project:
        """A project without quotas or limits."""
        if not self._spare:
            self._spare.extend(self.shell(MAKE_PROJECTS))
        number, slug, key = self._spare.pop()
        self.rows("UPDATE tracker_project SET name = %s WHERE id = %s RETURNING id", name, number)
        dsn = f"http://{key}@127.0.0.1:{self.stack.port}/{number}"
        return Project(number, slug, dsn, key)

    def settle(self, seconds: float = 40.0) -> None:
        """Until every letter is read and every delivery has left."""
        lags = ("alerts_outbox_oldest_seconds", "alerts_evaluator_lag_seconds")

        def idle() -> bool:
            facts = json.loads(self.stack.get("/readyz")[1])
            return not any(facts[name] for name in lags)

        eventually(idle, seconds)

    def consistent(self) -> list[dict[str, Any]]:
        """What `check_consistency` objects to; [] when the books balance."""
        done = self.stack.manage("check_consistency", "--json", seconds=900)
        differences: list[dict[str, Any]] = json.loads(done.stdout.strip().splitlines()[-1])[
            "differences"
        ]
        assert done.returncode == (1 if differences else 0), done.stderr
        return differences

    def shell(self, code: str) -> Any:
        """Run Python in the product's own shell; answers the JSON that it prints last."""
        done = self.stack.manage("shell", "--verbosity", "0", "-c", code)
        assert done.returncode == 0, done.stderr
        lines = done.stdout.strip().splitlines()
        return json.loads(lines[-1]) if lines else None


def run_program(
    name: str, dsn: str, *words: str, expect: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a Python program of `programs/` that reports to a DSN, as people would."""
    return run([sys.executable, str(PROGRAMS / name), *words], dsn, expect)


def run(
    command: list[str], dsn: str, expect: int = 0, cwd: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a program with SENTRY_DSN set; its exit status must be as expected."""
    dropped = {"DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST", "DATABASE_URL", "REDIS_URL"}
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    done = subprocess.run(
        command, cwd=cwd, env={**env, "SENTRY_DSN": dsn}, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == expect, done.stderr
    return done
