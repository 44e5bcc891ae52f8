"""`manage.py up` as people meet it: from nothing to ready, beside commands, and gone without a trace."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from tests.stack import ROOT, Stack, command, free_port, stop

pytestmark = pytest.mark.timeout(180)


def family(pid: int) -> list[psutil.Process]:
    """A process and all that descend from it."""
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def wait_for(ready: Callable[[], object], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def alive(processes: list[psutil.Process]) -> list[str]:
    def runs(process: psutil.Process) -> bool:
        try:
            return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    return [str(process) for process in processes if runs(process)]


def up(env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A start that is expected to be refused."""
    command = [sys.executable, "manage.py", "up"]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
    )


class TestBesideARunningStack:
    def test_it_tells_url_login_and_that_it_is_ready(self, stack: Stack):
        assert wait_for(lambda: "Stop   Ctrl-C" in stack.log.read_text())
        text = stack.log.read_text()
        seconds = re.search(r"is ready after ([0-9.]+) s", text)
        assert seconds is not None
        assert float(seconds[1]) < 30
        assert f"URL    {stack.url}/" in text
        assert stack.admin_password not in text

    def test_health_pages_answer(self, stack: Stack):
        assert stack.get("/healthz") == (200, b'{"status": "ok"}')
        status, body = stack.get("/readyz")
        assert status == 200
        assert json.loads(body)["database"] is True
        assert json.loads(body)["redis"] is True
        status, body = stack.get("/metrics")
        assert status == 200
        assert b"python_info" in body

    def test_what_is_private_is_private(self, stack: Stack):
        place = json.loads((stack.data / "place.json").read_text())
        for folder in (Path(place["sockets"]), Path(place["home"]) / "postgres"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        for name in ("secret_key", "place.json", "postgres.log", "redis.log"):
            assert stat.S_IMODE((stack.data / name).stat().st_mode) == 0o600
        assert stat.S_IMODE(stack.data.stat().st_mode) & 0o066 == 0

    def test_the_servers_do_not_run_as_root_nor_listen_on_the_network(self, stack: Stack):
        servers = [
            process
            for process in family(stack.process.pid)
            if any(word in command(process) for word in ("bin/postgres", "redis-server"))
        ]
        assert len(servers) >= 2
        for process in servers:
            assert process.uids().effective != 0
            listening = [
                one for one in process.net_connections("inet") if one.status == psutil.CONN_LISTEN
            ]
            assert listening == []

    def test_the_role_is_no_superuser_and_the_only_one_that_may_log_in(self, stack: Stack):
        script = (
            "from django.db import connections as c\n"
            "u = c['default'].cursor()\n"
            "u.execute('SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles"
            " WHERE rolname = current_user')\n"
            "print(u.fetchall())\n"
            "import psycopg\n"
            "from django.conf import settings\n"
            "try:\n"
            "    psycopg.connect(host=settings.DATABASES['default']['HOST'], user='postgres',"
            " dbname='postgres')\n"
            "except psycopg.OperationalError as error:\n"
            "    print('refused')\n"
        )
        done = stack.manage("shell", "--verbosity", "0", "-c", script)
        assert done.stdout.split("\n")[:2] == ["[(False, False, False)]", "refused"], done.stderr

    def test_redis_runs_no_scripts(self, stack: Stack):
        import redis

        place = json.loads((stack.data / "place.json").read_text())
        client = redis.Redis(unix_socket_path=place["sockets"] + "/redis.sock")
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.eval("return 1", 0)
        with pytest.raises(redis.exceptions.NoPermissionError):
            client.config_set("dir", "/tmp")

    def test_a_command_beside_it_knows_its_address(self, stack: Stack):
        env = {k: v for k, v in stack.env.items() if k not in {"PORT", "EMBERWATCH_URL"}}
        done = subprocess.run(
            [sys.executable, "manage.py", "create_project", "Beside", "--json"],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        assert f"@127.0.0.1:{stack.port}/" in json.loads(done.stdout)["dsn"]

    def test_a_second_start_is_refused_with_a_sentence(self, stack: Stack):
        done = up({**stack.env, "PORT": str(free_port())})
        assert done.returncode == 2
        assert done.stderr.startswith("emberwatch: Emberwatch already runs on ")
        assert stack.get("/readyz")[0] == 200


def test_a_port_in_use_is_one_clear_sentence(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = up({**os.environ, "PORT": str(port), "EMBERWATCH_DATA": str(tmp_path / "data")})
    assert done.returncode == 2
    assert done.stderr == (
        f"emberwatch: Port {port} of 127.0.0.1 cannot be used (Address already in use): "
        "stop what listens there, or set PORT.\n"
    )


def test_a_bad_value_is_one_clear_sentence(tmp_path: Path):
    done = up({**os.environ, "PORT": "eighty", "EMBERWATCH_DATA": str(tmp_path / "data")})
    assert done.returncode == 2
    assert done.stderr == "emberwatch: PORT is 'eighty': give a whole number from 1 to 65535.\n"
    assert not (tmp_path / "data").exists()


@pytest.mark.xdist_group("journeys")
def test_the_life_of_a_stack(open_folder: Path):
    """Started, hurt, stopped, started again, killed, started again: no process and no data lost."""
    with Stack.start(open_folder) as first:
        marker = (
            "from django.contrib.auth import get_user_model as g; g().objects.create_user('zoe')"
        )
        assert first.manage("shell", "--verbosity", "0", "-c", marker).returncode == 0
        heal(first)
        everyone = family(first.process.pid)
        began = time.monotonic()
        stop(first.process)
        assert first.process.returncode == 0
        assert time.monotonic() - began < 30
        assert alive(everyone) == []

    with Stack.start(open_folder) as second:
        everyone = family(second.process.pid)
        assert len(everyone) > 8
        second.process.kill()
        assert wait_for(lambda: not alive(everyone)), alive(everyone)

    question = "from django.contrib.auth import get_user_model as g; print(g().objects.filter(username='zoe').count())"
    with Stack.start(open_folder) as third:
        assert third.manage("shell", "--verbosity", "0", "-c", question).stdout.strip() == "1"
        assert third.public_key == first.public_key


def heal(stack: Stack) -> None:
    """Kill each kind of child; the supervisor brings every one of them back."""
    for word in (
        "config.run.nursery",
        "granian",
        "--queues digest",
        "--queues io",
        "config.beat",
        "redis-server",
        "bin/postgres",
    ):
        child = stack.process_of(word)
        helpers = child.children(recursive=True)
        child.send_signal(signal.SIGKILL)
        assert wait_for(lambda gone=child: not alive([gone]))
        assert wait_for(lambda word=word, old=child.pid: stack.replaced(word, old)), word
        assert wait_for(lambda helpers=helpers: not alive(helpers)), alive(helpers)
        assert wait_for(lambda: ready(stack)), stack.log.read_text()[-2000:]


def ready(stack: Stack) -> bool:
    try:
        status, body = stack.get("/readyz")
    except OSError:
        return False
    return status == 200 and bool(json.loads(body)["redis"])
