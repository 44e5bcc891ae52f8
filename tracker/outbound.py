"""The outbound guard: which addresses of the network a request of ours may go to.

Whoever writes an address (of a channel, of a repository) need not be trusted with the
network that this server stands in. So a name is resolved once, refused if ANY of its
addresses is not public, and the caller connects to the very address that was checked.
EMBERWATCH_OUTBOUND_ALLOW names exceptions: hosts, addresses or networks, each with an
optional `:port`.

    OutboundError
    ├── Unresolved      the name leads nowhere, or not in time
    └── Refused         it leads where nothing of ours may go
"""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from django.conf import settings
from msgspec import Struct

CONNECT_SECONDS = 5.0

Address = IPv4Address | IPv6Address

# Our own table: what Python calls private differs between its versions.
_INNER_V4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
        "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_GLOBAL_V6 = IPv6Network("2000::/3")
# Special purposes, documentation, 6to4 and Teredo, which may hide an inner IPv4 address.
_INNER_V6 = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_resolver = ThreadPoolExecutor(max_workers=16, thread_name_prefix="resolve")


class OutboundError(Exception):
    """Base; `str()` is one sentence for the page or log that asked."""


class Unresolved(OutboundError):
    """The name leads nowhere, or not in time."""


class Refused(OutboundError):
    """It leads where nothing of ours may go."""


class Allowed(Struct, frozen=True):
    """One exception to the guard."""

    host: str = ""
    network: IPv4Network | IPv6Network | None = None
    port: int | None = None

    def covers(self, host: str, address: Address, port: int) -> bool:
        """Whether it lets this address of this host pass."""
        if self.port is not None and self.port != port:
            return False
        if self.network is None:
            return self.host == host
        return address.version == self.network.version and address in self.network


def is_public(address: Address) -> bool:
    """Whether an address belongs to the open internet and hides no other."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _INNER_V4)
    # v4-mapped (::ffff:0:0/96) and NAT64 (64:ff9b::/96) lie outside 2000::/3.
    return address in _GLOBAL_V6 and not any(address in network for network in _INNER_V6)


def allowed(entries: tuple[str, ...]) -> tuple[Allowed, ...]:
    """Read the exceptions: `hooks.lan`, `10.0.0.0/8`, `10.1.2.3:8080`, `[::1]:9000`."""
    return tuple(_allowed(entry.strip().lower()) for entry in entries if entry.strip())


def resolve(host: str, port: int) -> tuple[Address, ...]:
    """Every address of a host, within 5 s. Raises Unresolved."""
    pending = _resolver.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = pending.result(CONNECT_SECONDS)
    except FutureTimeout:
        pending.cancel()
        raise Unresolved(f"{host} was not resolved within {CONNECT_SECONDS:.0f} s") from None
    except (OSError, UnicodeError) as error:
        raise Unresolved(f"{host} does not resolve: {_short(error)}") from None
    addresses = dict.fromkeys(ip_address(str(info[4][0]).partition("%")[0]) for info in found)
    if not addresses:
        raise Unresolved(f"{host} has no address")
    return tuple(addresses)


def judge(host: str, port: int, addresses: Sequence[Address], ports: Collection[int]) -> bool:
    """Whether an exception was needed; `ports` are those that need none. Raises Refused."""
    exceptions = _exceptions()
    needed = False
    for address in addresses:
        excepted = any(each.covers(host, address, port) for each in exceptions)
        if not is_public(address) and not excepted:
            where = "" if host == str(address) else f"leads to {address}, which "
            raise Refused(
                f"{host} {where}is not a public address; EMBERWATCH_OUTBOUND_ALLOW can allow it"
            )
        if port not in ports and not excepted:
            listed = " or ".join(str(number) for number in sorted(ports))
            raise Refused(f"port {port} is not {listed}; EMBERWATCH_OUTBOUND_ALLOW can allow it")
        needed = needed or excepted
    return needed


def _exceptions() -> tuple[Allowed, ...]:
    return allowed(tuple(str(entry) for entry in settings.EMBERWATCH_OUTBOUND_ALLOW))


@lru_cache(maxsize=256)
def _allowed(entry: str) -> Allowed:
    matched = re.fullmatch(r"\[([^\]]+)\](?::(\d{1,5}))?|([^:]+):(\d{1,5})", entry)
    name, port = entry, None
    if matched:
        name = matched[1] or matched[3]
        port = int(matched[2] or matched[4]) if matched[2] or matched[4] else None
    try:
        return Allowed(network=ip_network(name, strict=False), port=port)
    except ValueError:
        return Allowed(host=name, port=port)


def _short(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error.__class__.__name__)[:200]
