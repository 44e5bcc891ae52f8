"""Processes die in the middle of the work: nothing acknowledged is lost, nothing counts twice."""

import json
import signal
import time
from collections.abc import Callable
from typing import Any

import psutil
import pytest

from tests.factories.envelopes import error_event
from tests.journeys.accidents import frozen, spooled
from tests.journeys.sender import Sender
from tests.journeys.window import Project, Window, eventually
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]

COUNT = 2_000
CAUSES = 20
DRAIN = 60.0
"""Seconds within which everything must be digested: a lease of 4, and sweeps every 15."""


def ready(stack: Stack) -> bool:
    try:
        status, body = stack.get("/readyz")
    except OSError:
        return False
    return status == 200 and bool(json.loads(body)["redis"])


def digesters(stack: Stack) -> list[psutil.Process]:
    """The digest worker's own children, which do the work."""
    return stack.process_of("--queues digest").children()


def kill_digest_children(stack: Stack, window: Window, project: Project) -> None:
    """Thrice, and at least once with a batch in their hands."""
    caught = 0
    for _ in range(3):
        children = digesters(stack)
        freeze_at_work(children, window)
        caught += kill(children, window)
        eventually(lambda: digesters(stack), 20)
    assert caught, "no batch was cut off: the test proves nothing"


def kill_digest_worker(stack: Stack, window: Window, project: Project) -> None:
    """The whole worker, with a batch in its hands."""
    caught = 0
    for _ in range(5):
        worker = stack.process_of("--queues digest")
        family = [worker, *worker.children()]
        freeze_at_work(family, window)
        caught += kill(family, window)
        eventually(lambda old=worker.pid: stack.replaced("--queues digest", old), 30)
        if caught:
            return
    raise AssertionError("no batch was cut off: the test proves nothing")


def kill(processes: list[psutil.Process], window: Window) -> int:
    """End processes at once; answers how many batches lie with the dead."""
    for process in processes:
        process.kill()
    psutil.wait_procs(processes, timeout=5)
    return int(window.one("SELECT count(*) FROM ingest_claim"))


def kill_web(stack: Stack, window: Window, project: Project) -> None:
    web = stack.process_of("granian")
    for process in [web, *web.children(recursive=True)]:
        process.kill()
    eventually(lambda: stack.replaced("granian", web.pid), 30)


def empty_redis(stack: Stack, window: Window, project: Project) -> None:
    import redis

    place = json.loads((stack.data / "place.json").read_text())
    client = redis.Redis(unix_socket_path=place["sockets"] + "/redis.sock")
    for _ in range(5):
        for key in client.scan_iter(count=1000):
            client.delete(key)


def kill_redis(stack: Stack, window: Window, project: Project) -> None:
    server = stack.process_of("redis-server")
    server.kill()
    eventually(lambda: stack.replaced("redis-server", server.pid), 30)


def restart_postgres(stack: Stack, window: Window, project: Project) -> None:
    """As `pg_ctl restart -m immediate`: every session is cut, the log is replayed."""
    server = stack.process_of("bin/postgres")
    server.send_signal(signal.SIGQUIT)
    eventually(lambda: stack.replaced("bin/postgres", server.pid), 30)


def freeze_postgres(stack: Stack, window: Window, project: Project) -> None:
    """It neither answers nor refuses for six seconds, like a disk that hangs."""
    with frozen(stack.process_of("bin/postgres")):
        eventually(lambda: spooled(stack), 20, "nothing went to the spool")
        time.sleep(3)


def kill_web_and_postgres(stack: Stack, window: Window, project: Project) -> None:
    """The web dies with a full spool: its successor brings that in."""
    with frozen(stack.process_of("bin/postgres")):
        eventually(lambda: spooled(stack), 20, "nothing went to the spool")
        kill_web(stack, window, project)
    restart_postgres(stack, window, project)


def freeze_at_work(processes: list[psutil.Process], window: Window) -> None:
    """Freeze processes while they have a batch in their hands (or once nothing is left to do)."""
    for _ in range(200):
        wait_until_claimed(window)
        for process in processes:
            process.suspend()
        if window.one("SELECT count(*) FROM ingest_claim"):
            return
        for process in processes:
            process.resume()


def wait_until_claimed(window: Window) -> None:
    """Until a worker has a batch in its hands (or there is nothing left to do)."""
    eventually(
        lambda: (
            window.one("SELECT count(*) FROM ingest_claim")
            or not window.one("SELECT count(*) FROM ingest_inbox")
        ),
        10,
    )


ACCIDENTS: list[Any] = [
    kill_digest_children,
    kill_digest_worker,
    kill_web,
    empty_redis,
    kill_redis,
    restart_postgres,
    pytest.param(freeze_postgres, marks=pytest.mark.long),
    pytest.param(kill_web_and_postgres, marks=pytest.mark.long),
]
UNNOTICED = {restart_postgres, freeze_postgres}
"""Accidents through which every event is taken at the first try."""


@pytest.mark.parametrize("accident", ACCIDENTS, ids=lambda accident: str(accident.__name__))
def test_nothing_is_lost_and_nothing_doubled(
    accident: Callable[[Stack, Window, Project], None],
    stack: Stack,
    window: Window,
    project: Project,
):
    eventually(lambda: ready(stack), 60)
    events = [error_event(function=f"cause_{n % CAUSES}") for n in range(COUNT)]
    sender = Sender(stack, project)
    sender.send(events, halfway=lambda: accident(stack, window, project))
    eventually(lambda: not spooled(stack), DRAIN, "the spool does not drain")
    eventually(lambda: window.waiting(project) == 0, DRAIN, "the inbox does not drain")
    stored = window.stored(project)
    assert set(sender.acknowledged) - set(stored) == set(), "acknowledged, and lost"
    assert set(stored) == {event["event_id"] for event in events}
    assert set(stored.values()) == {1}, "stored twice"
    issues = window.issues(project)
    assert [issue["events"] for issue in issues] == [COUNT // CAUSES] * CAUSES
    assert window.consistent() == []
    if accident is kill_web:
        assert sender.troubles, "nobody noticed: the test proves nothing"
    if accident in UNNOTICED:
        assert not sender.troubles, "events were refused while the database was away"
    eventually(lambda: ready(stack), 60)
