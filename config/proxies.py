"""Who really asks: the client's address behind proxies that we were told to trust."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Protocol

from config.env import Network

Address = IPv4Address | IPv6Address


@dataclass(frozen=True)
class Peer:
    """The other end."""

    address: str
    """IP address as text."""
    secure: bool
    """Whether the client came by https."""


class HasClient(Protocol):
    """The part of a request's scope that is read here."""

    client: str
    scheme: str


class Proxies:
    """Reads `X-Forwarded-For` and `-Proto`, from trusted neighbours only."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self.trusted = tuple(trusted)

    def peer(self, scope: HasClient, headers: Sequence[tuple[str, str]]) -> Peer:
        """The client: the last address of the chain that is not one of our proxies."""
        neighbour = scope.client.rpartition(":")[0].strip("[]")
        secure = scope.scheme == "https"
        if not self.trusted or not self._trusts(neighbour):
            return Peer(neighbour, secure)
        chain = [
            part.strip()
            for name, value in headers
            if name == "x-forwarded-for"
            for part in value.split(",")
        ]
        protos = [value.strip().lower() for name, value in headers if name == "x-forwarded-proto"]
        secure = secure or protos[-1:] == ["https"]
        for word in reversed(chain):
            address = _parse(word)
            if address is None:
                break  # a proxy of ours never writes that: trust nothing before it
            neighbour = str(address)
            if not self._contains(address):
                break
        return Peer(neighbour, secure)

    def _trusts(self, text: str) -> bool:
        address = _parse(text)
        return address is not None and self._contains(address)

    def _contains(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)


def _parse(text: str) -> Address | None:
    """An address with or without a port, an IPv4 one unwrapped from IPv6."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
