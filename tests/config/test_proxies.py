"""The client behind trusted proxies, and nobody's word otherwise."""

from dataclasses import dataclass
from ipaddress import ip_network

import pytest

from config.proxies import Peer, Proxies


@dataclass
class Scope:
    client: str
    scheme: str = "http"


PROXIES = Proxies([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


def headers(*forwarded: str, proto: str = "") -> list[tuple[str, str]]:
    lines = [("x-forwarded-for", value) for value in forwarded]
    return lines + ([("x-forwarded-proto", proto)] if proto else [])


def test_strangers_cannot_choose_their_address():
    said = headers("1.2.3.4", proto="https")
    assert PROXIES.peer(Scope("203.0.113.7:999"), said) == Peer("203.0.113.7", secure=False)
    assert Proxies([]).peer(Scope("10.0.0.1:999"), said) == Peer("10.0.0.1", secure=False)


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7"], "203.0.113.7"),
        (["6.6.6.6, 203.0.113.7, 10.1.1.1"], "203.0.113.7"),
        (["6.6.6.6", "203.0.113.7", "10.1.1.1"], "203.0.113.7"),
        (["203.0.113.7:51234"], "203.0.113.7"),
        (["[2001:db8::1]:51234"], "2001:db8::1"),
        (["2001:db8::1"], "2001:db8::1"),
        (["10.3.3.3, 10.2.2.2"], "10.3.3.3"),
        (["6.6.6.6, <script>"], "10.9.9.9"),
        (["unknown"], "10.9.9.9"),
        ([], "10.9.9.9"),
    ],
)
def test_the_last_address_that_is_not_ours_is_the_client(forwarded: list[str], address: str):
    assert PROXIES.peer(Scope("10.9.9.9:80"), headers(*forwarded)).address == address


def test_https_is_what_the_nearest_proxy_says():
    assert PROXIES.peer(Scope("10.9.9.9:80"), headers("1.1.1.1", proto="https")).secure
    assert not PROXIES.peer(Scope("10.9.9.9:80"), headers("1.1.1.1", proto="http")).secure
    assert PROXIES.peer(Scope("[fd00::1]:80"), headers("1.1.1.1", proto="https")).secure


def test_ipv4_inside_ipv6_is_unwrapped():
    assert PROXIES.peer(Scope("[::ffff:10.0.0.1]:80"), headers("9.9.9.9")).address == "9.9.9.9"
