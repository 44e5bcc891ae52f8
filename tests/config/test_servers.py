"""Commands that find or start the embedded servers, and the sentences when they cannot."""

import json
import os
import pwd
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from config.env import Env
from config.run import place as places
from config.run import postgres
from config.run.errors import RunError
from config.run.place import Place
from config.run.servers import prepare_secret
from tests.stack import ROOT


def start(data: Path, *words: str) -> subprocess.Popen[str]:
    dropped = {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"}
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env={**env, "EMBERWATCH_DATA": str(data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def servers_of(data: Path) -> list[str]:
    """Command lines of servers that run on a data folder."""
    home = str(places.guess(data).home)
    lines = [
        " ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])
    ]
    return [line for line in lines if ("postgres" in line or "redis" in line) and home in line]


@pytest.mark.timeout(120)
def test_commands_share_one_start_and_leave_nothing_running(open_folder: Path):
    data = open_folder / "data"
    commands = [start(data, "showmigrations", "tracker") for _ in range(3)]
    for command in commands:
        output, errors = command.communicate(timeout=90)
        assert command.returncode == 0, errors
        assert "0001" in output
    assert servers_of(data) == []


@pytest.mark.parametrize("words", [["check"], ["help"], ["migrate", "--help"]])
def test_commands_that_ask_no_server_start_none(tmp_path: Path, words: list[str]):
    command = start(tmp_path / "data", *words)
    _output, errors = command.communicate(timeout=60)
    assert command.returncode == 0, errors
    assert not (tmp_path / "data").exists()


def test_data_of_another_major_version_is_refused_with_a_sentence(tmp_path: Path):
    place = Place(tmp_path, tmp_path, tmp_path / "run")
    place.cluster.mkdir()
    (place.cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(RunError, match=r"was made by PostgreSQL 14 and only \d+ is here: install"):
        postgres.choose(place)


def test_the_binaries_follow_the_data(tmp_path: Path):
    place = Place(tmp_path, tmp_path, tmp_path / "run")
    place.cluster.mkdir()
    for binaries in postgres.candidates():
        (place.cluster / "PG_VERSION").write_text(f"{binaries.major}\n")
        assert postgres.choose(place).major == binaries.major


def test_a_long_data_folder_still_has_short_sockets(open_folder: Path):
    (open_folder / ("long" * 20)).mkdir(mode=0o711)
    data = open_folder / ("long" * 20) / ("folder" * 10)
    place, _user = places.settle(data)
    assert len(os.fsencode(place.sockets)) <= places.SOCKET_ROOM
    assert places.read(data) == place
    assert places.settle(data)[0] == place
    if place.sockets.parent != place.home:
        place.sockets.rmdir()
        again, _user = places.settle(data)  # /tmp was swept
        assert again.sockets.is_dir()
        again.sockets.rmdir()


def test_a_folder_that_was_there_keeps_its_mode(tmp_path: Path):
    data = tmp_path / "data"
    data.mkdir(mode=0o750)
    data.chmod(0o750)
    places.make_data_folder(data)
    assert data.stat().st_mode & 0o777 == 0o750


def test_a_data_folder_that_is_a_file_is_one_sentence(tmp_path: Path):
    (tmp_path / "data").write_text("")
    with pytest.raises(RunError, match="which is not a folder"):
        places.make_data_folder(tmp_path / "data")


def test_two_who_make_a_secret_at_once_agree(tmp_path: Path):
    path = tmp_path / "secret_key"
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: keep_in_a_process(path), range(16)))
    assert made == {path.read_text().strip()}
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def keep_in_a_process(path: Path) -> str:
    script = "import sys, pathlib; from config.run.place import keep_secret as k; print(k(pathlib.Path(sys.argv[1])))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can own for others")
def test_root_goes_on_with_the_user_who_made_the_data(tmp_path: Path):
    tmp_path.chmod(0o755)
    data = tmp_path / "data"
    data.mkdir(mode=0o755)
    (data / "postgres").mkdir(mode=0o700)
    nobody = pwd.getpwnam("nobody")
    os.chown(data / "postgres", nobody.pw_uid, nobody.pw_gid)
    record = {"home": str(data), "sockets": str(data / "run")}
    places.write_private(data / "place.json", json.dumps(record))
    place, user = places.settle(data)
    assert place.home == data
    assert user is not None
    assert user.uid == nobody.pw_uid


@pytest.mark.skipif(os.geteuid() != 0, reason="only root drops to another user")
def test_root_keeps_hidden_folders_closed_and_goes_elsewhere(tmp_path: Path):
    hidden = tmp_path / "hidden"
    hidden.mkdir(mode=0o700)
    place, user = places.settle(hidden / "data")
    try:
        assert user is not None
        assert place.home.parent == places.OUTSIDE
        assert places.enterable(place.home, user)
        assert hidden.stat().st_mode & 0o777 == 0o700
        assert places.settle(hidden / "data")[0] == place
    finally:
        shutil.rmtree(place.home)


def test_a_secret_is_made_once_for_the_embedded_run_and_required_otherwise(tmp_path: Path):
    prepare_secret(tmp_path, Env({}))
    made = (tmp_path / "secret_key").read_text()
    assert len(made.strip()) >= 50
    prepare_secret(tmp_path, Env({}))
    assert (tmp_path / "secret_key").read_text() == made
    (tmp_path / "secret_key").unlink()
    with pytest.raises(RunError, match="SECRET_KEY is not set"):
        prepare_secret(tmp_path, Env({"DATABASE_URL": "postgresql://u@h/n"}))
