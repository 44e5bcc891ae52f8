"""Message template: a message without the parts that vary from event to event."""

import re

CUT = 300
"""Characters of a message that count."""

_VARYING = re.compile(
    r"[a-zA-Z][a-zA-Z0-9+.-]{1,15}://[^\s'\"<>)\]]+"  # URL
    r"|[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}"  # mail address
    r"|(?<!\w)'[^'\n]{0,200}'(?!\w)|\"[^\"\n]{0,200}\"|`[^`'\n]{0,200}[`']"  # quoted
    r"|“[^”]{0,200}”|«[^»]{0,200}»"
    r"|(?:(?<![\w/\\])[A-Za-z]:|(?<![\w/\\.]))\.{0,2}[/\\][^\s'\"<>|,;:)(]+"  # path
    r"|(?<![\w-])[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"  # UUID
    r"|<[\w.]{1,80} (?:object|instance) at [^>]{1,40}>"
    r"|\[[0-9a-fA-F]{0,4}:[0-9a-fA-F:.%]{1,60}\](?::\d{1,5})?:?"  # IPv6 with brackets
    r"|(?<![\w.-])(?=[a-fA-F:]{0,40}\d)[0-9a-fA-F]{1,4}:"  # IPv6
    r"(?:[0-9a-fA-F]{0,4}:){1,7}[0-9a-fA-F]{0,4}"
    r"|(?:(?<=\w=)|(?<=\w = ))[^\s,;|&\"'<>(){}\[\]]+"  # what follows in name=value
    r"|(?<![\w.-])[\w.-]*\d[\w.:%-]*"  # any word with a digit
)
_RUNS = re.compile(r"<\*>(?:[\s,;:/|&+-]*<\*>)+")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\W\d_]{2,}")


def template_of(message: str) -> str:
    """`message` with URLs, quoted texts, paths, identifiers and numbers as `<*>`."""
    return _shape(message).lower()


def _shape(message: str) -> str:
    text = message[:CUT]
    if not text:
        return ""
    text = _VARYING.sub("<*>", text)
    if "<*>" in text:
        text = _RUNS.sub("<*>", text)
    return _SPACE.sub(" ", text).strip()


LEAST_WORDS, MOST_WORDS = 4, 14
"""Words of a message of which one may turn out to vary: with fewer, what is left says nothing."""
_TOKEN = re.compile(r"[^\W\d_][^\W\d]+(?:[.'\u2019-][^\W\d]+)*")
_CAPITAL = r"[^\W\d_a-z][\w'\u2019-]+"
_NAME = re.compile(rf"\b{_CAPITAL} {_CAPITAL}(?![\w'\u2019-]| {_CAPITAL})")
"""The last two of several words that begin with a capital."""


def slots_of(message: str) -> dict[str, bool]:
    """The templates that leave one word open each (two where they look like a name), and
    whether that word looks like data: a name, a code, a part of a key.
    """
    shape = _shape(message)
    words = list(_TOKEN.finditer(shape))
    if not LEAST_WORDS <= len(words) <= MOST_WORDS:
        return {}
    name = _NAME.search(shape) if len(words) > LEAST_WORDS else None
    found: dict[str, bool] = {}
    for one in [*words, name] if name else words:
        open_ = f"{shape[: one.start()]}<*>{shape[one.end() :]}"
        found.setdefault(_RUNS.sub("<*>", open_).lower(), one is name or _is_data(one, shape))
    return found


def _is_data(word: re.Match[str], shape: str) -> bool:
    text = word[0]
    if not text.isalpha() or shape.startswith((":<*>", "-<*>", "_<*>"), word.end()):
        return "'" not in text and "\u2019" not in text
    return word.start() > 0 and text != text.lower()


def lead_of(message: str) -> str:
    """The first two words of a message's template: what stays when words further on vary."""
    text = message[:CUT]
    start = text.split(None, 2)[:2]
    if start and all(map(str.isalpha, start)):  # no varying part begins in a word of letters
        return " ".join(start).lower()
    known = start[0] if start and start[0].isalpha() and text.startswith(start[0]) else ""
    first = _VARYING.search(text, len(known))
    words = (text[: first.start()] if first else text).lower().split(None, 2)
    return " ".join(words[:2]) if words else template_of(message)


def words_in(template: str) -> list[str]:
    """The words of a template."""
    return _WORD.findall(template)


_RETRIES = re.compile(r"\b(?:attempts?|retr(?:y|ies|ied|ying)|tries|gave up|giving up)\b")


def without_retries(message: str) -> str:
    """`after 3 attempts: load order: no rows` -> `load order: no rows`."""
    if ": " not in message:
        return message
    parts = message[:CUT].split(": ")
    kept = [part for part in parts if not _RETRIES.search(part)]
    return ": ".join(kept) if kept else message


_PLACEHOLDER = re.compile(
    r"%(?:\([^)]{1,60}\))?[-+# 0]*[\d*]*(?:\.[\d*]+)?[sdifrxXeEgGcoqvT@]"
    r"|\$?\{[^{}\n]{0,60}\}"
)


def without_placeholders(text: str) -> str:
    """`%s`, `%(name)d`, `{}` and `${x}` as the `<*>` that their values become, so that a
    logged template and a message of the same words meet.
    """
    if "%" not in text and "{" not in text:
        return text
    return _PLACEHOLDER.sub("<*>", text[:CUT])
