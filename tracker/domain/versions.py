"""Which of two releases is newer, and by what that was told.

One comparison uses one method for both sides, the first of these that fits both:

    same      the same text
    semver    dotted numbers, with or without `v`, package prefix (`shop@1.2.3`), pre-release, build
    integer   a build number
    date      of the release, or else of its first event; only where neither side is a version

Two packages are never compared, nor a version with what is none, unless the dates of
both were told by people or their tools. `compare` says so with a sign of None.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from msgspec import Struct

LONGEST = 200
"""Characters of a version; what is longer is no version."""


class Method(StrEnum):
    """What a comparison went by."""

    SAME = "same"
    SEMVER = "semver"
    INTEGER = "integer"
    DATE = "date"
    NONE = "not comparable"


class Known(Struct, frozen=True):
    """What is known of a release."""

    version: str
    at: datetime | None = None
    """Date of the release, else when it was first heard of."""
    told: bool = False
    """Made by API or deploy; else it is only known from events, which anybody can send."""
    ignored: bool = False
    """Somebody said that this version is not to be believed."""


class Comparison(Struct, frozen=True):
    """Whether one release is older (-1), the same (0) or newer (1); None: nobody can tell."""

    sign: int | None
    method: Method


_Identifier = tuple[int, int, str]
_NUMBERS = r"\d{1,18}(?:\.\d{1,18}){1,5}"
_VERSION = re.compile(
    r"(?:(?P<package>[^\s]*[^\s@/])@|(?P<name>[A-Za-z][A-Za-z0-9_.]*(?:-[A-Za-z][A-Za-z0-9_.]*)*)[-_/])?"
    rf"[vV]?\.?(?P<core>{_NUMBERS})(?P<rest>.*)",
    re.DOTALL,
)
_REST = re.compile(
    r"(?:-(?P<since>\d+)-g[0-9a-f]{4,40}(?:-dirty)?"  # git describe: commits after the tag
    r"|\.?-?(?P<post>(?:post|sp|patch|p)[.-]?\d+)"
    r"|[-._~]?(?P<pre>[A-Za-z][0-9A-Za-z]*(?:[.-][0-9A-Za-z]+)*)"
    r"|-(?P<numbered>[0-9A-Za-z]+(?:[.-][0-9A-Za-z]+)*))?"
    r"(?:\+(?P<build>[0-9A-Za-z.-]*))?",
    re.IGNORECASE,
)
_FINAL = frozenset({"final", "ga", "release", "stable"})
_INTEGER = re.compile(
    r"(?:(?P<package>[^\s]*[^\s@/])@)?(?:v|r|#|build[-_ .]?|release[-_ .]?)?(?P<number>\d{1,18})",
    re.IGNORECASE,
)
_HASH = re.compile(r"[0-9a-f]{12}|[0-9a-f]{16}|[0-9a-f]{20}|[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")


class Parsed(Struct, frozen=True):
    """A version taken apart."""

    method: Method
    package: str
    numbers: tuple[int, ...]
    pre: tuple[_Identifier, ...] = ()
    """Empty: a release proper, which comes after all its pre-releases."""
    after: int = 0
    """Commits or patches after the release proper."""
    build: int | None = None

    @property
    def line(self) -> tuple[int, int]:
        """major.minor, within which backports are compared."""
        return (self.numbers[0], self.numbers[1] if len(self.numbers) > 1 else 0)


@lru_cache(maxsize=4096)
def parse(version: str) -> Parsed | None:
    """Take a version apart; None when it is neither semver nor a number."""
    text = version.strip()
    if not text or len(text) > LONGEST:
        return None
    number = _INTEGER.fullmatch(text)
    if number and not _HASH.fullmatch(text):
        return Parsed(Method.INTEGER, (number["package"] or "").lower(), (int(number["number"]),))
    found = _VERSION.fullmatch(text)
    rest = _REST.fullmatch(found["rest"]) if found else None
    if found is None or rest is None:
        return None
    numbers = [int(part) for part in found["core"].split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    pre = rest["pre"] or rest["numbered"] or ""
    after = rest["since"] or "".join(re.findall(r"\d+", rest["post"] or ""))
    build = rest["build"] or ""
    return Parsed(
        method=Method.SEMVER,
        package=(found["package"] or found["name"] or "").lower(),
        numbers=tuple(numbers),
        pre=() if pre.lower() in _FINAL else _identifiers(pre),
        after=int(after[:18]) if after else 0,
        build=int(build) if build.isdecimal() and len(build) <= 18 else None,
    )


def _identifiers(pre: str) -> tuple[_Identifier, ...]:
    """Semver's order: numbers before words; `rc10` after `rc2`, as people mean it."""
    return tuple(
        (0, int(piece[:18]), "") if piece.isdecimal() else (1, 0, piece.lower())
        for piece in re.findall(r"\d+|[A-Za-z]+", pre)
    )


def compare(one: Known, other: Known) -> Comparison:
    """Whether `one` is older or newer than `other`."""
    if one.version == other.version:
        return Comparison(0, Method.SAME)
    a, b = parse(one.version), parse(other.version)
    if a is not None and b is not None and a.method == b.method:
        if a.package and b.package and a.package != b.package:
            return Comparison(None, Method.NONE)
        return Comparison(_sign(a, b), a.method)
    neither = a is None and b is None
    if one.at is None or other.at is None or not (neither or (one.told and other.told)):
        return Comparison(None, Method.NONE)
    return Comparison((one.at > other.at) - (one.at < other.at), Method.DATE)


def _sign(a: Parsed, b: Parsed) -> int:
    width = max(len(a.numbers), len(b.numbers))
    left, right = _rank(a, width), _rank(b, width)
    if left == right and a.build is not None and b.build is not None:
        return (a.build > b.build) - (a.build < b.build)
    return (left > right) - (left < right)


def _rank(parsed: Parsed, width: int) -> tuple[object, ...]:
    numbers = parsed.numbers + (0,) * (width - len(parsed.numbers))
    return (numbers, not parsed.pre, parsed.pre, parsed.after)


def newest(releases: Sequence[Known], like: str = "") -> Known | None:
    """The newest of some releases, for "the next one comes after it"; None when there are none.

    Only releases of the package of `like` count; those made by API or deploy go before
    those known from events alone. What can't be compared is settled by its date.
    """
    pool = [release for release in releases if not release.ignored and _same_package(release, like)]
    pool = [release for release in pool if release.told] or pool
    best: Known | None = None
    for release in sorted(pool, key=_when):
        if best is None or _newer(release, best):
            best = release
    return best


def _newer(one: Known, best: Known) -> bool:
    sign = compare(one, best).sign
    return sign is None or sign >= 0


def _when(release: Known) -> float:
    return release.at.timestamp() if release.at else 0.0


def _same_package(release: Known, like: str) -> bool:
    a, b = parse(release.version), parse(like)
    return a is None or b is None or not a.package or not b.package or a.package == b.package


def same_line(one: str, other: str) -> bool:
    """Whether two versions share major.minor, within which backports are judged."""
    a, b = parse(one), parse(other)
    return (
        a is not None
        and b is not None
        and a.method == b.method == Method.SEMVER
        and a.line == b.line
        and (not a.package or not b.package or a.package == b.package)
    )
