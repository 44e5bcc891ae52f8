"""Damaged files of the spool: what can be read comes in once, the rest is kept and told of."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest import damaged, inbox, spool
from ingest.drain import Drain
from ingest.inbox import Letter
from ingest.spool import Spool
from tests.factories.projects import make_project
from tests.ingest.test_spool import NOW, letter
from tracker.sql import run

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def made(folder: Path) -> Spool:
    return Spool(lambda: folder, lambda: 1 << 20, lambda: NOW)


@pytest.fixture
def drain(made: Spool, folder: Path) -> Drain:
    return Drain(made, lambda: folder)


def broken(made: Spool, folder: Path, letters: list[Letter], at: int) -> str:
    """A file of letters, one a record, with a byte changed; its name."""
    for one in letters:
        made.put([one])
    made.cut()
    [segment] = spool.segments(folder)
    content = bytearray(segment.read_bytes())
    content[at] ^= 0xFF
    segment.write_bytes(content)
    return segment.stem


def stored(folder: Path) -> list[str]:
    rows = inbox.read([row for (row,) in run("SELECT id FROM ingest_inbox")])
    return sorted(row.event_id.hex for row in rows if row.event_id)


@pytest.mark.parametrize("at", [0, 3, 5, 8, 60], ids=lambda at: f"byte {at} of the second record")
def test_all_but_the_broken_record_comes_in(drain, made, folder, at):
    project = make_project()
    letters = [letter(project.pk, body=b"x" * 100) for _ in range(4)]
    size = len(spool.pack(letters[0], NOW, False))
    name = broken(made, folder, letters, size + at)
    assert drain.look() == 1
    [found] = damaged.listed(folder)
    assert found.name == name and found.size == 4 * size
    assert found.why == f"not a record at byte {size}"
    done = damaged.recover(name, folder, drain)
    assert done == (2, 0, size)
    kept = {one.event_id.hex for one in (letters[0], *letters[2:]) if one.event_id}
    assert set(stored(folder)) == kept and len(stored(folder)) == 3
    assert damaged.listed(folder) == []
    assert [one.suffix for one in folder.iterdir()] == [".salvaged"]
    left = run("SELECT position FROM ingest_spool WHERE segment = %s", [f"{name}.spool"])
    assert left.fetchall() == []
    assert damaged.recover(name, folder, drain) is None


def test_a_letter_that_the_database_refuses_holds_up_no_other(drain, made, folder):
    project = make_project()
    letters = [letter(project.pk) for _ in range(3)]
    made.put([letters[0], letters[1]._replace(adapter="a\x00b"), letters[2]])
    made.cut()
    assert drain.look() == 0
    [found] = damaged.listed(folder)
    assert "NUL" in found.why or "0x00" in found.why
    assert damaged.recover(found.name, folder, drain) == (2, 1, 0)
    assert len(stored(folder)) == 2


def test_what_was_only_held_up_leaves_nothing_behind(drain, made, folder):
    """As after a fault of the database that somebody has mended."""
    project = make_project()
    made.put([letter(project.pk) for _ in range(3)])
    made.cut()
    [segment] = spool.segments(folder)
    segment.rename(segment.with_suffix(".damaged"))
    assert damaged.listed(folder)[0].why == "unknown"
    assert damaged.recover(segment.stem, folder, drain) == (3, 0, 0)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", ["", "../secret", "nothing", "x/y"])
def test_only_files_of_the_spool_can_be_named(drain, made, folder, name):
    made.put([letter()])
    (folder.parent / "secret.damaged").write_bytes(b"")
    assert damaged.recover(name, folder, drain) is None


def test_what_is_left_goes_after_two_weeks(folder):
    folder.mkdir()
    (folder / "host-1-2.salvaged").write_bytes(b"x")
    (folder / "host-1-3.damaged").write_bytes(b"x")
    now = datetime.now(UTC)
    assert damaged.expire(now, folder) == 0
    long_ago = (now - timedelta(days=15)).timestamp()
    for file in folder.iterdir():
        os.utime(file, (long_ago, long_ago))
    assert damaged.expire(now, folder) == 1
    assert [one.suffix for one in folder.iterdir()] == [".damaged"]


def test_a_file_of_rubbish_is_told_of_and_kept(drain, made, folder):
    folder.mkdir()
    file = folder / "host-1-7.damaged"
    file.write_bytes(b"x" * 5_000)
    assert damaged.recover("host-1-7", folder, drain) == (0, 0, 5_000)
    assert [one.name for one in folder.iterdir()] == ["host-1-7.salvaged"]


def test_an_end_that_is_no_record_is_kept_too(drain, made, folder):
    """Its writer died there, or it was damaged there: nobody can tell."""
    project = make_project()
    made.put([letter(project.pk), letter(project.pk)])
    made.cut()
    [segment] = spool.segments(folder)
    segment.write_bytes(segment.read_bytes()[:-3])
    assert drain.look() == 1
    assert [one.suffix for one in folder.iterdir()] == [".salvaged"]
    assert drain.look() == 0 and damaged.listed(folder) == []
