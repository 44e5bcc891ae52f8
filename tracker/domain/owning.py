"""Ownership rules made ready: who owns an event, and who that is among the people at hand.

Rules number thousands and most have nothing to do with an event, so each is asked only when
the longest plain piece of its pattern occurs in what it looks at.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from tracker.domain.ownership import Facts, Kind, Match, Owner, Rule, match, matches

MOST_PLACES = 40
"""Paths and modules of one event that rules are tried on, the crash first."""

_WILD = re.compile(r"[*?/\\]+")


class Clue(Struct, frozen=True):
    """A rule, and what must occur for it to apply."""

    needle: str
    rule: Rule


class Book(Struct, frozen=True):
    """Rules of a project, the last one first."""

    clues: tuple[Clue, ...] = ()
    wants_url: bool = False
    """Whether a rule looks at the URL, which must be fetched."""


class Pool(Struct, frozen=True):
    """Who may own issues of a project: ids by lower-case name."""

    people: Mapping[str, int] = {}
    """By user name and by mail address."""
    teams: Mapping[str, int] = {}


class Known(Struct, frozen=True):
    """An owner who exists: one of both, or neither."""

    user: int | None = None
    team: int | None = None


def book_of(rules: Sequence[Rule]) -> Book:
    """Make rules ready."""
    clues = tuple(Clue(_needle(rule), rule) for rule in reversed(rules))
    return Book(clues, any(rule.kind is Kind.URL for rule in rules))


def winner(book: Book, facts: Facts) -> Match | None:
    """What `ownership.match` says of the first 40 places, sooner."""
    facts = shortened(facts)
    texts = _texts(facts)
    for clue in book.clues:
        if clue.needle in texts[clue.rule.kind]:
            found = match((clue.rule,), facts)
            if found is not None:
                return found
    return None


def shortened(facts: Facts) -> Facts:
    """Facts of at most 40 paths and modules."""
    return replace(facts, paths=facts.paths[:MOST_PLACES], modules=facts.modules[:MOST_PLACES])


def first_known(owners: Sequence[Owner], pool: Pool) -> Known:
    """The first of a rule's owners who is there."""
    for owner in owners:
        found = (pool.teams if owner.is_team else pool.people).get(owner.name.lower())
        if found is not None:
            return Known(team=found) if owner.is_team else Known(user=found)
    return Known()


# --- The tester --------------------------------------------------------------------------------

_TAG = re.compile(
    r"tag(?:\[(?P<inner>[^\]]+)\]|s?\.(?P<dotted>[^:\s]+))\s*:\s*(?P<value>.+)", re.IGNORECASE
)
_KEYED = re.compile(r"(?P<key>path|codeowners|module|url)\s*:\s*(?P<value>(?!//).+)", re.IGNORECASE)
_PAIR = re.compile(r"(?P<key>[A-Za-z0-9_.\-]{1,200})\s*[=:]\s*(?P<value>[^/\\].*)")


def facts_from(text: str) -> Facts:
    """What somebody pasted, a thing a line: paths, modules, addresses, `tag=value`, traces."""
    paths: list[str] = []
    modules: list[str] = []
    tags: dict[str, str] = {}
    url = ""
    for line in text.splitlines()[:200]:
        word = line.strip().strip("\"'").rstrip(",")[:2_000]
        if not word:
            continue
        if tag := _TAG.fullmatch(word):
            tags[tag["inner"] or tag["dotted"]] = tag["value"]
        elif keyed := _KEYED.fullmatch(word):
            key, value = keyed["key"].lower(), keyed["value"].strip()
            if key == "url":
                url = url or value
            else:
                (modules if key == "module" else paths).append(value)
        elif trace := re.search(r'File "([^"]+)"|\(([^()\s]+?):\d+(?::\d+)?\)', word):
            paths.append(trace[1] or trace[2])
        elif re.match(r"[A-Za-z][A-Za-z0-9+.\-]*://", word):
            url = url or word
            paths.append(word)  # browsers' files have addresses too
        elif pair := _PAIR.fullmatch(word):
            tags[pair["key"]] = pair["value"]
        elif "/" in word or "\\" in word:
            paths.append(word)
        else:
            modules.append(word)
            paths.append(word)
    return Facts(tuple(paths), tuple(modules), url, tags)


def trial(rules: Sequence[Rule], text: str) -> list[Match]:
    """All rules that match what was pasted, the one that wins first."""
    return matches(rules, shortened(facts_from(text)))[::-1]


def _needle(rule: Rule) -> str:
    pieces = [piece for piece in _WILD.split(rule.pattern) if piece]
    longest = max(pieces, key=len, default="")
    return longest.lower() if rule.kind is Kind.URL else longest


def _texts(facts: Facts) -> dict[Kind, str]:
    paths = "\n".join(facts.paths)
    return {
        Kind.PATH: paths,
        Kind.CODEOWNERS: paths,
        Kind.MODULE: "\n".join(facts.modules),
        Kind.URL: facts.url.lower(),
        Kind.TAG: "\n".join(facts.tags.values()),
    }
