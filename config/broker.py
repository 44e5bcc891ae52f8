"""Celery's Redis transport without Lua: the embedded Redis has scripting switched off.

kombu scripts two things: bindings of queues that expire (only remote control has
such queues; ours is off) and the release of the mutex around its sweep for
forgotten messages.  Here that mutex is left to expire instead.
"""

import functools
from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as kombu_redis
from redis.lock import Lock

SWEEP_SECONDS = 10
"""How long the mutex lives, so how often forgotten messages are looked for at most."""


class ExpiringLock(Lock):
    """A lock that nobody releases before its time; taking it needs no script."""

    def register_scripts(self) -> None:
        """None are used."""

    def do_release(self, expected_token: Any) -> None:
        """Leave it to expire."""


class Client(kombu_redis.PrefixedStrictRedis):
    """kombu's client with our lock."""

    def lock(self, *args: Any, **kwargs: Any) -> Any:
        """A lock for its time-out's seconds."""
        return super().lock(*args, **{**kwargs, "lock_class": ExpiringLock})


class Channel(kombu_redis.Channel):
    """kombu's channel with our client."""

    unacked_mutex_expire = SWEEP_SECONDS

    def _get_client(self) -> Any:
        super()._get_client()  # type: ignore[misc] # it checks versions
        return functools.partial(Client, global_keyprefix=self.global_keyprefix)


class Transport(kombu_redis.Transport):
    """kombu's transport with our channel."""

    Channel = Channel


def install() -> None:
    """Make `redis://`, `rediss://` and `redis+socket://` mean this transport in this process."""
    for scheme in ("redis", "rediss", "redis+socket"):
        if scheme in TRANSPORT_ALIASES:
            TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
