"""Thin typed layer over django-environ: every knob is read here, and a bad value stops the start.

    BadSetting      one sentence: which variable, what it is, what is allowed

Values of secrets (keys, URLs with passwords) are never repeated in a message.
"""

import os
import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off", ""}
LOOPBACK_HOSTS = {"localhost", "127.0.0.1", "::1"}

Network = IPv4Network | IPv6Network


class BadSetting(ImproperlyConfigured):
    """A variable holds what it may not; `str()` is one sentence for the operator."""


@dataclass(frozen=True)
class Origin:
    """A web address without a path: scheme, host and port."""

    scheme: str
    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (f":{self.port}" if self.port else "")

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can be meant."""
        return self.host in LOOPBACK_HOSTS


class Env:
    """Typed look-ups in a mapping of variables (by default the process's own).

    An empty variable counts as unset.
    """

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self._env = environ.Env()
        source = os.environ if variables is None else dict(variables)
        self._env.ENVIRON = cast("MutableMapping[str, str]", source)

    def text(self, name: str, default: str = "") -> str:
        """The value as it stands, or the default. Raises BadSetting on control characters."""
        value = cast("str", self._env.str(name, default="")).strip() or default
        if any(ord(char) < 32 for char in value):
            raise BadSetting(f"{name} holds a control character: give one line of plain text.")
        return value

    def number(self, name: str, default: int, *, low: int, high: int) -> int:
        """A whole number from `low` to `high`. Raises BadSetting."""
        value = self.text(name)
        if not value:
            return default
        if not re.fullmatch(r"-?\d{1,12}", value, re.ASCII) or not low <= int(value) <= high:
            raise BadSetting(f"{name} is {value!r}: give a whole number from {low} to {high}.")
        return int(value)

    def flag(self, name: str, default: bool) -> bool:
        """Yes or no. Raises BadSetting."""
        value = self.text(name).lower()
        if not value:
            return default
        if value not in TRUE | FALSE:
            raise BadSetting(f"{name} is {value!r}: give true or false.")
        return value in TRUE

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        """One of a few words. Raises BadSetting."""
        value = self.text(name, default)
        if value not in allowed:
            raise BadSetting(f"{name} is {value!r}: give one of {', '.join(allowed)}.")
        return value

    def words(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A list, separated by commas."""
        value = self.text(name)
        if not value:
            return default
        return tuple(word.strip() for word in value.split(",") if word.strip())

    def origin(self, name: str, default: str) -> Origin:
        """An http or https address without a path. Raises BadSetting."""
        value = self.text(name, default)
        message = f"{name} is {value!r}: give an address like https://errors.example.com."
        try:
            parts = urlsplit(value)
            port = parts.port
        except ValueError:
            raise BadSetting(message) from None
        odd = parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc
        if parts.scheme not in {"http", "https"} or not parts.hostname or odd:
            raise BadSetting(message)
        if not re.fullmatch(r"[a-z0-9.:_-]+", parts.hostname, re.ASCII):
            raise BadSetting(message)
        return Origin(parts.scheme, parts.hostname, port)

    def networks(self, name: str) -> tuple[Network, ...]:
        """IP addresses and networks, separated by commas. Raises BadSetting."""
        return tuple(self._network(name, word) for word in self.words(name))

    def _network(self, name: str, word: str) -> Network:
        try:
            return ip_network(word)
        except ValueError:
            raise BadSetting(
                f"{name} holds {word!r}: give addresses or networks like 10.0.0.0/8, "
                "separated by commas."
            ) from None

    def database(self, name: str) -> dict[str, Any] | None:
        """A PostgreSQL address as Django's settings, None when unset. Raises BadSetting."""
        value = self.text(name)
        if not value:
            return None
        message = f"{name} cannot be read: give postgresql://user:password@host:5432/name."
        if not re.match(r"(postgres|postgresql|pgsql)://", value):
            raise BadSetting(message)
        try:
            parsed = dict(cast("dict[str, Any]", self._env.db_url_config(value)))
        except Exception:  # the parser's own message may repeat the password
            raise BadSetting(message) from None
        if not parsed.get("NAME"):
            raise BadSetting(message)
        # libpq's way to name a socket's folder: postgresql://user@%2Fvar%2Frun/name
        parsed["HOST"] = unquote(parsed.get("HOST") or "")
        parsed["ENGINE"] = "django.db.backends.postgresql"
        return parsed

    def redis(self, name: str) -> str:
        """A Redis address, "" when unset. Raises BadSetting."""
        value = self.text(name)
        if value and not re.match(r"(rediss?|unix)://.+", value):
            raise BadSetting(
                f"{name} cannot be read: give redis://:password@host:6379/0, rediss:// or unix://."
            )
        return value

    def mail(self, name: str) -> dict[str, Any]:
        """SMTP settings of a URL, {} when unset. Raises BadSetting."""
        value = self.text(name)
        if not value:
            return {}
        message = f"{name} cannot be read: give smtp://user:password@host:587, smtp+tls:// or smtp+ssl://."
        if not re.match(r"smtps?(\+(tls|ssl))?://", value):
            raise BadSetting(message)
        try:
            parsed = dict(cast("dict[str, Any]", self._env.email_url_config(value)))
        except Exception:  # the parser's own message may repeat the password
            raise BadSetting(message) from None
        if not parsed.get("EMAIL_HOST"):
            raise BadSetting(message)
        return parsed

    def data_folder(self, base: Path) -> Path:
        """EMBERWATCH_DATA as an absolute path (default: `var` beside manage.py)."""
        return (base / Path(self.text("EMBERWATCH_DATA", "var")).expanduser()).absolute()


def require(name: str, modules: tuple[str, ...], command: str) -> None:
    """Make sure that what a variable asks for can be imported. Raises BadSetting."""
    missing = [module for module in modules if not _is_there(module)]
    if missing:
        raise BadSetting(
            f"{name} is set, but {' and '.join(missing)} can't be imported: install it with"
            f" `{command}`, or take {name} away."
        )


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ValueError:  # it was imported, and taken out again
        return False


def read_secret(path: Path) -> str:
    """The first line of a secret's file, "" when it is not there (yet)."""
    try:
        return path.read_text(encoding="ascii").strip()
    except (FileNotFoundError, NotADirectoryError):
        return ""
