"""Ownership rules: which line names who answers for an event.

    # who pays
    path:src/checkout/*       #payments
    module:shop.search.*      ada bo@example.org
    url:*/admin/*             #backoffice
    tag[tier]:gold            #vip ada
    codeowners:/docs/         #writers
    path:vendor/*             none

**The last line that matches wins**, as in CODEOWNERS files, whose lines can be imported
(`from_codeowners`) and keep their own meaning. `*` spans anything, `/` included, except
in `codeowners:` lines; a path matches from any folder on. Owners are `#team`, a user
name, a mail address, or `none`. Lines that can't be read are told and left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from enum import StrEnum
from typing import Any

from msgspec import Struct

from tracker.domain.event import Event, Frame
from tracker.domain.globs import glob, segments

MAX_LINES = 5_000
MAX_PATTERN = 200
MAX_OWNERS = 20


class Kind(StrEnum):
    """What a rule looks at."""

    PATH = "path"
    MODULE = "module"
    URL = "url"
    TAG = "tag"
    CODEOWNERS = "codeowners"


class Owner(Struct, frozen=True):
    """A team, or a person by user name or mail address."""

    name: str
    is_team: bool = False

    def __str__(self) -> str:
        return f"#{self.name}" if self.is_team else self.name


class Rule(Struct, frozen=True):
    """One line."""

    line: int
    """Counted from 1."""
    kind: Kind
    pattern: str
    owners: tuple[Owner, ...]
    """None of them: nobody owns what matches."""
    tag: str = ""

    def __str__(self) -> str:
        key = f"tag[{self.tag}]" if self.kind is Kind.TAG else self.kind.value
        pattern = self.pattern
        if re.search(r'[\s"]', pattern):
            escaped = pattern.replace("\\", "\\\\").replace('"', '\\"')
            pattern = f'"{escaped}"'
        return f"{key}:{pattern} {' '.join(map(str, self.owners)) or 'none'}"


class Problem(Struct, frozen=True):
    """A line that can't be read, or names somebody unknown."""

    line: int
    text: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.text}"


class Rules(Struct, frozen=True):
    """What a text of rules says."""

    rules: tuple[Rule, ...] = ()
    problems: tuple[Problem, ...] = ()


class Facts(Struct, frozen=True):
    """What rules are tried on."""

    paths: tuple[str, ...] = ()
    """Of the application's frames, the crash first."""
    modules: tuple[str, ...] = ()
    url: str = ""
    tags: Mapping[str, str] = {}


class Match(Struct, frozen=True):
    """A rule that applies, and what to."""

    rule: Rule
    value: str

    def __str__(self) -> str:
        owners = " ".join(map(str, self.rule.owners)) or "nobody"
        return f"→ {owners} by line {self.rule.line} ({self.value})"


# --- Reading -----------------------------------------------------------------------------------

_LINE = re.compile(
    r"\s*(?P<key>[A-Za-z_]+)(?:\[(?P<tag>[^\]]*)\])?:"
    r'(?P<pattern>"(?:[^"\\]|\\.)*"|\S*)(?P<rest>.*)'
)
_TAG_NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,200}")
_TEAM = re.compile(r"#[a-z0-9_-]{1,100}")
_PERSON = re.compile(r"@?[^\s#\[\]@]{1,150}(?:@[^\s@]{1,250})?")


class _Wrong(Exception):
    """A line can't be read."""


def parse(text: str) -> Rules:
    """Read rules. Never raises: what can't be read is among the problems."""
    rules: list[Rule] = []
    problems: list[Problem] = []
    lines = text.splitlines()
    for number, line in enumerate(lines[:MAX_LINES], start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            rules.append(_rule(number, line))
        except _Wrong as wrong:
            problems.append(Problem(number, str(wrong)))
    if len(lines) > MAX_LINES:
        problems.append(Problem(MAX_LINES + 1, f"Only the first {MAX_LINES:,} lines are read."))
    return Rules(tuple(rules), tuple(problems))


def _rule(number: int, line: str) -> Rule:
    found = _LINE.match(line)
    if found is None:
        raise _Wrong("A rule is written path:pattern owner, or module:, url:, tag[name]: ...")
    word = found["key"].lower()
    if word not in set(Kind):
        near = get_close_matches(word, list(Kind), n=1)
        hint = f" Did you mean “{near[0]}:”?" if near else f" Use {', '.join(Kind)}."
        raise _Wrong(f"There is no “{found['key']}:”.{hint}")
    kind, tag = Kind(word), found["tag"]
    if kind is Kind.TAG and not (tag and _TAG_NAME.fullmatch(tag)):
        raise _Wrong("A tag is written with its name: tag[browser]:Firefox*.")
    if kind is not Kind.TAG and tag is not None:
        raise _Wrong(f"“{word}” takes no [{tag}].")
    pattern = found["pattern"]
    if pattern.startswith('"') and len(pattern) > 1 and pattern.endswith('"'):
        pattern = re.sub(r"\\(.)", r"\1", pattern[1:-1])
    if not pattern.strip():
        raise _Wrong(f"“{word}:” needs a pattern right behind it.")
    if len(pattern) > MAX_PATTERN:
        raise _Wrong(f"A pattern has at most {MAX_PATTERN} characters.")
    return Rule(number, kind, pattern, _owners(found["rest"]), tag or "")


def _owners(text: str) -> tuple[Owner, ...]:
    words = []
    for word in text.split():
        if word == "#":  # the rest is a remark
            break
        words.append(word)
    if words == ["none"]:
        return ()
    if not words:
        raise _Wrong("No owner is named: #team, a user name, a mail address, or none.")
    if len(words) > MAX_OWNERS:
        raise _Wrong(f"A rule names at most {MAX_OWNERS} owners.")
    return tuple(dict.fromkeys(_owner(word) for word in words))


def _owner(word: str) -> Owner:
    if word.startswith("#"):
        if not _TEAM.fullmatch(word.lower()):
            raise _Wrong(f"“{word[:60]}” is no team: a team is written #its-slug.")
        return Owner(word[1:].lower(), is_team=True)
    if not _PERSON.fullmatch(word):
        raise _Wrong(f"“{word[:60]}” is neither a user name nor a mail address.")
    return Owner(word.removeprefix("@"))


def unknown_owners(
    rules: Sequence[Rule], people: Collection[str], teams: Collection[str]
) -> list[Problem]:
    """Owners that are nobody: `people` are user names and mail addresses, `teams` slugs."""
    known = {name.lower() for name in people}
    problems = []
    for rule in rules:
        for owner in rule.owners:
            pool = set(teams) if owner.is_team else known
            if owner.name.lower() in pool:
                continue
            near = get_close_matches(owner.name.lower(), sorted(pool), n=1)
            hint = f" Did you mean {Owner(near[0], owner.is_team)}?" if near else ""
            what = "team" if owner.is_team else "person of the team"
            problems.append(Problem(rule.line, f"There is no {what} {owner}.{hint}"))
    return problems


# --- Matching ----------------------------------------------------------------------------------


def match(rules: Sequence[Rule], facts: Facts) -> Match | None:
    """The last rule that matches; None when none does. One without owners hides those above."""
    for rule in reversed(rules):
        value = _applies(rule, facts)
        if value is not None:
            return Match(rule, value)
    return None


def matches(rules: Sequence[Rule], facts: Facts) -> list[Match]:
    """All that match, in their order, for the tester: the last one wins."""
    found = ((rule, _applies(rule, facts)) for rule in rules)
    return [Match(rule, value) for rule, value in found if value is not None]


def _applies(rule: Rule, facts: Facts) -> str | None:
    """What the rule matches, or None."""
    if rule.kind is Kind.PATH:
        return next((path for path in facts.paths if _path(rule.pattern, path)), None)
    if rule.kind is Kind.CODEOWNERS:
        pattern = _gitignore(rule.pattern)
        return next((path for path in facts.paths if _codeowners(pattern, path)), None)
    if rule.kind is Kind.MODULE:
        return next((name for name in facts.modules if glob(rule.pattern, name)), None)
    if rule.kind is Kind.URL:
        fits = bool(facts.url) and glob(rule.pattern.lower(), facts.url.lower())
        return facts.url if fits else None
    value = facts.tags.get(rule.tag)
    return value if value is not None and glob(rule.pattern, value) else None


def _clean(path: str) -> str:
    """With forward slashes, without scheme, `./` and the like."""
    path = re.sub(r"^[A-Za-z][A-Za-z0-9+.\-]*://[^/]*/", "/", path.replace("\\", "/"))
    path = re.sub(r"^[A-Za-z]:/", "/", path)
    while path.startswith(("./", "../", "~/")):
        path = path.partition("/")[2]
    return path


def _path(pattern: str, path: str) -> bool:
    """From any folder on; a leading slash: from the beginning only."""
    path = _clean(path)
    pattern = pattern.replace("\\", "/")
    if pattern.endswith("/"):
        pattern += "*"
    if pattern.startswith("/"):
        return glob(pattern.lstrip("/"), path.lstrip("/"))
    return glob(f"*/{pattern}", "/" + path.lstrip("/"))


def _gitignore(pattern: str) -> tuple[list[str], bool]:
    """The pieces of a CODEOWNERS pattern, and whether it begins at the repository's root."""
    rooted = "/" in pattern.rstrip("/")
    below = pattern.endswith("/")
    pieces = [piece for piece in pattern.split("/") if piece]
    if not rooted:
        pieces.insert(0, "**")
    # `docs` and `docs/` are folders with all in them; `docs/*` only what lies right in it.
    if below or (pieces and pieces[-1] not in ("*", "**")):
        pieces.append("**")
    return pieces, rooted


def _codeowners(pattern: tuple[list[str], bool], path: str) -> bool:
    """Absolute paths may begin anywhere: nobody knows where the repository lies."""
    pieces, rooted = pattern
    path = _clean(path)
    parts = [part for part in path.split("/") if part]
    if not rooted or not path.startswith("/"):
        return segments(pieces, parts)
    return any(segments(pieces, parts[start:]) for start in range(min(len(parts), 30)))


# --- What rules are tried on -------------------------------------------------------------------


def facts_of(event: Event) -> Facts:
    """The application's frames (all, when none is told to be), URL and tags of an event."""
    frames = [f for link in reversed(event.exceptions) for f in reversed(link.frames)]
    frames += list(reversed(event.stack))
    own = [frame for frame in frames if frame.in_app]
    if not own and not any(frame.in_app is False for frame in frames):
        own = frames
    tags = dict(event.tags)
    request = event.data.get("request")
    url: Any = request.get("url") if isinstance(request, Mapping) else None
    return Facts(
        paths=tuple(dict.fromkeys(path for frame in own for path in _paths(frame))),
        modules=tuple(dict.fromkeys(frame.module for frame in own if frame.module)),
        url=url if isinstance(url, str) else tags.get("url", ""),
        tags=tags,
    )


def _paths(frame: Frame) -> Iterator[str]:
    if frame.filename:
        yield frame.filename
    if frame.abs_path and frame.abs_path != frame.filename:
        yield frame.abs_path


# --- CODEOWNERS --------------------------------------------------------------------------------

_SECTION = re.compile(r"\^?\[[^\]]+\](?:\[\d+\])?\s*(?P<owners>.*)")
_GIT_LINE = re.compile(r"(?P<pattern>(?:\\.|[^\s\\])+)(?P<rest>.*)")


class Imported(Struct, frozen=True):
    """A CODEOWNERS file as rules."""

    text: str
    """To be appended to the rules; a line each, remarks kept."""
    problems: tuple[Problem, ...] = ()
    """Line numbers of the imported file."""


def from_codeowners(text: str, names: Mapping[str, str] | None = None) -> Imported:
    """Translate GitHub's and GitLab's file. `names` maps `@handle` to a user name or `#team`.

    Without an entry `@org/team` is `#team` and `@user` is that user.
    """
    out: list[str] = []
    problems: list[Problem] = []
    usual: list[str] = []  # owners of GitLab's section, for lines that name none
    for number, raw in enumerate(text.splitlines()[:MAX_LINES], start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            out.append(line)
            continue
        if section := _SECTION.fullmatch(line):
            usual = section["owners"].split()
            out.append(f"# {line}")
            continue
        found = _GIT_LINE.match(line)
        if found is None or found["pattern"].startswith("!"):
            problems.append(Problem(number, "CODEOWNERS files know no negation; left out."))
            continue
        pattern = re.sub(r"\\(.)", r"\1", found["pattern"])
        words = found["rest"].partition(" #")[0].split() or usual
        try:
            owners = tuple(dict.fromkeys(_owner(_renamed(word, names or {})) for word in words))
            if len(pattern) > MAX_PATTERN:
                raise _Wrong(f"A pattern has at most {MAX_PATTERN} characters.")
        except _Wrong as wrong:
            problems.append(Problem(number, str(wrong)))
            continue
        out.append(str(Rule(number, Kind.CODEOWNERS, pattern, owners)))
    return Imported("\n".join(out) + "\n" if out else "", tuple(problems))


def _renamed(word: str, names: Mapping[str, str]) -> str:
    if word in names:
        return names[word]
    if word.startswith("@") and "/" in word:
        return "#" + re.sub(r"[^a-z0-9_-]+", "-", word.rpartition("/")[2].lower()).strip("-")
    return word
