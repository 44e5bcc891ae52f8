"""What must never be stored: secrets by key word, secrets by shape, full addresses.

Pure rules, used by the adapters while they walk an event. Two ideas keep them cheap:
whether a key is sensitive is remembered per key, and one look at the raw body tells
whether any text in it can hold a secret at all (tracker/domain/rawlook.py).
"""

import hashlib
import hmac
import ipaddress
import itertools
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

FILTERED = "[Filtered]"

WORDS = frozenset(
    "password passwd passphrase pwd secret apikey auth authorization authentication credential"
    " credentials token session sessionid phpsessid jsessionid cookie csrf xsrf privatekey jwt"
    " bearer ssn card creditcard cardnumber cvv cvc".split()
)
"""Words that mark a key as sensitive, as one word of it; plurals count too."""

PAIRS = frozenset({("api", "key"), ("private", "key"), ("access", "key"), ("credit", "card")})
"""The same, written as two words: `api_key`, `X-Api-Key`, `privateKey`."""

ENDINGS = ("password", "passwd", "secret", "apikey", "token", "cookie", "credentials")
"""Endings that make a longer word sensitive: `dbpassword`, `csrfmiddlewaretoken`."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
_MEMORY = 20_000  # keys remembered per set of words; strangers choose keys


def split_words(key: str) -> list[str]:
    """The lower-case words of a key, split at non-letters and at camelCase."""
    return [word.lower() for word in _WORD.findall(key)]


class KeyWords:
    """Which keys are sensitive, with memory of the keys seen."""

    __slots__ = ("_dirty", "_words", "clean", "stems")

    def __init__(self, extra: Iterable[str] = ()) -> None:
        own = {word.lower() for word in extra if word}
        self._words = WORDS | own
        self.stems = (*_STEMS, *sorted(own))
        """One of them is in each sensitive key, in small letters."""
        self.clean: set[str] = set()
        """Keys known to be harmless: `clean.issuperset(mapping)` settles most mappings in C."""
        self._dirty: set[str] = set()

    def sensitive(self, key: str) -> bool:
        """Whether the value under `key` must be hidden."""
        if key in self.clean:
            return False
        if key in self._dirty:
            return True
        answer = self._decide(key[:200])
        if len(key) <= 100:
            memory = self._dirty if answer else self.clean
            if len(memory) >= _MEMORY:
                memory.clear()
            memory.add(key)
        return answer

    def _decide(self, key: str) -> bool:
        words = split_words(key)
        if any(self._is_word(word) for word in words):
            return True
        if any(pair in PAIRS for pair in itertools.pairwise(words)):
            return True
        return key.lower() in self._words

    def _is_word(self, word: str) -> bool:
        if word in self._words or (word.endswith("s") and word[:-1] in self._words):
            return True
        return word.endswith(ENDINGS) or word.startswith(("password", "csrf", "xsrf"))

    def dirty(self, mapping: dict[str, Any]) -> list[str]:
        """The sensitive keys of a mapping."""
        return [key for key in mapping if self.sensitive(key)]


@lru_cache(maxsize=256)
def key_words(extra: frozenset[str] = frozenset()) -> KeyWords:
    """The shared `KeyWords` for a project's extra words."""
    return KeyWords(extra)


# --- secrets by shape --------------------------------------------------------------------

_CARD = re.compile(
    r"(?<![\w.])(?:[2-6]\d{3}([ -]?)\d{4}\1\d{4}\1\d{1,7}|3[47]\d\d([ -])\d{6}\2\d{5})(?!\w)"
)
_PEM = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_BEARER = re.compile(r"\b([Bb]earer)\s{1,4}[\w\-.~+/]{8,}={0,2}")
_JWT = re.compile(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*")
_URL_PASSWORD = re.compile(r"(:(?:\\?/){2}[^\s/@:\"']{0,256}:)[^\s/@\"']{1,512}@")


def luhn(digits: str) -> bool:
    """Whether the check digit of a card number fits."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = ord(digit) - 48
        if place % 2:
            number = number * 2 - 9 if number > 4 else number * 2
        total += number
    return total % 10 == 0


def _card(match: re.Match[str]) -> str:
    digits = match.group().replace(" ", "").replace("-", "")
    known = 13 <= len(digits) <= 19 and digits.isascii() and luhn(digits)
    return FILTERED if known else match.group()


def scrub_text(text: str) -> str:
    """`text` without card numbers, private keys, bearer tokens, JWTs and passwords in URLs."""
    if len(text) < 10:
        return text
    if "BEGIN" in text:
        text = _PEM.sub(FILTERED, text)
    if "eyJ" in text:
        text = _JWT.sub(FILTERED, text)
    if "earer" in text:
        text = _BEARER.sub(r"\1 " + FILTERED, text)
    if "@" in text and ":" in text:
        text = _URL_PASSWORD.sub(r"\1" + FILTERED + "@", text)
    return _CARD.sub(_card, text)


def is_card_number(number: int) -> bool:
    """Whether a bare number is a card number."""
    if not 10**12 <= number < 10**19:
        return False
    return scrub_text(str(number)) == FILTERED


# --- addresses and queries ---------------------------------------------------------------


_IPV4 = re.compile(
    r"((?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3})(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)", re.ASCII
)


def cut_ip(text: str) -> str:
    """An address cut to its network: /24 for IPv4, /48 for IPv6; "" when it is none."""
    if usual := _IPV4.fullmatch(text):
        return f"{usual[1]}0"
    try:
        address = ipaddress.ip_address(text.strip())
    except ValueError:
        return ""
    if address.version == 6 and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    bits = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network(f"{address}/{bits}", strict=False).network_address)


@lru_cache(maxsize=4096)
def user_key(salt: bytes, identity: str) -> bytes:
    """The 16 bytes under which a person is counted: keyed, so that nobody can guess back.

    `identity` is the first of id, email, username and full address that is known.
    """
    text = identity.encode("utf-8", "replace")
    return hmac.digest(salt, text, hashlib.sha256)[:16]


_PAIR = re.compile(r"(^|[?&;])([^=&;?#\s]{1,200})=([^&;#]+)")


def scrub_query(text: str, keys: KeyWords) -> str:
    """`a=1&token=x` with the values of sensitive names hidden; also whole URLs."""
    if "=" not in text:
        return text

    def hide(match: re.Match[str]) -> str:
        start, name, value = match.groups()
        return f"{start}{name}={FILTERED if keys.sensitive(name) else value}"

    return _PAIR.sub(hide, text)


_QUOTED = re.compile(
    r"""(["'])([^"'\\]{1,100})\1(\s{0,8}:\s{0,8})("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[^\s,}\]]+)"""
)


def scrub_pairs(text: str, keys: KeyWords) -> str:
    """Text that looks like an object, `{"a": "x"`, with the values of sensitive names hidden."""

    def hide(match: re.Match[str]) -> str:
        quote, name, colon, value = match.groups()
        if not keys.sensitive(name):
            return match.group()
        kept = value if value in ("null", "None", "{", "[") else f"{quote}{FILTERED}{quote}"
        return f"{quote}{name}{quote}{colon}{kept}"

    return _QUOTED.sub(hide, text)


_NAMED = re.compile(r"""\b([A-Za-z_]\w{0,99})=([bu]?)("(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)""")


def holds_pairs(text: str) -> bool:
    """Whether `scrub_told` may find names and values: written as Python or as JSON."""
    return "':" in text or "='" in text or '":' in text or '="' in text or "=b'" in text


def scrub_told(text: str, keys: KeyWords) -> str:
    """What a program says of an object, with the values of sensitive names hidden.

    `{'password': 'x'}` as `scrub_pairs` does it, and `User(password='x')`.
    """

    def hide(match: re.Match[str]) -> str:
        name, prefix, value = match.groups()
        if not keys.sensitive(name):
            return match.group()
        return f"{name}={prefix}{value[0]}{FILTERED}{value[0]}"

    text = scrub_pairs(text, keys)
    return _NAMED.sub(hide, text)


# --- sentences -------------------------------------------------------------------------------

_STEMS = (
    "passw passphrase pwd secret auth credential token sess cookie csrf xsrf jwt bearer ssn card"
    " cvv cvc key".split()
)
"""What every sensitive name holds one of, in small letters."""

_SAID = re.compile(r"(?<![\w.\-])([A-Za-z_][\w.\-]{0,99}+)=(?!=)([^\s&;,\"'<>()\[\]{}]+)", re.ASCII)
_SAID_LATER = re.compile(
    r"(?<![\w.\-])([A-Za-z_][\w.\-]{0,99}+)[ ]?:[ ]?(?!//)([^\s,;\"'<>()\[\]{}]+)", re.ASCII
)
_CREDENTIALS = re.compile(
    r"(?ai)\b(authorization[ ]?:[ ]?(?:basic|digest|token|apikey|negotiate)[ ]+)[^\s\"',;]+"
)
_COOKIES = re.compile(r"(?ai)\b((?:set-)?cookie[ ]?:[ ]?)[\w.\-]{1,100}=[^\r\n\"']+")
_PROSE = frozenset({"auth", "authorization", "authentication", "session", "cookie", "card"})
"""Sensitive words that sentences also put before a colon: `auth: no such user-7`."""


def says(text: str, keys: KeyWords) -> bool:
    """Whether `scrub_said` may find something."""
    if "=" not in text and ":" not in text:
        return False
    small = text.lower()
    return any(stem in small for stem in keys.stems)


def scrub_said(text: str, keys: KeyWords) -> str:
    """A sentence with the values of sensitive names hidden: `password=x`, `api_key: x1`.

    After a colon sentences go on as often as values follow: only what does not look like a word
    is hidden there.
    """

    def hide(match: re.Match[str]) -> str:
        name, value = match.groups()
        return f"{name}={FILTERED}" if keys.sensitive(name) else f"{name}={value}"

    def hide_later(match: re.Match[str]) -> str:
        name, value = match.groups()
        if not _like_a_secret(value) or not keys.sensitive(name):
            return match.group()
        if _PROSE.issuperset(split_words(name)):
            return match.group()
        return match.group()[: match.start(2) - match.start()] + FILTERED

    text = scrub_told(text, keys)
    text = _CREDENTIALS.sub(r"\1" + FILTERED, text)
    text = _COOKIES.sub(r"\1" + FILTERED, text)
    return _SAID_LATER.sub(hide_later, _SAID.sub(hide, text))


def _like_a_secret(value: str) -> bool:
    """Whether a text is no word of a sentence: it has a digit, or signs, or many letters."""
    plain = value.rstrip(".!?")
    return len(plain) >= 3 and (not plain.isalpha() or len(plain) > 20)
