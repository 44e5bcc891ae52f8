"""Word lists and path rules that hold in every language."""

import re


def word_set(text: str) -> frozenset[str]:
    """The words of a list written as plain text."""
    return frozenset(text.split())


def word_list(text: str) -> tuple[str, ...]:
    """The same, in order: what `str.startswith` takes."""
    return tuple(text.split())


HELPER_PARTS = word_set("util utils utility utilities helper helpers common shared")
"""A folder, module or class with one of these words holds shared helpers."""

HELPER_NEAR = word_set("lib libs http httpclient httputil")
"""The same, but only as the module itself or the folder right above it."""

HELPER_CLASSES = word_set("""
    guard guards assert asserts assertion assertions preconditions throwhelper ensure invariant
    invariants""")

ASSERTIONS = word_set("""
    assert invariant ensure must require expect fail throw raise abort panic unwrap""")
"""Functions that state what their caller did wrong."""

_ASSERTED = word_set("""
    that not is be has true false null nil none empty blank positive negative zero present set some
    valid range between length equal equals type string str number int integer float bool list arg
    args argument param parameter""")

BARE_GENERIC = ASSERTIONS | word_set("""
    run request parse fetch send call exec execute query invoke apply dispatch decode encode
    serialize deserialize retry wrap""")
"""Functions whose bare name says nothing when another module calls them."""

_LOOKUPS = word_set("find get load fetch lookup one first save insert update delete store")
"""Functions that say nothing where the whole name of their module says nothing either."""

_PROTOCOL = word_set("__call__ __getitem__ __setitem__ __getattr__ __get__ __set__ __missing__")

_VERBS = BARE_GENERIC | word_set("""
    get do make handle process post put delete patch open validate check load read write""")

_NOUNS = word_set("""
    json http api url xml yaml csv response res req request result error exception err status ok
    with safe try and or if raw body throw fail not null none defined file text data content""")

_UNSPECIFIC = word_set("""
    client clients http https api rest rpc json xml yaml csv html url parse parser parsing decode
    decoder encode encoder serializer codec db database sql query queries session transport conn
    connection io net network web server main index app core base abstract request requests
    response fetch fetcher repo repository dao gateway adapter wrapper executor runner command
    invoker dispatcher bus shell process subprocess lib libs""")
"""Words of modules and classes that serve whoever calls them."""

_SPLIT = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def words_of(name: str) -> list[str]:
    """`getJSON_or_404` -> get, json, or, 404; at most the first 200 characters."""
    return [word.lower() for word in _SPLIT.findall(name[:200])]


def is_generic(name: str, unit: str) -> bool:
    """Whether a function's name alone says nothing about what it does, in this unit: `call` of
    `orders/load` is a place of its own, `call` of `api/client` serves whoever calls it.
    """
    lower = name.lower().rstrip("!")
    if lower in _LOOKUPS and is_unspecific(unit, throughout=True):
        return True
    if lower in BARE_GENERIC:
        return lower in ASSERTIONS or is_unspecific(unit)
    if lower in _PROTOCOL:
        return True
    if len(name) > 40:
        return False
    words = words_of(name)
    if len(words) > 1 and words[-1] in ("async", "sync"):
        words.pop()
        if len(words) == 1:
            return is_generic(words[0], unit)
    if len(words) < 2:
        return False
    if words[0] in ASSERTIONS and all(word in _ASSERTED for word in words[1:]):
        return True
    return words[0] in _VERBS and all(word in _NOUNS or word in _VERBS for word in words[1:])


def is_vague(name: str) -> bool:
    """Whether a name needs its unit beside it to say anything."""
    return name.lower() in BARE_GENERIC


def is_unspecific(unit: str, throughout: bool = False) -> bool:
    """Whether a module or class serves whoever calls it, by the words of its name: by one of
    them, or by all.
    """
    last = next((part for part in reversed(_PARTS.split(unit)) if part), "")
    found = [word in _UNSPECIFIC for word in words_of(last)]
    if throughout:
        return bool(found) and all(found)
    return not last or any(found)


_PARTS = re.compile(r"[/\\.:$#]+")


def is_helper(unit: str, own: frozenset[str] = HELPER_NEAR) -> bool:
    """Whether a unit (path or dotted module) is where shared helpers live.

    `own`: words that count only in the last two parts.
    """
    parts = [part for part in _PARTS.split(unit)[-8:] if part]
    for place, part in enumerate(reversed(parts)):
        lower = part.lower()
        if lower in HELPER_PARTS or (place < 2 and lower in own) or lower in HELPER_CLASSES:
            return True
        if place == 0 and any(word in HELPER_PARTS for word in words_of(part[:60])):
            return True
    return False


_DRIVE = re.compile(r"^[A-Za-z]:")
_EXTENSION = re.compile(r"\.[A-Za-z]{1,8}$")


def tail(path: str, parts: int = 2) -> str:
    """The last `parts` parts of a path without extension, query and drive: the part
    that no deploy directory changes.
    """
    cut = path.split("?", 1)[0].split("#", 1)[0].replace("\\", "/")
    pieces = [piece for piece in _DRIVE.sub("", cut).split("/") if piece not in ("", ".", "..")]
    if not pieces:
        return ""
    pieces[-1] = _EXTENSION.sub("", pieces[-1])
    return "/".join(pieces[-parts:])


def last_parts(dotted: str, parts: int = 2) -> str:
    """The last `parts` parts of a dotted module."""
    pieces = dotted.rsplit(".", parts)
    return ".".join(pieces[-parts:]) if len(pieces) > parts else dotted


def without_brackets(text: str, opening: str = "<", closing: str = ">") -> str:
    """`text` without what stands in (nested) brackets of one sort."""
    if opening not in text:
        return text
    kept: list[str] = []
    depth = 0
    for char in text:
        if char == opening:
            depth += 1
        elif char == closing and depth:
            depth -= 1
        elif not depth:
            kept.append(char)
    return "".join(kept)


REPORTERS = word_set("""
    captureexception capture_exception captureerror capture_error capturemessage
    capture_message reporterror report_error reportexception report_exception
    logexception log_exception rollbarerror notifyerror notify_error""")
"""Functions that only report an error which happened somewhere else."""
