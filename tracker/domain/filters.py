"""Inbound filters: which of a project's rules an event falls under. Pure."""

import re
from bisect import bisect_right
from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from tracker.domain.event import Event
from tracker.domain.grouping.rules import Glob
from tracker.domain.titles import headline_of

EXTENSION, CRAWLER, LOCALHOST, RELEASE, MESSAGE, IP = (
    "browser_extension", "crawler", "localhost", "release", "message", "ip",
)  # fmt: skip
"""Names of the rules, in the order they are tried; the ledger counts under them."""

_EXTENSION_ADDRESS = re.compile(
    r"^(?:chrome|moz|safari|safari-web|ms-browser)-extension://|^webkit-masked-url:|"
    r"^chrome://|resource://gre/|extensions/|127\.0\.0\.1:4001/isrunning",
    re.IGNORECASE,
)
_EXTENSION_WORDS = (
    "top.GLOBALS",
    "originalCreateNotification",
    "canvas.contentDocument",
    "MyApp_RemoveAllHighlights",
    "atomicFindClose",
    "conduitPage",
    "fb_xd_fragment",
    "miscellaneous_bindings",
    "plugin.setSuspendState is not a function",
    "Extension context invalidated",
    "webkit-masked-url:",
    "EBCallBackMessageReceived",
    "null is not an object (evaluating 'elt.parentNode')",
    "Error: Not implemented: chrome.runtime",
)
_CRAWLER = re.compile(
    r"bot\b|bot[/;_-]|crawl|spider|slurp|mediapartners|bingpreview|facebookexternalhit|"
    r"headlesschrome|lighthouse|pingdom|uptimerobot|archive\.org|feedfetcher|embedly|"
    r"google-read-aloud|yandex(?:images|metrika)|ia_archiver|python-requests|phantomjs",
    re.IGNORECASE,
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104 - names, not a bind
_LONGEST = 8192
_OF_IPV4 = 1 << 128
"""Added to numbers of IPv4 addresses, so that they lie beyond all of IPv6."""


class Networks(Struct, frozen=True):
    """Ranges of addresses, as numbers: in order, and none overlaps another."""

    starts: tuple[int, ...] = ()
    ends: tuple[int, ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Networks":
        """The networks of texts; those that are none are left out."""
        found: list[tuple[int, int]] = []
        for text in texts:
            with suppress(ValueError):
                network = ip_network(text.strip(), strict=False)
                found.append((_number(network.network_address), _number(network.broadcast_address)))
        ranges: list[tuple[int, int]] = []
        for start, end in sorted(found):
            if ranges and start <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(ranges[-1][1], end))
            else:
                ranges.append((start, end))
        return cls(tuple(start for start, _ in ranges), tuple(end for _, end in ranges))

    def hold(self, address: str) -> bool:
        """Whether an address is in one of them; an IPv4 one also where IPv6 wraps it."""
        for number in _numbers(address):
            place = bisect_right(self.starts, number)
            if place and number <= self.ends[place - 1]:
                return True
        return False


class Globs(Struct, frozen=True):
    """Patterns of which any may match, each with its longest part: few texts have one of these."""

    patterns: tuple[tuple[str, Glob], ...] = ()

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Globs":
        """Patterns made ready; empty ones are left out."""
        globs = [Glob.of(text.strip()) for text in texts if text.strip()]
        return cls(tuple((max(glob.parts, key=len), glob) for glob in globs))

    def match(self, texts: Iterable[str]) -> bool:
        """Whether one of them matches the whole of one of the texts."""
        lower = [text[:_LONGEST].lower().replace("\\", "/") for text in texts]
        told = "\0".join(lower)
        for longest, glob in self.patterns:
            if longest in told and any(map(glob.matches, lower)):
                return True
        return False


class Rules(Struct, frozen=True):
    """The filters of a project, made ready."""

    browser_extensions: bool = False
    crawlers: bool = False
    localhost: bool = False
    releases: Globs = Globs()
    messages: Globs = Globs()
    networks: Networks = Networks()

    @property
    def any(self) -> bool:
        """Whether there is anything to look at."""
        return bool(
            self.browser_extensions or self.crawlers or self.localhost
            or self.releases.patterns or self.messages.patterns or self.networks.starts
        )  # fmt: skip


def rule_of(event: Event, client_ip: str, agent: str, rules: Rules) -> str:
    """The first rule that stops an event; "" when none does."""
    if rules.networks.starts and rules.networks.hold(client_ip):
        return IP
    if rules.browser_extensions and _of_extension(event):
        return EXTENSION
    if rules.crawlers and _of_crawler(event, agent):
        return CRAWLER
    if rules.localhost and _of_localhost(event, client_ip):
        return LOCALHOST
    if event.release and rules.releases.match((event.release,)):
        return RELEASE
    if rules.messages.patterns and rules.messages.match(_said(event)):
        return MESSAGE
    return ""


@lru_cache(maxsize=4096)
def _numbers(address: str) -> tuple[int, ...]:
    """The numbers an address goes by; none for a text that is no address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ()
    mapped = getattr(ip, "ipv4_mapped", None)
    return (_number(ip),) if mapped is None else (_number(ip), _number(mapped))


def _number(ip: IPv4Address | IPv6Address) -> int:
    return int(ip) + _OF_IPV4 if ip.version == 4 else int(ip)


def _of_extension(event: Event) -> bool:
    if event.platform not in {"javascript", "other"} and event.type != "csp":
        return False
    for error in event.exceptions:
        if any(word in error.value for word in _EXTENSION_WORDS):
            return True
        if any(_EXTENSION_ADDRESS.search(f.abs_path or f.filename) for f in error.frames[-1:]):
            return True
    return False


def _of_crawler(event: Event, agent: str) -> bool:
    told = _header(event.data, "user-agent")
    if not told and event.platform == "javascript":
        told = agent
    return bool(told) and _CRAWLER.search(told[:512]) is not None


def _of_localhost(event: Event, client_ip: str) -> bool:
    request = event.data.get("request")
    url = request.get("url") if isinstance(request, dict) else None
    if isinstance(url, str) and url:
        try:
            host = urlsplit(url).hostname or ""
        except ValueError:
            host = ""
        return host in _LOCAL or host.endswith(".localhost")
    return event.platform == "javascript" and client_ip in _LOCAL


def _said(event: Event) -> set[str]:
    """What an event says of itself: what filters of messages are held against."""
    texts = {event.message, headline_of(event)}
    for error in event.exceptions:
        texts |= {error.value, f"{error.type}: {error.value}"}
    texts.discard("")
    return texts


def _header(data: dict[str, Any], name: str) -> str:
    request = data.get("request")
    headers = request.get("headers") if isinstance(request, dict) else None
    pairs = headers.items() if isinstance(headers, dict) else headers
    for pair in pairs if pairs is not None else ():
        if isinstance(pair, list | tuple) and len(pair) == 2 and str(pair[0]).lower() == name:
            return str(pair[1])
    return ""
