"""Lookups that the search needs: LIKE and regular expressions in capitals, all escaped by us.

Django's own would either not use the trigram index (`iregex`) or know no wildcards.
"""

from __future__ import annotations

import re
from typing import Any

from django.db.models import CharField, Lookup, TextField

from tracker.domain.search import pieces


def like(pattern: str) -> str:
    r"""A pattern of the search grammar for LIKE: `%` and `_` in it stand for themselves."""
    return "".join(
        "%" if piece is None else re.sub(r"([\\%_])", r"\\\1", piece) for piece in pieces(pattern)
    )


def like_anywhere(pattern: str) -> str:
    """The same, to be found anywhere in a text."""
    return f"%{like(pattern)}%"


def line_regex(pattern: str, boundary: str) -> str:
    """A regular expression for a whole line of a text, or its end behind one of `boundary`.

    Linear: characters, and runs of what is no newline.
    """
    inner = "".join(
        "[^\n]*" if piece is None else re.sub(r"([^\w\s])", r"\\\1", piece)
        for piece in pieces(pattern)
    )
    return f"[\n{boundary}]{inner}\n"


class _Capital(Lookup):
    """`lhs` against a text that the database capitalises, as it did with what is stored."""

    lhs_form = "{}"
    operator = "LIKE"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """SQL and its parameters."""
        lhs, params = self.process_lhs(compiler, connection)
        return f"{self.lhs_form.format(lhs)} {self.operator} UPPER(%s)", (*params, self.rhs)


@CharField.register_lookup
@TextField.register_lookup
class AnyCaseLike(_Capital):
    """LIKE whatever the case: `type__any_case_like=like(pattern)`."""

    lookup_name = "any_case_like"
    lhs_form = "UPPER({}::text)"


@TextField.register_lookup
class CapitalLike(_Capital):
    """LIKE on a text that is stored in capitals."""

    lookup_name = "capital_like"


@TextField.register_lookup
class CapitalRegex(_Capital):
    """A regular expression on a text that is stored in capitals."""

    lookup_name = "capital_regex"
    operator = "~"
