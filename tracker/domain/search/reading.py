"""The parser: one walk through a text, complaints with their place and a suggestion.

SearchError
"""

from __future__ import annotations

import re
from difflib import get_close_matches

from tracker.domain.search.patterns import literal, pieces, text_of
from tracker.domain.search.query import Query, Term, quoted
from tracker.domain.search.words import ALIASES, CONNECTIVES, KEYS, TAG_NAME, Key

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
        if written in CONNECTIVES:
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
        if sub and not TAG_NAME.fullmatch(sub):
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
    as_words = quoted(written)
    return SearchError(
        f"There is no “{word}:” to search by. To look for these words, put them in quotes: "
        f"{as_words}",
        position,
        as_words,
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
