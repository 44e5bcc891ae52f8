"""The search grammar: one language for the list, saved views, the API and alert filters.

    is:unresolved level:>=error env:[production,staging] !assigned:none "timed out"

`parse(text) -> Query` reads it and `str(query)` writes it back (`parse(str(q)) == q`);
`tracker.search.condition(query, user, now)` gives it its meaning on issues.  Terms
are ANDed; `!` negates; `[a,b]` is any of; quotes keep blanks; `*` stands for any
run of characters, and is itself when quoted.  An unknown key is an error that names
the nearest known one, never ignored.

A term's `values` are in *pattern form*: `*` is the wildcard and `**` a star that was
quoted; `pieces` takes one apart.

    SearchError
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from difflib import get_close_matches
from uuid import UUID

from tracker.domain.event import LEVELS as _LEVEL_NUMBERS

MAX_LENGTH = 2000
MAX_TERMS = 40
MAX_VALUES = 50
MAX_STARS = 5


class SearchError(Exception):
    """The query can't be understood; `str()` is a sentence for its author."""

    def __init__(self, message: str, position: int = 0, suggestion: str = "") -> None:
        super().__init__(message)
        self.position = position
        """Index of the character, in the text as it was given, that the trouble begins at."""
        self.suggestion = suggestion
        """What was probably meant, or ""."""


# --- Words of the language ---------------------------------------------------------------------

STATES = (
    "unresolved", "resolved", "snoozed", "new", "regressed", "escalating", "ongoing", "for_review",
)  # fmt: skip
"""Values of `is:` that exclude each other: a chip sets one of them."""
IS = (*STATES, "assigned", "unassigned", "linked", "handled", "unhandled")
LEVELS = tuple(_LEVEL_NUMBERS)
PRIORITIES = ("low", "medium", "high")


@dataclass(frozen=True, slots=True)
class Key:
    """A word that may stand before the colon."""

    name: str
    help: str
    """For completion and the help page."""
    example: str
    compared: bool = False
    """Takes `>`, `>=`, `<` and `<=`."""
    choices: tuple[str, ...] = ()
    """The only values there are."""
    globs: bool = False
    """`*` is a wildcard in its values."""
    check: Callable[[str], str] | None = None
    """Says what is wrong with a value; "" when nothing is."""


def _number(value: str) -> str:
    fine = value.isascii() and value.isdigit() and len(value) < 16
    return "" if fine else "needs a number"


def _span(value: str) -> str:
    return "" if age_of(value) else "needs a span of minutes, hours, days or weeks"


def _hex_id(value: str) -> str:
    try:
        UUID(value)
    except ValueError:
        return "needs 32 hex digits"
    return ""


def _tag_name(value: str) -> str:
    return "" if _TAG_NAME.fullmatch(value) else "needs the name of a tag"


def _plain(value: str) -> str:
    return "takes no *" if has_wildcard(value) else ""


_TAG_NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,200}")

KEYS: dict[str, Key] = {
    key.name: key
    for key in (
        Key("is", "its state", "is:unresolved", choices=IS),
        Key("assigned", "who works on it: me, none, a name or #team", "assigned:me", check=_plain),
        Key("owner", "who answers for it: themselves or a team of theirs", "owner:#payments",
            check=_plain),
        Key("project", "its project", "project:shop", globs=True),
        Key("env", "seen in this environment", "env:production", globs=True),
        Key("level", "how bad", "level:>=error", compared=True, choices=LEVELS),
        Key("priority", "how urgent", "priority:high", compared=True, choices=PRIORITIES),
        Key("release", "seen in this release, or in the latest", "release:1.2*", globs=True),
        Key("first_release", "first seen in this release", "first_release:1.2", globs=True),
        Key("user.id", "hit this user", "user.id:42", check=_plain),
        Key("user.email", "hit the user with this address", "user.email:a@example.org",
            check=_plain),
        Key("user.ip", "hit the user at this address", "user.ip:203.0.113.9", check=_plain),
        Key("tag", "has a tag with this value", "tag[browser]:Firefox*", globs=True),
        Key("has", "has this tag", "has:browser", check=_tag_name),
        Key("events", "how many events", "events:>100", compared=True, check=_number),
        Key("users", "how many people", "users:>=5", compared=True, check=_number),
        Key("age", "first seen within (-) or before (+) a span", "age:-24h", check=_span),
        Key("seen", "last seen within (-) or before (+) a span", "seen:-1h", check=_span),
        Key("type", "type of the error", "type:ValueError", globs=True),
        Key("culprit", "where it happened", "culprit:shop.orders*", globs=True),
        Key("file", "a file of the application's frames", "file:*/orders.py", globs=True),
        Key("function", "a function of the application's frames", "function:pay*", globs=True),
        Key("message", "the message contains", 'message:"timed out"', globs=True),
        Key("logger", "the logger's name", "logger:django.request", globs=True),
        Key("platform", "the platform", "platform:python", globs=True),
        Key("trace_id", "has an event of this trace", "trace_id:" + "a" * 32, check=_hex_id),
        Key("event_id", "the issue of this event", "event_id:" + "a" * 32, check=_hex_id),
        Key("id", "the issue with this short id", "id:SHOP-4F", check=_plain),
    )
}  # fmt: skip

ALIASES = {
    "assignee": "assigned", "browser": "tag[browser]", "count": "events", "email": "user.email",
    "environment": "env", "error": "type", "error.type": "type", "firstrelease": "first_release",
    "firstseen": "age", "first_seen": "age", "ip": "user.ip", "lastseen": "seen",
    "last_seen": "seen", "msg": "message", "os": "tag[os]", "stack.filename": "file",
    "stack.function": "function", "state": "is", "status": "is", "tags": "tag", "text": "message",
    "timesseen": "events", "title": "message", "trace": "trace_id", "transaction": "culprit",
    "url": "tag[url]", "user": "user.id", "version": "release",
}  # fmt: skip
"""What people write by habit from elsewhere: not accepted, but suggested."""
_CONNECTIVES = frozenset({"AND", "OR", "NOT"})


# --- Queries -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Term:
    """One condition. `key` is "" for free words."""

    key: str
    values: tuple[str, ...]
    """At least one; in pattern form."""
    op: str = "="
    """`=`, `>`, `>=`, `<` or `<=`; with another than `=` there is one value."""
    negated: bool = False
    subkey: str = ""
    """Of `tag[subkey]:value`."""

    @property
    def value(self) -> str:
        """The first value."""
        return self.values[0]

    def __str__(self) -> str:
        texts = [_written(value, free=not self.key) for value in self.values]
        text = texts[0] if len(texts) == 1 else f"[{','.join(texts)}]"
        name = f"{self.key}[{self.subkey}]" if self.subkey else self.key
        op = "" if self.op == "=" else self.op
        return f"{'!' if self.negated else ''}{name}{':' if self.key else ''}{op}{text}"


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: its terms in the order they were written."""

    terms: tuple[Term, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(term) for term in self.terms)

    def __bool__(self) -> bool:
        return bool(self.terms)

    def of(self, key: str) -> tuple[Term, ...]:
        """All terms of a key."""
        return tuple(term for term in self.terms if term.key == key)

    def without(self, drop: Callable[[Term], bool]) -> Query:
        """The query less the terms that `drop` picks."""
        return Query(tuple(term for term in self.terms if not drop(term)))

    def without_key(self, key: str, subkey: str = "") -> Query:
        """The query less its terms of a key (and, for tags, of that tag)."""
        return self.without(lambda term: (term.key, term.subkey) == (key, subkey))

    def plus(self, term: Term) -> Query:
        """The query with one more term, unless it says so already."""
        return self if term in self.terms else Query((*self.terms, term))

    def minus(self, term: Term) -> Query:
        """The query less one term."""
        return self.without(lambda other: other == term)

    def with_term(self, key: str, value: str, op: str = "=", subkey: str = "") -> Query:
        """The query with its terms of `key` replaced by one, in place; "" takes them away.

        `value` is text: a `*` in it stands for itself.
        """
        rest = self.without_key(key, subkey)
        if not value:
            return rest
        new = Term(key, (literal(value),), op, subkey=subkey)
        here = [at for at, t in enumerate(self.terms) if (t.key, t.subkey) == (key, subkey)]
        at = here[0] if here else len(rest.terms)
        return Query((*rest.terms[:at], new, *rest.terms[at:]))

    def with_state(self, value: str) -> Query:
        """The query with the states that exclude each other replaced by `value` ("" for any)."""
        rest = self.without(lambda term: term.key == "is" and set(term.values) <= set(STATES))
        return Query((Term("is", (value,)), *rest.terms)) if value else rest


# --- Patterns ----------------------------------------------------------------------------------

_PIECES = re.compile(r"\*\*|\*|[^*]+")


def literal(text: str) -> str:
    """Text as a pattern that matches only itself."""
    return text.replace("*", "**")


def pieces(value: str) -> Iterator[str | None]:
    """A pattern's texts, with None for each wildcard."""
    for piece in _PIECES.findall(value):
        yield None if piece == "*" else "*" if piece == "**" else piece


def has_wildcard(value: str) -> bool:
    """Whether a pattern may match more than one text."""
    return any(piece is None for piece in pieces(value))


def text_of(value: str) -> str:
    """A pattern as text, for keys that take no wildcards."""
    return "".join("*" if piece is None else piece for piece in pieces(value))


_AGE = re.compile(r"([-+]?)([0-9]{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def age_of(text: str) -> tuple[bool, timedelta] | None:
    """Read `-24h` (True: within the last) or `+7d` (False: longer ago); None if it is no span."""
    found = _AGE.fullmatch(text)
    if found is None:
        return None
    return found[1] != "+", timedelta(**{_UNITS[found[3]]: int(found[2])})


# --- Writing -----------------------------------------------------------------------------------

_BARE = re.compile(r'[^\s",\[\]\\!<>=\-][^\s",\[\]\\]*')


def _written(value: str, *, free: bool) -> str:
    """A value as it reads back: bare where that is unmistakable, else quoted."""
    if _BARE.fullmatch(value) and not (free and (":" in value or value in _CONNECTIVES)):
        return value
    if not free and _AGE.fullmatch(value):
        return value
    parts: list[str] = []
    text = ""
    for piece in pieces(value):
        if piece is not None:
            text += piece
            continue
        parts += [_quoted(text), "*"] if text else ["*"]
        text = ""
    return "".join(parts) + (_quoted(text) if text else "")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


# --- Reading -----------------------------------------------------------------------------------

_HEAD = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_.\-]*)(?:\[(?P<sub>[^\]]*)\])?:")
_OP = re.compile(r">=|<=|>|<")
_RUN = re.compile(r'[^\s"]+')
_RUN_IN_LIST = re.compile(r'[^\s",\]]+')
_STRING = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)


def parse(text: str) -> Query:
    """Read a query. Raises SearchError, and nothing else whatever the text."""
    return _Reader(text).query()


class _Reader:
    """Walks once through a text."""

    def __init__(self, text: str) -> None:
        # Neither NUL nor half a surrogate pair can be asked of the database.
        self.text = text.encode("utf-8", "replace").decode().replace("\x00", " ")
        self.at = 0

    def query(self) -> Query:
        if len(self.text) > MAX_LENGTH:
            raise SearchError(f"The query is longer than {MAX_LENGTH:,} characters.", MAX_LENGTH)
        terms: list[Term] = []
        self._skip_blanks()
        while self.at < len(self.text):
            if len(terms) == MAX_TERMS:
                raise SearchError(f"The query has more than {MAX_TERMS} terms.", self.at)
            terms.append(self._term())
            self._skip_blanks()
        return Query(tuple(terms))

    def _skip_blanks(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def _term(self) -> Term:
        start = self.at
        negated = self._peek() == "!"
        self.at += negated
        head = _HEAD.match(self.text, self.at)
        if head is None or self._is_prose(head):
            return self._free(start, negated)
        key, sub = self._key(head)
        op = "="
        self.at = head.end()
        if KEYS[key].compared and (found := _OP.match(self.text, self.at)):
            op, self.at = found.group(), found.end()
        place = self.at
        values = self._values(KEYS[key])
        if op != "=" and len(values) > 1:
            raise SearchError(f"“{op}” compares with one value, not with a list.", place)
        return Term(key, values, op, negated, sub)

    def _is_prose(self, head: re.Match[str]) -> bool:
        """Whether what looks like a key is an address, a C++ name or a pasted title."""
        word, after = head["key"], self.text[head.end() : head.end() + 2]
        if word.lower() in KEYS or head["sub"] is not None:
            return False
        return after == "//" or after[:1] == ":" or word != word.lower()

    def _free(self, start: int, negated: bool) -> Term:
        if not self._peek() or self._peek().isspace():
            raise SearchError("“!” needs a term right behind it.", start)
        place = self.at
        values = self._values(None)
        written = self.text[place : self.at]
        if written in _CONNECTIVES:
            raise SearchError(
                f"Terms are joined by “and” by themselves; “{written}” is not a word of the "
                "search. For any of several write is:[new,regressed], to negate put ! in front.",
                place,
            )
        if written.startswith("-") and _HEAD.match(written, 1):
            raise SearchError(
                "To negate a term, put ! in front of it, not a dash.", place, "!" + written[1:]
            )
        return Term("", values, negated=negated)

    def _key(self, head: re.Match[str]) -> tuple[str, str]:
        """The key and what stands in its brackets."""
        word, sub = head["key"].lower(), head["sub"]
        if word not in KEYS:
            raise _unknown(head["key"], self.text[head.start() :].split()[0], head.start())
        if word == "tag" and not sub:
            raise SearchError(
                "A tag is written with its name: tag[browser]:Firefox.", head.start(), "tag[name]:"
            )
        if sub is not None and word != "tag":
            raise SearchError(f"“{word}” takes no [{sub}].", head.start("sub") - 1, f"{word}:")
        if sub and not _TAG_NAME.fullmatch(sub):
            raise SearchError(f"“{sub[:40]}” is no name of a tag.", head.start("sub"))
        return word, sub or ""

    def _values(self, key: Key | None) -> tuple[str, ...]:
        if self._peek() != "[":
            return (self._atom(key, _RUN),)
        opened = self.at
        self.at += 1
        found: list[str] = []
        while True:
            self._skip_blanks()
            found.append(self._atom(key, _RUN_IN_LIST))
            self._skip_blanks()
            mark = self._peek()
            if mark not in (",", "]") or not mark:
                raise SearchError(
                    "A list is written [one,two]; to search for a bracket, put it in quotes.",
                    opened,
                )
            self.at += 1
            if mark == "]":
                self._ends(opened)
                return tuple(dict.fromkeys(found))
            if len(found) == MAX_VALUES:
                raise SearchError(f"A list has at most {MAX_VALUES} values.", opened)

    def _ends(self, opened: int) -> None:
        if self._peek() and not self._peek().isspace():
            raise SearchError("A blank belongs behind the list.", opened)

    def _atom(self, key: Key | None, run: re.Pattern[str]) -> str:
        """One value: bare text and quoted parts, without a blank between them."""
        start, value = self.at, ""
        while self.at < len(self.text):
            if self._peek() == '"':
                found = _STRING.match(self.text, self.at)
                if found is None:
                    raise SearchError("A quote is opened here and not closed.", self.at)
                value += literal(re.sub(r'\\(["\\])', r"\1", found[1]))
            else:
                found = run.match(self.text, self.at)
                if found is None:
                    break
                value += found.group()
            self.at = found.end()
        if not value.strip():
            name = f"“{key.name}:” needs a value" if key else "There is nothing in the quotes"
            example = f", as in {key.example}" if key else ""
            raise SearchError(f"{name}{example}.", start)
        return _checked(key, value, start)


def _unknown(word: str, written: str, position: int) -> SearchError:
    low = word.lower()
    near = [ALIASES[low]] if low in ALIASES else get_close_matches(low, KEYS, n=1, cutoff=0.6)
    if near:
        rest = written.partition(":")[2]
        return SearchError(
            f"There is no “{word}:” to search by. Did you mean “{near[0]}:”?",
            position,
            f"{near[0]}:{rest}",
        )
    quoted = _quoted(written)
    return SearchError(
        f"There is no “{word}:” to search by. To look for these words, put them in quotes: "
        f"{quoted}",
        position,
        quoted,
    )


def _checked(key: Key | None, value: str, position: int) -> str:
    """The value, if it suits its key. Raises SearchError."""
    stars = sum(piece is None for piece in pieces(value))
    if key is None:
        if not text_of(value).strip("*").strip() and stars:
            raise SearchError("“*” alone matches everything.", position)
    elif key.choices:
        low = value.lower()
        if low not in key.choices:
            raise _no_such(key, value, position)
        value = low
    elif key.check is not None and (wrong := key.check(value)):
        raise SearchError(f"“{key.name}:” {wrong}, as in {key.example}.", position)
    if stars > MAX_STARS:
        raise SearchError(f"A value has at most {MAX_STARS} wildcards.", position)
    return value


def _no_such(key: Key, value: str, position: int) -> SearchError:
    near = get_close_matches(value.lower(), key.choices, n=1, cutoff=0.5)
    if near:
        hint = f"Did you mean “{key.name}:{near[0]}”?"
        return SearchError(
            f"There is no “{key.name}:{value[:40]}”. {hint}", position, f"{key.name}:{near[0]}"
        )
    return SearchError(
        f"There is no “{key.name}:{value[:40]}”. Known are {', '.join(key.choices)}.", position
    )


def replace_term(query: Query, old: Term, **changes: object) -> Query:
    """The query with one term changed (`negated=True`, `values=(...)`), in place."""
    return Query(
        tuple(replace(t, **changes) if t == old else t for t in query.terms)  # type: ignore[arg-type]
    )
