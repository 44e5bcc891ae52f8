"""Single values of an event: numbers, levels, identifiers, releases, moments."""

import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from tracker.domain.event import LEVELS

_LEVEL_WORDS = {
    **{name: name for name in LEVELS},
    "log": "info",
    "critical": "fatal",
    "crit": "fatal",
    "alert": "fatal",
    "emergency": "fatal",
    "emerg": "fatal",
    "panic": "fatal",
    "warn": "warning",
    "err": "error",
    "notice": "info",
    "information": "info",
    "trace": "debug",
    "verbose": "debug",
    "sample": "info",
}

_HEX = re.compile(r"[0-9a-f]{32}")
_NO_ID = "0" * 32


def event_id(value: Any) -> str:
    """32 lower-case hex digits, also from a dashed or upper-case UUID; "" when it is none."""
    if not isinstance(value, str) or len(value) > 64:
        return ""
    if not _HEX.fullmatch(value):
        value = value.strip().lower().replace("-", "")
        if not _HEX.fullmatch(value):
            return ""
    return value if value != _NO_ID else ""


def level(value: Any) -> str | None:
    """A level of ours from any spelling or Python's numbers; None when unknown."""
    if isinstance(value, str):
        word = value.strip().lower()
        if word in _LEVEL_WORDS:
            return _LEVEL_WORDS[word]
        if not word.isascii() or not word.isdigit() or len(word) > 3:
            return None
        value = int(word)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 100:
        return None
    for name, number in sorted(LEVELS.items(), key=lambda pair: -pair[1]):
        if value >= number:
            return name
    return "debug"


def integer(value: Any, top: int = 2**31 - 1) -> int | None:
    """A whole number from 0 to `top`, also from its text; None otherwise."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= top:
        return None
    return value


def boolean(value: Any) -> bool | None:
    """True, False, or None for anything that does not say."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return None


# --- release, environment, dist ----------------------------------------------------------

_DIST = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_UNFIT_RELEASE = re.compile(r"[\n\r\t\f\v\0/\\]")


@lru_cache(maxsize=1024)
def release(text: str) -> str | None:
    """A usable release name; None when it cannot be one."""
    text = text.strip()
    if (
        any(mark in text for mark in "\n\r\t\f\v")
        or text in (".", "..")
        or text.lower() == "latest"
    ):
        return None
    return text


@lru_cache(maxsize=256)
def environment(text: str) -> str | None:
    """A usable environment name; None when it cannot be one."""
    text = text.strip()
    return None if _UNFIT_RELEASE.search(text) else text


@lru_cache(maxsize=1024)
def dist(text: str) -> str | None:
    """A usable dist; None when it cannot be one."""
    text = text.strip()
    return text if not text or _DIST.fullmatch(text) else None


# --- moments -----------------------------------------------------------------------------

_MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?"
    r"\s*(Z|UTC|[+-]\d\d:?\d\d|[+-]\d\d)?",
    re.IGNORECASE,
)
_minutes: dict[str, float] = {}  # "2026-11-22T17:26:" -> seconds since 1970; bounded
_LATEST = 253402300799.0  # the end of the year 9999


def moment(value: Any) -> float | None:
    """Seconds since 1970 UTC from a number, milliseconds, or ISO 8601; None when unreadable."""
    if type(value) is str:
        return _moment_of_text(value)
    if type(value) is float:
        return _moment_of_number(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return _moment_of_number(value)


def _moment_of_number(value: float) -> float | None:
    if not 0 <= value <= 1e19 or not math.isfinite(value):
        return None
    while value > 1e11:  # milli-, micro- or nanoseconds
        value = value / 1000
    return float(value)


def _moment_of_text(text: str) -> float | None:
    minute = _minutes.get(text[:17])
    if minute is not None and text[-1] == "Z" and len(text) < 32:
        try:
            seconds = float(text[17:-1])
        except ValueError:
            return None
        return minute + seconds if 0 <= seconds < 61 else None
    text = text.strip()
    match = _MOMENT.fullmatch(text) if len(text) < 64 else None
    if match is None:
        try:
            return _moment_of_number(float(text)) if 0 < len(text) < 32 else None
        except ValueError:
            return None
    return _moment_of_parts(match, text)


def _moment_of_parts(match: re.Match[str], text: str) -> float | None:
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        base = datetime(int(year), int(month), int(day), int(hour), int(minute), tzinfo=UTC)
        whole = base.timestamp()
    except (ValueError, OverflowError):
        return None
    if (zone or "").upper() == "Z" and text[10] == "T" and text[16:17] == ":":
        if len(_minutes) > 5_000:
            _minutes.clear()
        _minutes[text[:17]] = whole
    seconds = int(second or 0) + float(f"0.{fraction or 0}")
    if seconds >= 61:
        return None
    if zone and zone[0] in "+-":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = int(digits[:2]) * 3600 + int(digits[2:]) * 60
        whole += -offset if zone[0] == "+" else offset
    result = whole + seconds
    return result if 0 <= result <= _LATEST else None
