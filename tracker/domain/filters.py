"""Inbound filters: which of a project's rules an event falls under. Pure."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from tracker.domain.event import Event
from tracker.domain.grouping.rules import Glob
from tracker.domain.titles import title_of

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


class Rules(Struct, frozen=True):
    """The filters of a project, made ready."""

    browser_extensions: bool = False
    crawlers: bool = False
    localhost: bool = False
    releases: tuple[Glob, ...] = ()
    messages: tuple[Glob, ...] = ()
    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is anything to look at."""
        return bool(
            self.browser_extensions or self.crawlers or self.localhost
            or self.releases or self.messages or self.networks
        )  # fmt: skip


def networks_of(texts: Iterable[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of texts; those that are none are left out."""
    found = []
    for text in texts:
        try:
            found.append(ip_network(text.strip(), strict=False))
        except ValueError:
            continue
    return tuple(found)


def rule_of(event: Event, client_ip: str, agent: str, rules: Rules) -> str:
    """The first rule that stops an event; "" when none does."""
    if rules.networks and _is_in(client_ip, rules.networks):
        return IP
    if rules.browser_extensions and _of_extension(event):
        return EXTENSION
    if rules.crawlers and _of_crawler(event, agent):
        return CRAWLER
    if rules.localhost and _of_localhost(event, client_ip):
        return LOCALHOST
    if event.release and _any(rules.releases, event.release):
        return RELEASE
    if rules.messages and _said(event, rules.messages):
        return MESSAGE
    return ""


def globs_of(texts: Iterable[str]) -> tuple[Glob, ...]:
    """Patterns made ready; empty ones are left out."""
    return tuple(Glob.of(text.strip()) for text in texts if text.strip())


def _any(globs: Iterable[Glob], text: str) -> bool:
    text = text[:_LONGEST].lower().replace("\\", "/")
    return any(glob.matches(text) for glob in globs)


def _is_in(address: str, networks: Iterable[IPv4Network | IPv6Network]) -> bool:
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return any(ip in network or (mapped and mapped in network) for network in networks)


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


def _said(event: Event, globs: tuple[Glob, ...]) -> bool:
    texts = {event.message, title_of(event).title}
    for error in event.exceptions:
        texts |= {error.value, f"{error.type}: {error.value}"}
    return any(_any(globs, text) for text in texts if text)


def _header(data: dict[str, Any], name: str) -> str:
    request = data.get("request")
    headers = request.get("headers") if isinstance(request, dict) else None
    pairs = headers.items() if isinstance(headers, dict) else headers
    for pair in pairs if pairs is not None else ():
        if isinstance(pair, list | tuple) and len(pair) == 2 and str(pair[0]).lower() == name:
            return str(pair[1])
    return ""
