"""What lies in the spool comes into the inbox once, whatever breaks on the way."""

import fcntl
import os
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from ingest import drain as draining
from ingest import inbox, spool, waiting
from ingest.away import AWAY
from ingest.drain import Drain
from ingest.errors import InboxAway
from ingest.inbox import Committer, Letter, Unsure, is_away
from ingest.spool import Spool, SpoolFull
from tests.factories.projects import make_project
from tracker.sql import run

NOW = 1_795_370_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def made(folder: Path) -> Spool:
    return Spool(lambda: folder, lambda: 1 << 20, lambda: NOW)


def letter(project: int = 1, body: bytes = b"{}", events: int = 1) -> Letter:
    return Letter(project, 7, "store", "", uuid4(), events, b'{"ip":"203.0.113.7"}', body)


def read(folder: Path) -> list[spool.Record]:
    found = []
    for segment in spool.segments(folder):
        with segment.open("rb") as file:
            found += [record for record, _ in spool.records(file, 0)]
    return found


class TestFiles:
    def test_what_is_put_is_there(self, made, folder):
        letters = [letter(body=bytes([n]) * 1000) for n in range(5)]
        made.put(letters[:2])
        made.put(letters[2:], unsure=True)
        found = read(folder)
        assert [Letter(*list_of(one)[2:]) for one in found] == letters
        assert [one.unsure for one in found] == [False, False, True, True, True]
        assert {one.at for one in found} == {NOW}

    def test_only_we_may_read_it(self, made, folder):
        made.put([letter()])
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {one.stat().st_mode & 0o777 for one in folder.iterdir()} == {0o600}

    def test_a_record_cut_short_was_never_acknowledged(self, made, folder):
        made.put([letter(), letter()])
        [segment] = spool.segments(folder)
        whole = segment.read_bytes()
        for cut in (1, 7, 9, 40):
            segment.write_bytes(whole[:-cut])
            assert len(read(folder)) == 1

    def test_a_damaged_record_is_no_end(self, made, folder):
        made.put([letter(body=b"x" * 100)])
        made.put([letter()])
        [segment] = spool.segments(folder)
        whole = bytearray(segment.read_bytes())
        whole[60] ^= 0xFF
        segment.write_bytes(whole)
        with pytest.raises(spool.Broken):
            read(folder)

    def test_there_is_an_end_to_it(self, made, folder):
        made.put([letter(body=os.urandom(900_000))])
        assert made.why_full() == ""
        made.put([letter(body=os.urandom(100_000))])
        assert "nearly full" in made.why_full()
        with pytest.raises(SpoolFull):
            made.put([letter(body=os.urandom(100_000))])
        assert len(read(folder)) == 2

    def test_after_a_day_nothing_more_is_taken(self, made, folder):
        folder.mkdir()
        old = int((NOW - 25 * 3600) * 1e9)
        (folder / f"host-1-{old}.spool").write_bytes(b"x")
        assert "a day" in made.why_full()
        with pytest.raises(SpoolFull):
            made.put([letter()])

    def test_a_full_disk_leaves_no_half_record(self, made, folder, monkeypatch):
        made.put([letter()])

        def full(number: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fdatasync", full)
        with pytest.raises(OSError, match="No space"):
            made.put([letter()])
        monkeypatch.undo()
        made.put([letter()])
        assert len(read(folder)) == 2
        assert len(spool.segments(folder)) == 2  # no record follows a failed sync


def list_of(record: spool.Record) -> list[Any]:
    return [getattr(record, name) for name in record.__struct_fields__]


@pytest.mark.django_db(transaction=True)
class TestDrain:
    @pytest.fixture
    def drain(self, made, folder) -> Drain:
        return Drain(made, lambda: folder)

    def test_letters_come_in_once_and_with_their_own_time(self, drain, made, folder):
        project = make_project()
        letters = [letter(project.pk) for _ in range(3)]
        made.put(letters)
        [segment] = spool.segments(folder)
        assert drain.look() == 3
        assert drain.look() == 0
        assert spool.segments(folder) == []
        rows = inbox.read([row for (row,) in run("SELECT id FROM ingest_inbox")])
        assert [row.event_id for row in rows] == [one.event_id for one in letters]
        assert {row.received_at.timestamp() for row in rows} == {NOW}
        left = run("SELECT position FROM ingest_spool WHERE segment = %s", [segment.name])
        assert left.fetchall() == []
        counted = run("SELECT sum(count) FROM tracker_ledger WHERE kind = 'acknowledged'")
        assert counted.fetchone() == (3,)

    def test_a_drain_that_is_cut_off_goes_on_where_it_was(self, drain, made, folder, monkeypatch):
        project = make_project()
        made.put([letter(project.pk) for _ in range(10)])
        monkeypatch.setattr(draining, "BATCH", 3)
        calls = iter(range(100))
        put = inbox.put_rows

        def dies(letters: list[Letter]) -> None:
            put(letters)
            if next(calls) == 2:
                raise RuntimeError("killed")

        monkeypatch.setattr(inbox, "put_rows", dies)
        with pytest.raises(RuntimeError):
            drain.look()
        assert waiting.backlog().rows == 6
        assert drain.look() == 4
        assert waiting.backlog().rows == 10

    def test_a_letter_whose_commit_came_through_after_all_is_left_out(self, drain, made):
        project = make_project()
        letters = [letter(project.pk) for _ in range(3)]
        inbox.put_rows(letters[:1])
        made.put(letters, unsure=True)
        assert drain.look() == 2
        assert waiting.backlog().rows == 3

    def test_a_file_that_another_process_writes_is_left_alone(self, drain, made, folder):
        project = make_project()
        made.put([letter(project.pk)])
        made.cut()
        [segment] = spool.segments(folder)
        with segment.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            assert drain.look() == 0
        assert drain.look() == 1

    def test_a_damaged_file_is_kept_for_a_person(self, drain, made, folder):
        project = make_project()
        made.put([letter(project.pk)])
        made.put([letter(project.pk)])
        made.cut()
        [segment] = spool.segments(folder)
        whole = bytearray(segment.read_bytes())
        whole[-5] ^= 0xFF
        segment.write_bytes(whole)
        assert drain.look() == 1
        assert sorted(one.suffix for one in folder.iterdir()) == [".damaged", ".why"]

    def test_live_events_come_first(self, drain, made, folder, monkeypatch):
        project = make_project()
        monkeypatch.setattr(draining, "BATCH", 2)
        monkeypatch.setattr(draining, "MOST_WAITING", 3)
        made.put([letter(project.pk) for _ in range(10)])
        assert drain.look() == 4
        run("DELETE FROM ingest_inbox")
        assert drain.look() == 4
        assert spool.segments(folder) != []


class TestCommitter:
    """Without a database: what becomes of letters that it can't take."""

    def put_all(self, letters, error, monkeypatch, refuse=False):
        kept = []

        def shelter(some, unsure):
            if refuse:
                raise SpoolFull
            kept.extend((one, unsure) for one in some)

        def fails(some):
            raise error

        monkeypatch.setattr(inbox, "put_rows", fails)
        monkeypatch.setattr(inbox, "is_closed", lambda: isinstance(error, Unsure))
        monkeypatch.setattr(inbox, "hang_up", lambda: None)
        monkeypatch.setattr(AWAY, "_watch", None)
        committer = Committer()
        committer._shelter = shelter
        said = []
        for one in letters:
            try:
                committer.put(one, timeout=5)
                said.append(True)
            except InboxAway:
                said.append(False)
        return said, kept

    def test_no_connection_means_the_spool(self, monkeypatch):
        from django.db import OperationalError

        one = letter()
        said, kept = self.put_all([one], OperationalError("refused"), monkeypatch)
        assert said == [True] and kept == [(one, False)]

    def test_a_commit_cut_off_is_unsure_and_only_events_are_kept(self, monkeypatch):
        event, session = letter(), letter(events=0)
        said, kept = self.put_all([event, session], Unsure(), monkeypatch)
        assert said == [True, False] and kept == [(event, True)]

    def test_what_the_database_refuses_is_refused(self, monkeypatch):
        import psycopg

        said, kept = self.put_all([letter()], psycopg.errors.DataException(), monkeypatch)
        assert said == [False] and kept == []

    def test_a_full_spool_refuses_too(self, monkeypatch):
        from django.db import OperationalError

        said, _ = self.put_all([letter()], OperationalError("x"), monkeypatch, refuse=True)
        assert said == [False]

    def test_what_is_away_and_what_is_not(self):
        import psycopg
        from django.db import InterfaceError, OperationalError

        away = [
            OperationalError(), InterfaceError(), Unsure(), psycopg.OperationalError("gone"),
            psycopg.errors.AdminShutdown(), psycopg.errors.DiskFull(),
        ]  # fmt: skip
        ours = [psycopg.errors.UniqueViolation(), psycopg.DataError(), ValueError()]
        assert all(is_away(error) for error in away)
        assert not any(is_away(error) for error in ours)
