"""The timer as a process of its own: Celery's beat without Django, half as large.

It keeps no state: every timed task tolerates to run twice or late.
"""

import logging.config
import signal
import sys
from typing import Any

from celery import Celery
from celery.beat import Scheduler, Service

from config import broker, settings
from config.env import BadSetting
from config.pulse import EVERY, pulse_file
from config.schedule import configuration


class PulsingScheduler(Scheduler):
    """Leaves a sign of life at every look at its timers."""

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due; the seconds until the next look."""
        if path := pulse_file():
            path.touch()
        return super().tick(*args, **kwargs)


def make_service() -> Service:
    """Beat over the table's timers."""
    broker.install()
    app = Celery("emberwatch-beat", fixups=[], set_as_current=False)
    app.conf.update(configuration(settings.REDIS_URL, settings.REDIS_PREFIX))
    app.finalize()
    return Service(app, scheduler_cls=PulsingScheduler, max_interval=int(EVERY))


def main() -> int:
    """Beat until a signal."""
    logging.config.dictConfig(settings.LOGGING)
    service = make_service()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: sys.exit(0))  # it sleeps until its next beat
    service.start()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BadSetting as error:
        sys.exit(f"emberwatch: {error}")
