"""The table of queues and timers, and the broker without Lua."""

import time

import pytest
import redis
from celery import Celery
from kombu import Connection

from config import broker
from config.schedule import DIGEST, DIGEST_LIMIT, IO, TABLE, VISIBILITY, broker_url, configuration
from ingest.digest import RUN_FOR


def test_every_task_has_a_queue_that_a_worker_reads():
    assert {task.queue for task in TABLE} == {DIGEST, IO}
    conf = configuration("redis://h/0", "p:")
    assert conf["task_routes"]["ingest.tasks.digest"] == {"queue": DIGEST}
    assert conf["task_default_queue"] == IO


def test_tasks_exist_under_the_names_of_the_table():
    from config.celery import app

    app.loader.import_default_modules()
    assert {task.name for task in TABLE} <= set(app.tasks)


def test_limits_stand_in_the_right_order():
    conf = configuration("redis://h/0", "p:")
    assert DIGEST_LIMIT < 60 < VISIBILITY
    assert 2 * RUN_FOR < DIGEST_LIMIT
    assert conf["broker_transport_options"]["visibility_timeout"] == VISIBILITY
    assert conf["accept_content"] == ["json"]
    assert conf["task_acks_late"] is True
    assert conf["worker_prefetch_multiplier"] == 1
    assert conf["result_backend"] is None


@pytest.mark.parametrize(
    ("given", "kombu"),
    [
        ("redis://:p@h:6379/0", "redis://:p@h:6379/0"),
        ("unix:///run/r.sock", "redis+socket:///run/r.sock?virtual_host=0"),
        ("unix:///run/r.sock?db=3", "redis+socket:///run/r.sock?virtual_host=3"),
    ],
)
def test_addresses_become_kombus(given: str, kombu: str):
    assert broker_url(given) == kombu


def test_messages_travel_under_the_prefix_without_scripts(redis_url: str):
    broker.install()
    app = Celery("t", fixups=[], set_as_current=False)
    app.conf.update(configuration(redis_url, "test-schedule:"))
    app.send_task("ingest.tasks.digest", args=[[1, 2]])
    client = redis.Redis.from_url(redis_url)
    assert client.llen("test-schedule:digest") == 1
    assert client.llen("digest") == 0
    client.delete("test-schedule:digest")


def test_a_message_that_a_dead_worker_held_comes_back(redis_url: str):
    """The sweep for forgotten messages works although its mutex is never released."""
    broker.install()
    options = {"global_keyprefix": "test-lost:", "visibility_timeout": 0.1}
    with Connection(broker_url(redis_url), transport_options=options) as connection:
        queue = connection.SimpleQueue("io")
        queue.put({"n": 1})
        queue.get(timeout=5)  # taken, never acknowledged
        time.sleep(0.2)
        queue.channel.qos.restore_visible(interval=1)  # type: ignore[attr-defined]
        again = queue.get(timeout=5)
        assert again.payload == {"n": 1}
        again.ack()
        client = redis.Redis.from_url(redis_url)
        assert 0 < client.ttl("test-lost:unacked_mutex") <= broker.SWEEP_SECONDS
