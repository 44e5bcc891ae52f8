"""Grouping: which events are the same bug, decided by a pure, explainable function.

`keys_of` says by which keys an event may be found; `resolve.resolve` climbs
them as a ladder and names the issue.  Each version is a sub-package that is
frozen once released; `VERSIONS` lists them, a project pins one.
"""

from collections.abc import Callable

from tracker.domain.event import Event
from tracker.domain.grouping import fingerprint, g1
from tracker.domain.grouping.keys import SLOTS, Key, Keys
from tracker.domain.grouping.rules import NO_RULES, Rules

__all__ = [
    "CURRENT",
    "NO_RULES",
    "VERSIONS",
    "Key",
    "Keys",
    "Rules",
    "UnknownVersionError",
    "keys_of",
    "newer_than",
]

VERSIONS: dict[str, Callable[[Event, Rules], tuple[Key, ...]]] = {"g1": g1.keys_of}

CURRENT = "g1"
"""What new projects get."""


class UnknownVersionError(LookupError):
    """The project pins a version that this release does not have."""


def newer_than(version: str) -> str:
    """The newest version of this release, when it is newer than `version`; else ""."""
    names = list(VERSIONS)
    newest = names[-1]
    return newest if version in VERSIONS and newest != version else ""


def keys_of(event: Event, version: str = CURRENT, rules: Rules = NO_RULES) -> Keys:
    """The keys of `event`: the project's rules first, then the SDK's fingerprint,
    then the algorithm.  Never empty, never raises on any Event.

    Raises UnknownVersionError when `version` is not one of `VERSIONS`.
    """
    algorithm = VERSIONS.get(version)
    if algorithm is None:
        raise UnknownVersionError(f"There is no grouping version {version!r}.")
    title = ""
    parts, origin = event.fingerprint, "the SDK's fingerprint"
    if rules.fingerprints:
        rule = rules.fingerprint_for(event)
        if rule is not None:
            parts, title = rule.fingerprint, rule.title
            origin = f"the project's rule “{rule.text}”"
    if not parts or not fingerprint.is_custom(parts):
        found = algorithm(event, rules)
        if found[-1].kind not in SLOTS:
            return Keys(version, found, (), title)
        return Keys(version, _firm(found), _slots(found), title)
    filled = fingerprint.fill(parts, event)
    default = _firm(algorithm(event, rules)) if fingerprint.DEFAULT in filled else ()
    return Keys(version, fingerprint.keys(filled, origin, default), (), title)


def _firm(found: tuple[Key, ...]) -> tuple[Key, ...]:
    return found if found[-1].kind not in SLOTS else tuple(k for k in found if k.kind not in SLOTS)


def _slots(found: tuple[Key, ...]) -> tuple[Key, ...]:
    return () if found[-1].kind not in SLOTS else tuple(k for k in found if k.kind in SLOTS)
