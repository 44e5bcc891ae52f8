"""What an app knows about its own health: numbers for /readyz and /metrics.

    @gauge("inbox_oldest_seconds", "Age of the oldest event that waits, seconds", ready=True)
    def inbox_age() -> float: ...

A gauge is read at each request: keep it to one indexed query.
"""

import logging
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

log = logging.getLogger(__name__)

Read = Callable[[], float]


class Gauge(NamedTuple):
    """One number with a name."""

    name: str
    help: str
    read: Read
    ready: bool
    """Also shown by /readyz."""
    limit: float | None = None
    """Above it the product is not ready."""


_gauges: dict[str, Gauge] = {}


def gauge(
    name: str, help_text: str, *, ready: bool = False, limit: float | None = None
) -> Callable[[Read], Read]:
    """Register a function as a gauge; the name is a metric's, without the product's prefix."""

    def register(read: Read) -> Read:
        _gauges[name] = Gauge(name, help_text, read, ready, limit)
        return read

    return register


def late(values: dict[str, float]) -> list[str]:
    """Names of the gauges that are above their limit."""
    limits = {item.name: item.limit for item in _gauges.values() if item.limit is not None}
    return [name for name, value in values.items() if value > limits.get(name, value)]


def read(what: Literal["readyz", "metrics"]) -> Iterator[tuple[str, str, float]]:
    """(name, help, value) of every gauge; those of /readyz raise, a metric is left out."""
    for item in list(_gauges.values()):
        if what == "readyz":
            if item.ready:
                yield item.name, item.help, float(item.read())
            continue
        try:
            yield item.name, item.help, float(item.read())
        except Exception as error:
            log.warning("gauge %s cannot be read: %s", item.name, type(error).__name__)
