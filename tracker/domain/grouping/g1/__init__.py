"""Grouping version g1, the site ladder. Frozen once released: a better idea is a g2.

1 call.py, languages/   normalise frames
2 site.py               the place where it went wrong
3 cause.py              the inner errors that count
4 facets.py             message parts that name the failure
5 site.line_of          the source line
6 here                  keys; special.py for stack overflows, hangs and CSP
7 ../resolve.py         the ladder
"""

from functools import lru_cache
from operator import attrgetter

from tracker.domain.event import Event, ExceptionInfo, Frame
from tracker.domain.grouping import keys as kinds
from tracker.domain.grouping.g1 import cause, facets, site, special, template
from tracker.domain.grouping.g1.call import Call, Language
from tracker.domain.grouping.g1.languages import language_of
from tracker.domain.grouping.g1.words import word_set
from tracker.domain.grouping.keys import Key, digest
from tracker.domain.grouping.rules import Rules

VERSION = "g1"

LONG_LINE = 24
"""Characters of a source line that two files hardly share by chance."""


def keys_of(event: Event, rules: Rules) -> tuple[Key, ...]:
    """The keys of `event`, most precise first; never empty."""
    if event.csp is not None:
        return (special.csp(event.csp),)
    if not event.exceptions:
        return _keys_of_message(event, rules)
    language = language_of_event(event)
    errors = with_thread_stack(event)
    outer = errors[-1]
    if special.is_overflow(outer):
        return special.overflow(outer, language, rules)
    if special.is_hang(outer):
        return special.hang(outer, language, rules)
    if language.errors_are_values and not is_panic(event, outer, language):
        return _go_error(errors)
    return _keys_of_error(cause.find(errors, language, rules), language)


def language_of_event(event: Event) -> Language:
    """The language of the error: that of its deepest frame in mixed stacks."""
    frames = event.exceptions[-1].frames if event.exceptions else event.stack
    if frames and frames[-1].platform:
        return language_of(frames[-1].platform)
    return language_of(event.platform)


def with_thread_stack(event: Event) -> tuple[ExceptionInfo, ...]:
    """The exceptions; the outermost takes the crashed thread's stack when it has none."""
    outer = event.exceptions[-1]
    if outer.frames or not event.threads:
        return event.exceptions
    for thread in event.threads:
        if thread.frames and (thread.crashed or (thread.current and not outer.frames)):
            return (*event.exceptions[:-1], _with_frames(outer, thread.frames))
    return event.exceptions


def _with_frames(error: ExceptionInfo, frames: tuple[Frame, ...]) -> ExceptionInfo:
    return ExceptionInfo(
        type=error.type,
        value=error.value,
        module=error.module,
        frames=frames,
        handled=error.handled,
        synthetic=error.synthetic,
        mechanism=error.mechanism,
    )


def _keys_of_error(link: cause.Link, language: Language) -> tuple[Key, ...]:
    error, place = link.error, link.site
    type_ = cause.type_of(error.type)
    if language.weak_joins and len(type_) <= 2:
        type_ = "Error"  # a minifier's name for a class
    line = place.line if place is not None else ""
    hard, soft = facets.of_error(type_, error.value, line)
    for inner in link.inner:
        if hard:
            break
        hard, _ = facets.of_error(cause.type_of(inner.type), inner.value, line)
    if place is not None and not place.raised_here and any(one[:5] == "view=" for one in hard):
        place = None  # it went wrong in the template, wherever that was rendered
    if place is None or not place.usable:
        weak = _weak(error, type_, hard, link.causes, language)
        return (weak,) if hard else (weak, *_slots("weak", error.value, type_, *link.causes))
    text = _message(error, type_, hard)
    found = _at_site(
        type_, place.calls, place.in_unit, line, link.causes, hard, soft, text, language.wordings
    )
    if place.beside:
        also = _at_site(
            type_, place.beside, place.in_unit, line, link.causes, hard, soft, text,
            language.wordings,
        )  # fmt: skip
        found = tuple(sorted({key.hash: key for key in (*also, *found)}.values(), key=_level))
    if language.weak_joins and (hard or _says_something(error.value)):
        return (*found, _weak(error, type_, hard, link.causes, language))
    return found


_level = attrgetter("level")


@lru_cache(maxsize=4_096)
def _at_site(
    type_: str,
    calls: tuple[Call, ...],
    in_unit: bool,
    line: str,
    causes: tuple[str, ...],
    hard: tuple[str, ...],
    soft: tuple[str, ...],
    text: str,
    wordings: frozenset[str],
) -> tuple[Key, ...]:
    """The keys of an error with a place; remembered, since most errors come again and again."""
    where = site.text_of(calls, in_unit)
    inner = "\x1e".join(causes)
    base = (type_, where, inner, "\x1e".join(hard))
    at_line = (inner, "\x1e".join(facets.without(hard, wordings)), line)
    why = _why(type_, site.label_of(calls), causes, hard)
    named = bool(calls[0].name) or in_unit
    found: list[Key] = []
    if line and named:
        name = digest(VERSION, "line", type_, where, "\x1e".join(soft), *at_line)
        found.append(Key(kinds.LINE, name, f"{why}, line “{line[:80]}”{_IGNORED_LINE}"))
    if line and not in_unit:
        # A long line stands for itself, so that a bundle meets its sources.
        unit = calls[0].unit.rsplit("/", 1)[-1] if len(line) < LONG_LINE else ""
        rest = "\x1e".join(call.name for call in calls[1:])
        name = digest(VERSION, "file", type_, unit, rest, *at_line)
        said = f"{why}, line “{line[:80]}” in {unit or 'any file'}"
        found.append(Key(kinds.LINE_IN_FILE, name, said))
    told = f", message “{text[:80]}…”" if text else ""
    said = f"{why}{told}; ignored: entry point"
    found.append(Key(kinds.MESSAGE_AT_SITE, digest(VERSION, "message", *base, text), said))
    if named:
        found.append(Key(kinds.SITE, digest(VERSION, "site", *base), f"{why}{_IGNORED}"))
    return tuple(found)


def _message(error: ExceptionInfo, type_: str, hard: tuple[str, ...]) -> str:
    """What the message adds to the site: nothing beside facets, else how it begins."""
    if hard:
        return ""
    if type_ == "KeyError":
        return facets.static_key(error.value)
    _, soft = facets.of_message(error.value)
    return "\x1e".join(soft) or template.lead_of(error.value)


def _says_something(text: str) -> bool:
    return len(template.words_in(template.template_of(text))) >= 2


_IGNORED = "; ignored: entry point, message text"
_IGNORED_LINE = "; ignored: entry point, message text, line number"


def _why(type_: str, place: str, causes: tuple[str, ...], hard: tuple[str, ...]) -> str:
    text = f"{type_} in {place}"
    if causes:
        inner = ", ".join(
            " in ".join(part for part in one.replace("\x1e", " < ").split("\x1d")[:3] if part)
            for one in causes
        )
        text += f", caused by {inner[:200]}"
    if hard:
        text += f", {', '.join(hard)}"
    return text[:500]


def _weak(
    error: ExceptionInfo,
    type_: str,
    hard: tuple[str, ...],
    causes: tuple[str, ...],
    language: Language,
) -> Key:
    """Type and facets, else type and template; a stack of libraries helps where words are few."""
    text = "" if hard else template.template_of(error.value)
    named = ", ".join(hard) if hard else f"message “{text[:120]}”"
    stack = ""
    few = not hard and len(template.words_in(text)) < 2
    if error.frames and (language.weak_stack or few):
        stack = special.top_names(error.frames, language)
    why = f"{type_} with {named}; no usable place in the application's code"
    if stack:
        why += f", libraries: {stack[:120]}"
    if language.weak_joins and not error.is_group:
        causes = ()  # minified twins do not tell where the inner errors were
    parts = ("\x1e".join(causes), "\x1e".join(hard), text, stack)
    return Key(kinds.WEAK, digest(VERSION, "weak", type_, *parts), why)


_GO_PLAIN = word_set(
    "errorstring wraperror wraperrors withstack withmessage fundamental joinerror error"
)


def is_panic(event: Event, error: ExceptionInfo, language: Language) -> bool:
    """Whether the stack of a Go error is that of the failure: it was a panic."""
    if event.level == "fatal" or error.type.lstrip("*").startswith("runtime."):
        return True
    if error.mechanism == "panic":
        return True
    return any("ecover(" in frame.context_line for frame in error.frames[-2:])


def _go_error(errors: tuple[ExceptionInfo, ...]) -> tuple[Key, ...]:
    """An error value: the first telling type of the chain, and what it says."""
    type_ = "error"
    for error in errors[: -cause.MOST_INNER - 1 : -1]:
        name = cause.type_of(error.type)
        if name.lower() not in _GO_PLAIN:
            type_ = name
            break
    said = template.without_retries(errors[-1].value)
    text = template.template_of(said)
    why = f"Go error {type_} with message “{text[:120]}”; ignored: where it was reported"
    weak = Key(kinds.WEAK, digest(VERSION, "weak", type_, text), why)
    return (weak, *_slots("weak", said, type_))


def _slots(sort: str, message: str, *parts: str) -> tuple[Key, ...]:
    """Keys that leave one word of the message open each, for words that turn out to vary."""
    return tuple(
        Key(
            kinds.SLOT if data else kinds.PLAIN_SLOT,
            digest(VERSION, "slot", sort, *parts, text),
            f"message “{text[:160]}”, where a word turned out to vary; ignored: place, numbers",
        )
        for text, data in template.slots_of(message).items()
    )


def _keys_of_message(event: Event, rules: Rules) -> tuple[Key, ...]:
    """A message: its template; the place only when the words say nothing."""
    text = event.template
    if (
        not text
        or len(template.words_in(template.template_of(template.without_placeholders(text)))) < 2
    ):
        text = event.message or text
    text = template.template_of(template.without_placeholders(text))
    parts = [text]
    why = f"message “{text[:160]}”; ignored: level, place, numbers and names in the message"
    if len(template.words_in(text)) < 2:
        parts.append(event.logger)
        frames = event.stack or next((one.frames for one in event.threads if one.frames), ())
        place = site.find(frames, language_of_event(event), rules) if frames else None
        if place is not None and place.usable:
            parts.append(place.text)
            why += f", in {place.label}"
        elif not text:
            parts.append(event.transaction)
    weak = Key(kinds.WEAK, digest(VERSION, "log", *parts), why)
    return (weak,) if event.template else (weak, *_slots("log", event.message))
