"""The Celery application of workers and of whoever enqueues; the table is config/schedule.py."""

import gc
import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning  # type: ignore[attr-defined]
from celery.signals import setup_logging, task_postrun, worker_init, worker_process_init

from config import broker
from config.pulse import Pulse
from config.run.children import die_with_parent
from config.schedule import configuration

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# Celery warns root about pickle, which is not accepted here.
warnings.filterwarnings("ignore", category=SecurityWarning)
broker.install()
app = Celery("emberwatch")
app.set_default()  # "current" is per thread: those that ring bells must not meet a default app


@app.on_configure.connect
def _configure(sender: Any = None, **_kwargs: Any) -> None:
    from django.conf import settings  # only when Celery is used

    sender.conf.update(configuration(settings.REDIS_URL, settings.REDIS_PREFIX))


@setup_logging.connect
def _keep_logging(**_kwargs: Any) -> None:
    """Django's LOGGING stands: Celery adds no handlers of its own."""


app.steps["worker"].add(Pulse)


@worker_init.connect
def _share_memory(**_kwargs: Any) -> None:
    """What was imported before the fork stays shared if no collection touches it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)  # an event is thousands of objects, none of them in a cycle


_children: set[int] = set()


@worker_process_init.connect
def _tie_to_parent(**_kwargs: Any) -> None:
    from django.db.backends.signals import connection_created

    die_with_parent()
    _children.add(os.getpid())
    connection_created.connect(_plan_for_what_comes)


def _plan_for_what_comes(**_kwargs: Any) -> None:
    """A plan that is kept knows neither how long arrays are nor which day's partition is meant."""
    from tracker.sql import run

    run("SELECT set_config('plan_cache_mode', 'force_custom_plan', false)").fetchall()


@task_postrun.connect
def _hang_up(sender: Any = None, **_kwargs: Any) -> None:
    """Threads keep no connection between tasks: eight idle ones take the server's memory.

    A digest's children keep theirs for some time (config/schedule.py): in a fresh one each batch
    would have all its statements planned anew.
    """
    from tracker.sql import hang_up  # only once Django is set up

    if os.getpid() not in _children and not sender.request.is_eager:
        hang_up()


app.autodiscover_tasks(["tracker", "ingest", "alerts"])
