"""Forked children behave as started ones: what they say, how they end, that none stays behind."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config.run.children import alive, wait_until
from config.run.nursery import Forked, Nursery
from tests.stack import ROOT

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are for Linux only")
SLEEPER = ("timeit", "-n1", "-r1", "import time; time.sleep(60)")


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    made = Nursery(ROOT, {**os.environ, "SECRET_KEY": "for tests only", "PYTHONUNBUFFERED": "1"})
    yield made
    made.close()


def fork(nursery: Nursery, *words: str) -> Forked:
    return nursery.fork((sys.executable, "-m", *words))


def running(child: Forked) -> psutil.Process:
    """The child, once it bears its own name."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        child.poll()
        if child.pid and "timeit" in " ".join(psutil.Process(child.pid).cmdline()):
            return psutil.Process(child.pid)
        time.sleep(0.02)
    raise AssertionError("it was not forked")


def test_a_child_says_what_the_module_prints_and_ends_with_its_status(nursery: Nursery):
    good, bad = fork(nursery, "calendar", "2026", "11"), fork(nursery, "json.tool", "/no/such/file")
    assert (good.wait(), bad.wait() != 0) == (0, True)
    assert b"November 2026" in good.stdout.read()
    assert b"No such file" in bad.stdout.read()


def test_a_child_leads_a_session_of_its_own_and_reads_nothing(nursery: Nursery):
    child = fork(nursery, *SLEEPER)
    pid = running(child).pid
    assert os.getsid(pid) == pid
    assert str(Path(f"/proc/{pid}/fd/0").readlink()) == os.devnull
    child.send_signal(signal.SIGTERM)
    assert child.wait() == -signal.SIGTERM


def test_what_a_child_starts_reads_nothing_either(nursery: Nursery):
    program = "import os; print(os.readlink('/proc/self/fd/0'))"
    run = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {program!r}], check=True)"
    child = fork(nursery, "timeit", "-n1", "-r1", run)
    assert child.wait() == 0
    assert child.stdout.read().startswith(os.devnull.encode())


def test_a_wish_after_its_end_leaves_nobody_waiting(nursery: Nursery):
    child = fork(nursery, *SLEEPER)
    parent = running(child).parent()
    assert parent is not None
    parent.kill()
    assert wait_until(lambda: not alive(parent.pid), 20)  # it is not for us to reap
    other = fork(nursery, "calendar", "2026", "11")  # before anybody asked how the child is
    assert child.wait() == -signal.SIGKILL
    assert other.wait() == 0


def test_children_end_with_the_nursery_and_the_next_wish_starts_another(nursery: Nursery):
    child = fork(nursery, *SLEEPER)
    process = running(child)
    parent = process.parent()
    assert parent is not None
    parent.kill()
    assert child.wait() == -signal.SIGKILL
    assert process.wait(timeout=20) is None or not process.is_running()
    assert fork(nursery, "calendar", "2026", "11").wait() == 0


def test_a_signal_waits_for_a_child_that_is_still_to_come(nursery: Nursery):
    nursery.close()
    child = fork(nursery, *SLEEPER)
    assert child.pid == 0
    child.send_signal(signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
