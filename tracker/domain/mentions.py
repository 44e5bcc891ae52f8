"""@names in a comment: who is meant, and where they stand."""

import re
from collections.abc import Iterator

MOST = 20
"""Names looked up for one comment."""
# An @ within a word is an e-mail address; names end before the sentence's own dot.
_NAME = re.compile(r"(?<![\w@.+-])@([A-Za-z0-9_](?:[\w.@+-]{0,148}[\w])?)")


def names(text: str) -> tuple[str, ...]:
    """The names that a text mentions, in lower case, each once, at most 20."""
    found = dict.fromkeys(match[1].lower() for match in _NAME.finditer(text))
    return tuple(found)[:MOST]


def parts(text: str) -> Iterator[tuple[str, bool]]:
    """The text in pieces: (piece, whether it is a mention)."""
    at = 0
    for match in _NAME.finditer(text):
        if match.start() > at:
            yield text[at : match.start()], False
        yield match[0], True
        at = match.end()
    if at < len(text):
        yield text[at:], False
