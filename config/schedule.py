"""Every queue, route and timer of the product, in one table; needs no Django.

Redis carries wake-ups only (ids, JSON): losing all of it delays work until the
next sweep and loses nothing.
"""

from dataclasses import dataclass
from typing import Any

DIGEST = "digest"
"""Prefork, a child per core: bytes to issues."""
IO = "io"
"""Threads: deliveries, sweeps, upkeep; receivers that hang must not slow the digest."""


@dataclass(frozen=True)
class Task:
    """One line of the table."""

    name: str
    queue: str
    every: float | None = None
    """Seconds between beats; None: only on demand."""


TABLE = (
    Task("ingest.tasks.digest", DIGEST),
    Task("ingest.tasks.sweep", IO, every=15),
    Task("ingest.tasks.watch_monitors", IO, every=30),
    Task("ingest.tasks.watch_quotas", IO, every=60),
    Task("ingest.tasks.tidy", IO, every=3600),
    Task("ingest.tasks.remap", IO, every=30),
    Task("ingest.tasks.compare", IO, every=600),
    Task("alerts.tasks.evaluate", IO),
    Task("alerts.tasks.deliver", IO),
    Task("alerts.tasks.release", IO),
    Task("alerts.tasks.tickets", IO),
    Task("alerts.tasks.count", IO, every=60),
    Task("alerts.tasks.sweep", IO, every=30),
    Task("tracker.tasks.escalate", IO, every=60),
    Task("tracker.tasks.move", IO, every=10),
    Task("tracker.tasks.assemble", IO, every=10),
    Task("tracker.tasks.tidy_uploads", IO, every=3600),
    Task("tracker.tasks.retain", IO, every=3600),
    Task("tracker.tasks.train", IO, every=10),
    Task("tracker.tasks.partitions", IO, every=3600),
    Task("tracker.tasks.age_substatus", IO, every=3600),
    Task("tracker.tasks.bulk", IO, every=5),
    Task("tracker.tasks.wake", IO, every=20),
    Task("tracker.tasks.score_fresh", IO, every=120),
    Task("tracker.tasks.score", IO, every=300),
    Task("tracker.tasks.follow_days", IO, every=3600),
    Task("tracker.tasks.resolve_quiet", IO, every=3600),
    Task("tracker.tasks.fetch_code", IO, every=20),
    Task("tracker.tasks.tidy_code", IO, every=3600),
    Task("tracker.tasks.suspect", IO, every=20),
)

VISIBILITY = 300
"""Seconds until an unacknowledged wake-up is given to another worker; no ETA may exceed it."""
KEPT_TASKS = 1_000
"""Tasks after which a worker's connection to the database is renewed: what it remembers grows."""
DIGEST_LIMIT = 45
"""Seconds a digest may take: below its claim's lease of 60."""


def broker_url(redis_url: str) -> str:
    """A Redis address as kombu writes it: unix sockets have their own scheme."""
    if not redis_url.startswith("unix://"):
        return redis_url
    path, _, query = redis_url.removeprefix("unix://").partition("?")
    number = query.removeprefix("db=") or "0"
    return f"redis+socket://{path}?virtual_host={number}"


def configuration(redis_url: str, prefix: str) -> dict[str, Any]:
    """Celery's settings for one Redis."""
    return {
        "broker_url": broker_url(redis_url),
        "broker_transport_options": {
            "global_keyprefix": prefix,
            "visibility_timeout": VISIBILITY,
            "socket_timeout": 30,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
        },
        "CELERY_DB_REUSE_MAX": KEPT_TASKS,  # Celery's name for it; else each task has its own
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "result_backend": None,
        "task_ignore_result": True,
        "task_store_errors_even_if_ignored": False,
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "worker_send_task_events": False,
        "worker_enable_remote_control": False,
        "task_send_sent_event": False,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "task_default_queue": IO,
        "task_routes": {task.name: {"queue": task.queue} for task in TABLE},
        "task_annotations": {"ingest.tasks.digest": {"time_limit": DIGEST_LIMIT}},
        "timezone": "UTC",
        "enable_utc": True,
        "beat_schedule": {
            # A beat missed (no worker) must not pile up: the message expires with the next.
            task.name: {
                "task": task.name,
                "schedule": task.every,
                "options": {"queue": task.queue, "expires": task.every},
            }
            for task in TABLE
            if task.every is not None
        },
    }
