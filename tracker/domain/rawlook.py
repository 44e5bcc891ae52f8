"""One look at a raw JSON body: whether any text in it can hold a secret at all.

False is certain and saves the walk most of its work; True only costs the longer way. Hyperscan
looks for everything in one pass; where it has no wheel, the standard library looks several times.
"""

import re
import threading
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple

from tracker.domain.scrub import luhn

_MOST_DATABASES = 64
"""Sets of words that a thread remembers: each is a project's."""
_PLAIN = re.compile(r"[a-z0-9_.\-]+", re.ASCII)
"""What JSON writes as it is."""


class Look(NamedTuple):
    """What a body may hold."""

    nul: bool
    """U+0000, which PostgreSQL takes in no text."""
    deep: bool
    """A secret by its shape, or a character of one behind a unicode escape."""
    told: bool
    """Names and values in a text, `{'password': 'x'}`, with a name that is sensitive by itself."""
    said: bool
    """The same in a sentence: `password=x`, `token: x1`, `Cookie: a=b`."""


ALL = Look(nul=True, deep=True, told=True, said=True)
"""What may be in a body that nobody has looked at."""


def look(body: bytes, words: frozenset[str] = frozenset()) -> Look:
    """What a JSON text may hold; where it says no, there is none.

    `words` are names that are sensitive beside the usual ones, lower-case.
    """
    seen = _look(body)
    if words and not (seen.told and seen.said) and _names_one_of(body, words):
        return seen._replace(told=True, said=True)
    return seen


def _names_one_of(body: bytes, words: frozenset[str]) -> bool:
    """Whether a body may hold one of some words (what is behind an escape is `deep`)."""
    return not all(map(_PLAIN.fullmatch, words)) or bool(_scanners.scan(body, words))


def _look(body: bytes) -> Look:
    if _hyperscan is None:
        nul, hidden = escapes(body)
        return Look(nul, hidden or may_hold_secrets(body), True, True)
    found = _scanners.scan(body)
    deep = not found.isdisjoint(_SECRETS) or (_DIGITS in found and _card_digits(body))
    return Look(_NUL in found, deep, _TOLD in found or _KELVIN in found, _SAID in found)


# --- in one pass -------------------------------------------------------------------------

_hyperscan: Any = None
with suppress(ImportError):
    _hyperscan = import_module("hyperscan")

_EAR, _JWT, _PEM, _DIGITS, _NUL, _HIDDEN, _TOLD, _KELVIN, _SAID, _IN_URL = range(10)
_SECRETS = frozenset({_EAR, _JWT, _PEM, _HIDDEN, _IN_URL})
_STEMS = (
    rb"passw|passphrase|pwd|secret|auth|credential|token|sess|cookie|csrf|xsrf|jwt|bearer|ssn|card"
    rb"|cvv|cvc|(?:api|private|access)[^A-Za-z'\"\\\\]*key"
)
_PATTERNS = {
    _EAR: rb"earer",
    _JWT: rb"eyJ",
    _PEM: rb"PRIVATE KEY",
    # Looser than a card number, but like one never a part of a word: what fits is looked at again.
    _DIGITS: rb"(?:^|[^\w.]|\\[nrtbf]|\\u[0-9a-fA-F]{4})"
    rb"(?:[2-6]\d{3}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}|3[47]\d{2}[ -]?\d{6}[ -]?\d{5})(?:\W|$)",
    # Looser than a password in a URL, whose slashes may be escaped once or twice.
    _IN_URL: rb":\\*/\\*/[^\s/@\"']*:[^\s/@\"']+@",
    _NUL: rb"\\u0000",
    _HIDDEN: rb"\\u00(?:2[0dDeEfF]|3[0-9aA]|[4-7])",
    # A sensitive name, then `':`, `":`, `='`, `="` or `=b'` of a text, not of the JSON itself.
    _TOLD: rb"(?:" + _STEMS + rb")(?:[^'\"\\]|\\[^\"'\\])*"
    rb"(?:(?:'|\\u0027|\\u0022|\\\\*\")(?:\s|\\[nrt])*:|(?:=|\\u003[dD])[bu]?['\\])",
    _SAID: rb"(?:" + _STEMS + rb")[A-Za-z0-9_.\-]*(?: ?:|=|\\u003[dD])",
    _KELVIN: rb"\xe2\x84\xaa|\\u212[aA]",  # the Kelvin sign: its lower case is an ASCII k
}


class _Scanners(threading.local):
    """Compiled databases of each thread: their scratch space is not to be shared."""

    def __init__(self) -> None:
        self._made: dict[frozenset[str], Any] = {}

    def scan(self, body: bytes, words: frozenset[str] = frozenset()) -> set[int]:
        """Which patterns are in the body; of words, whether any is."""
        database = self._made.get(words)
        if database is None:
            if len(self._made) >= _MOST_DATABASES:
                self._made.clear()
            database = self._made[words] = _own_words(words) if words else _usual()
        found: set[int] = set()
        database.scan(body, match_event_handler=lambda number, *_: found.add(number))
        return found


def _usual() -> Any:
    flags = _hyperscan.HS_FLAG_SINGLEMATCH | _hyperscan.HS_FLAG_DOTALL
    caseless = dict.fromkeys((_TOLD, _SAID), _hyperscan.HS_FLAG_CASELESS)
    made = _hyperscan.Database()
    made.compile(
        expressions=list(_PATTERNS.values()), ids=list(_PATTERNS), elements=len(_PATTERNS),
        flags=[flags | caseless.get(number, 0) for number in _PATTERNS],
    )  # fmt: skip
    return made


def _own_words(words: frozenset[str]) -> Any:
    flags = _hyperscan.HS_FLAG_SINGLEMATCH | _hyperscan.HS_FLAG_CASELESS
    listed = [re.escape(word).encode() for word in sorted(words)]
    made = _hyperscan.Database()
    made.compile(
        expressions=listed, ids=list(range(len(listed))), elements=len(listed),
        flags=[flags] * len(listed),
    )  # fmt: skip
    return made


_scanners = _Scanners()


# --- by several ---------------------------------------------------------------------------

_CLASSES = bytes(48 if 48 <= c <= 57 else 45 if c in b" -" else 120 for c in range(256))
_ESCAPED_ASCII = re.compile(rb"\\u00(?:2[0dDeEfF]|3[0-9aA]|[4-7])")
_RAW_CARD = re.compile(  # begins as `_CARD` does, or after a JSON escape
    rb"(?:(?<![\w.])|(?<=\\[nrtbf])|(?<=\\u[0-9a-fA-F]{4}))"
    rb"(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3[47]\d\d([ -])\d{6}\2\d{5})(?!\w)"
)


def may_hold_secrets(body: bytes) -> bool:
    """Whether a JSON text can hold anything that `scrub_text` would change.

    False is certain; True only costs the longer walk. Anchored on rare bytes, because
    looking for one byte is many times cheaper than looking for several.
    """
    if b"earer" in body:
        return True
    if _near(body, b"J", b"eyJ", 2) or _near(body, b"V", b"PRIVATE KEY", 8):
        return True
    return _password_before_at(body) or _card_digits(body)


def escapes(body: bytes) -> tuple[bool, bool]:
    """Whether a JSON text hides (NUL, a character of a secret) behind a unicode escape."""
    if b"\\u00" not in body:
        return False, False
    return b"\\u0000" in body, _ESCAPED_ASCII.search(body) is not None


def _near(body: bytes, anchor: bytes, needle: bytes, back: int) -> bool:
    """Whether `needle` is in `body`, looked for around its rare byte `anchor`."""
    at = body.find(anchor)
    for _ in range(100):
        if at < 0:
            return False
        start = at - back if at > back else 0
        if body.find(needle, start, at + len(needle)) >= 0:
            return True
        at = body.find(anchor, at + 1)
    return needle in body


def _password_before_at(body: bytes) -> bool:
    at = body.find(b"@")
    for _ in range(100):
        if at < 0:
            return False
        start = at - 800 if at > 800 else 0
        before = body.rfind(b":", start, at)  # cheap no for "name@host" and decorators
        if before >= 0 and (b"//" in body[start:at] or b"\\/" in body[start:at]):
            return True
        at = body.find(b"@", at + 1)
    return True


def _card_digits(body: bytes) -> bool:
    classes = body.translate(_CLASSES)
    for run in (b"0" * 13, b"0000-0000"):
        at = classes.find(run)
        for _ in range(100):
            if at < 0:
                break
            if _card_at(body, at, len(run)):
                return True
            at = classes.find(run, at + len(run))
        else:
            return True
    return False


def _card_at(body: bytes, at: int, length: int) -> bool:
    """Whether a card number touches the run of digits at `at`."""
    window = body[max(0, at - 20) : at + length + 20]
    for match in _RAW_CARD.finditer(window):
        digits = match.group().translate(None, b" -")
        if luhn(digits.decode()):
            return True
    return False
