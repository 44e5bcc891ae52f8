"""Queries as values: terms in their order, changed by chips, written as text that reads back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tracker.domain.search.patterns import age_of, literal, pieces
from tracker.domain.search.words import CONNECTIVES, STATES


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


def replace_term(query: Query, old: Term, **changes: object) -> Query:
    """The query with one term changed (`negated=True`, `values=(...)`), in place."""
    return Query(
        tuple(replace(t, **changes) if t == old else t for t in query.terms)  # type: ignore[arg-type]
    )


# --- Writing -----------------------------------------------------------------------------------

_BARE = re.compile(r'[^\s",\[\]\\!<>=\-][^\s",\[\]\\]*')


def _written(value: str, *, free: bool) -> str:
    """A value as it reads back: bare where that is unmistakable, else quoted."""
    if _BARE.fullmatch(value) and not (free and (":" in value or value in CONNECTIVES)):
        return value
    if not free and age_of(value) is not None:
        return value
    parts: list[str] = []
    text = ""
    for piece in pieces(value):
        if piece is not None:
            text += piece
            continue
        parts += [quoted(text), "*"] if text else ["*"]
        text = ""
    return "".join(parts) + (quoted(text) if text else "")


def quoted(text: str) -> str:
    """Text in quotes, which mean nothing but themselves."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
