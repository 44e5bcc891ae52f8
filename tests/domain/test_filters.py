"""Inbound filters: networks and patterns against what they stand for, and the order of rules."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain import filters
from tracker.domain.event import Event
from tracker.domain.filters import Globs, Networks, Rules, rule_of
from tracker.domain.grouping.rules import Glob

ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6))
NETWORKS = st.builds(
    lambda ip, bits: f"{ip}/{min(bits, ip.max_prefixlen)}", ADDRESSES, st.integers(0, 128)
)


def _in_one(address: str, networks: list[str]) -> bool:
    """What `Networks.hold` promises, one network at a time."""
    ip = ip_address(address)
    mapped = getattr(ip, "ipv4_mapped", None)
    apart = [ip_network(network, strict=False) for network in networks]
    return any(ip in network or (mapped and mapped in network) for network in apart)


@given(st.lists(NETWORKS, max_size=6), ADDRESSES)
def test_an_address_is_in_networks_when_it_is_in_one(networks, ip):
    assert Networks.of(networks).hold(str(ip)) == _in_one(str(ip), networks)


@given(st.lists(NETWORKS, min_size=1, max_size=4), st.data())
def test_edges_of_networks_are_in_and_their_neighbours_decided_rightly(networks, data):
    chosen = ip_network(data.draw(st.sampled_from(networks)), strict=False)
    edge = data.draw(st.sampled_from((chosen.network_address, chosen.broadcast_address)))
    held = Networks.of(networks)
    assert held.hold(str(edge))
    if 0 < int(edge) < 2**edge.max_prefixlen - 1:
        for beside in (edge - 1, edge + 1):
            assert held.hold(str(beside)) == _in_one(str(beside), networks)


def test_an_ipv4_address_that_ipv6_wraps_is_in_the_ipv4_network():
    held = Networks.of(["10.0.0.0/8", "2001:db8::/32"])
    assert held.hold("::ffff:10.1.2.3")
    assert not held.hold("::ffff:11.1.2.3")
    assert not Networks.of(["::/0"]).hold("10.1.2.3")


def test_networks_of_two_zones_are_one():
    held = Networks.of(["fe80::%a/64", "fe80::%b/64", "fe80::1%a/128"])
    assert held.hold("fe80::7") and held.hold("fe80::7%c")
    assert not held.hold("fe80:0:0:1::1")


def test_what_is_no_network_or_no_address_holds_nothing():
    held = Networks.of(["nonsense", "", "10.0.0.0/99", " 10.0.0.1 "])
    assert held.hold("10.0.0.1")
    assert not any(map(held.hold, ("", "nonsense", "10.0.0", "unix:")))


@given(
    st.lists(st.text("aB*/\\. ", min_size=1, max_size=6), max_size=5),
    st.lists(st.text("aAbB/\\. ", max_size=8), max_size=3),
)
def test_patterns_match_as_each_of_them_does_alone(patterns, texts):
    lower = [text.lower().replace("\\", "/") for text in texts]
    alone = [Glob.of(p.strip()) for p in patterns if p.strip()]
    expected = any(glob.matches(text) for glob in alone for text in lower)
    assert Globs.of(patterns).match(texts) == expected


def test_no_pattern_spans_two_texts():
    assert not Globs.of(["a*b"]).match(["a", "b"])
    assert not Globs.of(["*"]).match([])
    assert Globs.of(["*"]).match([""])


def _event(message: str = "", release: str = "", platform: str = "python", **data: object) -> Event:
    return Event(
        event_id="0" * 32, timestamp=0.0, received=0.0, platform=platform, message=message, release=release,
        data=dict(data),
    )  # fmt: skip


ALL = Rules(
    browser_extensions=True, crawlers=True, localhost=True, releases=Globs.of(["shop@0.*"]),
    messages=Globs.of(["*timeout of *"]), networks=Networks.of(["198.51.100.0/24"]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("event", "address", "rule"),
    [
        (_event(), "198.51.100.7", filters.IP),
        (_event(request={"headers": [["User-Agent", "Googlebot/2.1"]]}), "", filters.CRAWLER),
        (_event(request={"url": "https://localhost:3000/x"}), "", filters.LOCALHOST),
        (_event(release="Shop@0.9.1"), "", filters.RELEASE),
        (_event(message="a Timeout of 5 s"), "", filters.MESSAGE),
        (_event(message="a Timeout of 5 s"), "198.51.100.7", filters.IP),
        (_event(message="no time", release="shop@1.0"), "203.0.113.9", ""),
    ],
)
def test_the_first_rule_that_an_event_falls_under_is_told(event, address, rule):
    assert rule_of(event, address, "", ALL) == rule
    assert not rule_of(event, address, "", Rules())
    assert ALL.any
    assert not Rules().any
