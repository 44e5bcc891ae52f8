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


@task_postrun.connect
def _hang_up(sender: Any = None, **_kwargs: Any) -> None:
    """Threads keep no connection between tasks: eight idle ones take the server's memory."""
    from tracker.sql import hang_up  # only once Django is set up

    if not sender.request.is_eager:
        hang_up()


@worker_process_init.connect
def _begin_as_child(**_kwargs: Any) -> None:
    """A digest's children keep their connection for some time (config/schedule.py): in a fresh
    one each batch would meet a server process that knows nothing.
    """
    from django.db.backends.signals import connection_created

    from tracker.sql import plan_for_values

    die_with_parent()
    task_postrun.disconnect(_hang_up)
    connection_created.connect(lambda **_kwargs: plan_for_values(), weak=False)


app.autodiscover_tasks(["tracker", "ingest", "alerts"])
