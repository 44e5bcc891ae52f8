"""Where a repository may lie, and how its address is checked before every fetch.

https, ssh (also `git@host:path`), http only to hosts that EMBERWATCH_OUTBOUND_ALLOW names,
file only below EMBERWATCH_GIT_FOLDERS. The name is resolved once and git is told to connect
to the address that was checked.

    AddressError        `str()` is one sentence for the page
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from msgspec import Struct

from tracker import outbound

PORTS = {"https": frozenset({443}), "http": frozenset({80}), "ssh": frozenset({22, 443})}
USUAL = {"https": 443, "http": 80, "ssh": 22}
_SCP = re.compile(r"(?:(?P<user>[\w.-]+)@)?(?P<host>[\w.-]+|\[[0-9A-Fa-f:.]+\]):(?P<path>[^:].*)")


class AddressError(Exception):
    """No repository of ours can lie there."""


class Address(Struct, frozen=True):
    """A repository's address, taken apart."""

    scheme: str
    """https, http, ssh or file."""
    host: str
    port: int
    user: str
    path: str
    short: bool = False
    """Written as `git@host:path`, whose path begins at the user's home."""

    @property
    def url(self) -> str:
        """As git is given it; holds no credential."""
        if self.scheme == "file":
            return f"file://{self.path}"
        if self.short:
            return f"{self.user}@{self.host}:{self.path}"
        user = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port == USUAL[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{user}{host}{port}/{self.path.lstrip('/')}"


class Reached(Struct, frozen=True):
    """An address whose host was resolved and found permitted."""

    address: Address
    numbers: tuple[str, ...] = ()
    """Addresses of the host; none for a folder."""


def read(text: str) -> Address:
    """Take an address apart. Raises AddressError."""
    text = text.strip()
    if not text or len(text) > 500 or re.search(r"[\x00-\x20\x7f\\]", text):
        raise AddressError("Give an address without spaces, of at most 500 characters.")
    if text.startswith("-"):
        raise AddressError("An address does not begin with a dash.")
    if "://" not in text:
        found = _SCP.fullmatch(text)
        if not found:
            raise AddressError("Give an address like https://host/path, or git@host:path.")
        host = _host(found["host"])
        if not host or ":" in host:
            raise AddressError("Give an inner IPv6 address as ssh://git@[address]/path.")
        return Address("ssh", host, 22, found["user"] or "git", found["path"], short=True)
    try:
        parts = urlsplit(text)
        port = parts.port
        host = _host(parts.hostname or "")
    except ValueError:
        raise AddressError("The address can't be read.") from None
    if parts.query or parts.fragment:
        raise AddressError("An address of a repository has no ? and no #.")
    if parts.scheme == "file":
        return _folder(parts.netloc, parts.path)
    if parts.scheme not in USUAL or not host or len(parts.path) < 2:
        raise AddressError("Give an address like https://host/path, ssh://git@host/path.")
    if parts.password is not None or (parts.username and parts.scheme != "ssh"):
        raise AddressError("The address holds a user or a password: give the token below.")
    user = parts.username or ("git" if parts.scheme == "ssh" else "")
    if user and not re.fullmatch(r"[\w.][\w.-]*", user, re.ASCII):
        raise AddressError("The user in the address can't be read.")
    return Address(parts.scheme, host, port or USUAL[parts.scheme], user, parts.path)


def reach(text: str) -> Reached:
    """Judge an address now, before git is given it. Raises AddressError."""
    address = read(text)
    if address.scheme == "file":
        return Reached(Address("file", "", 0, "", str(_permitted(address.path))))
    try:
        numbers = outbound.resolve(address.host, address.port)
        excepted = outbound.judge(address.host, address.port, numbers, PORTS[address.scheme])
    except outbound.OutboundError as error:
        raise AddressError(f"{str(error)[:1].upper()}{str(error)[1:]}.") from None
    if address.scheme == "http" and not excepted:
        raise AddressError(
            "http sends code and tokens in the clear: use https, or name the host in "
            "EMBERWATCH_OUTBOUND_ALLOW."
        )
    return Reached(address, tuple(map(str, numbers)))


def _host(text: str) -> str:
    try:
        host = text.strip("[]").encode("idna").decode().rstrip(".").lower()
    except UnicodeError:
        raise AddressError("The host's name can't be read.") from None
    if host.startswith("-") or not re.fullmatch(r"[\w.:-]*", host, re.ASCII):
        raise AddressError("The host's name can't be read.")
    return host


def _folder(host: str, path: str) -> Address:
    if host not in ("", "localhost") or not path.startswith("/"):
        raise AddressError("Give a folder of this machine as file:///folder/name.git.")
    return Address("file", "", 0, "", unquote(path))


def _permitted(path: str) -> Path:
    """The folder, if the instance lets repositories lie there. Raises AddressError."""
    roots: Sequence[str] = settings.EMBERWATCH_GIT_FOLDERS
    if not roots:
        raise AddressError(
            "Folders of this machine are read only below EMBERWATCH_GIT_FOLDERS, which is not set."
        )
    try:
        real = Path(path).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):
        raise AddressError("There is no such folder on this machine.") from None
    if not any(real.is_relative_to(Path(root).resolve()) for root in roots):
        raise AddressError("This folder does not lie below EMBERWATCH_GIT_FOLDERS.")
    return real
