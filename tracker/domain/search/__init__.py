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

from tracker.domain.search.patterns import age_of, has_wildcard, literal, pieces, text_of
from tracker.domain.search.query import Query, Term, replace_term
from tracker.domain.search.reading import SearchError, parse
from tracker.domain.search.words import ALIASES, IS, KEYS, LEVELS, PRIORITIES, STATES, Key

__all__ = [
    "ALIASES",
    "IS",
    "KEYS",
    "LEVELS",
    "PRIORITIES",
    "STATES",
    "Key",
    "Query",
    "SearchError",
    "Term",
    "age_of",
    "has_wildcard",
    "literal",
    "parse",
    "pieces",
    "replace_term",
    "text_of",
]
