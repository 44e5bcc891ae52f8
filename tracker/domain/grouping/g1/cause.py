"""Cause: which link of an exception chain is the bug, and which inner ones count with it."""

from collections.abc import Sequence
from functools import lru_cache

from msgspec import Struct

from tracker.domain.event import ExceptionInfo
from tracker.domain.grouping.g1 import facets, site
from tracker.domain.grouping.g1.call import Language
from tracker.domain.grouping.g1.words import word_set
from tracker.domain.grouping.rules import Rules

MOST_INNER = 6
"""Inner errors that are looked at, from the outermost."""
MOST_INNER_FRAMES = 30
MOST_WRAPPED = 2
"""Inner errors whose messages may lend their facets to a library's wrapper."""

_TRANSPARENT = word_set("""
    ExecutionException InvocationTargetException UndeclaredThrowableException CompletionException
    TargetInvocationException AggregateException NestedServletException ServletException
    RetryError RemoteTraceback ViewException LaravelViewException TemplateError
    PrivilegedActionException RuntimeExecutionException""")
"""Wrappers that libraries put around somebody else's error."""

_CONTROL_FLOW = word_set("""
    StopIteration StopAsyncIteration GeneratorExit CancelledError KeyboardInterrupt SystemExit
    AbortError InterruptedException CancellationException TaskCanceledException
    OperationCanceledException Http404 Resolver404 DoesNotExist ObjectDoesNotExist Empty Full
    QueueEmpty BlockingIOError""")
"""Errors that are raised as messages between parts of a program."""

_ACCIDENTS = word_set("""
    AttributeError TypeError NameError UnboundLocalError KeyError IndexError ZeroDivisionError
    ReferenceError RangeError NullPointerException ClassCastException ArithmeticException
    IndexOutOfBoundsException ArrayIndexOutOfBoundsException NoMethodError DivisionByZeroError
    NullReferenceException IndexOutOfRangeException InvalidCastException""")
"""Nobody raises these around another error: they are bugs of the handler itself."""


class Link(Struct, frozen=True):
    """The error that an event is about."""

    error: ExceptionInfo
    site: site.Site | None
    causes: tuple[str, ...] = ()
    """`Type@site` of the inner errors that count, outermost first."""
    inner: tuple[ExceptionInfo, ...] = ()
    """What a library put its own error around: its facets count where the outer has none."""


@lru_cache(maxsize=2_048)
def type_of(type_: str) -> str:
    """A type without its package, outer class and what languages decorate it with."""
    name = type_.strip().lstrip("*&")
    if "`" in name:
        name = name.split("`", 1)[0]
    for separator in ("\\", "::", "/"):
        if separator in name:
            name = name.rsplit(separator, 1)[-1]
    if " " not in name:
        name = name.rsplit(".", 1)[-1].rsplit("$", 1)[-1].rsplit("+", 1)[-1]
    name = name.strip("_: ") or type_.strip()
    return {"IOError": "OSError", "EnvironmentError": "OSError"}.get(name, name)[:120]


def find(errors: Sequence[ExceptionInfo], language: Language, rules: Rules) -> Link:
    """The link of the chain that groups the event; `errors` is not empty, outermost last."""
    outer = errors[-1]
    place = site.find(outer.frames, language, rules)
    inner = list(errors[-2 : -2 - MOST_INNER : -1])
    if outer.is_group:
        return _group(outer, place, inner, language, rules)
    if not inner:
        return Link(outer, place)
    link = _unwrapped(outer, place, inner, language, rules)
    if link is not None:
        return link
    if type_of(outer.type) in _ACCIDENTS:
        return Link(outer, place)
    if place is None or not place.raised_here:
        return Link(outer, place, inner=tuple(inner[:MOST_WRAPPED]))
    return Link(outer, place, _causes(place, inner, language, rules))


def _group(
    outer: ExceptionInfo,
    place: site.Site | None,
    inner: Sequence[ExceptionInfo],
    language: Language,
    rules: Rules,
) -> Link:
    """An exception group is the set of its distinct children; a set of one is its child."""
    distinct: dict[str, tuple[ExceptionInfo, site.Site | None]] = {}
    parents = {error.exception_id for error in inner if error.is_group}
    for child in inner:
        if child.is_group:
            continue
        own = child.parent_id is None or child.parent_id == outer.exception_id
        if not own and child.parent_id not in parents:
            continue  # the cause of a child
        found = site.find(child.frames, language, rules, MOST_INNER_FRAMES)
        distinct.setdefault(_described(child, found), (child, found))
    if len(distinct) == 1:
        child, found = next(iter(distinct.values()))
        if found is not None and found.usable:
            return Link(child, found)
    return Link(outer, place, tuple(sorted(distinct)))


def _unwrapped(
    outer: ExceptionInfo,
    place: site.Site | None,
    inner: Sequence[ExceptionInfo],
    language: Language,
    rules: Rules,
) -> Link | None:
    """The inner error, when a library merely carried it to another place."""
    carried = type_of(outer.type) in _TRANSPARENT
    if place is not None and place.raised_here and not carried:
        return None
    for error in inner:
        explicit = error.source not in ("", "__context__") or language.name in ("jvm", "dotnet")
        if not (carried or explicit):
            return None
        found = site.find(error.frames, language, rules, MOST_INNER_FRAMES)
        if found is not None and found.usable and (carried or found.raised_here or place is None):
            return Link(error, found)
    return None


def _causes(
    place: site.Site, inner: Sequence[ExceptionInfo], language: Language, rules: Rules
) -> tuple[str, ...]:
    counted: list[str] = []
    for error in inner:
        if type_of(error.type) in _CONTROL_FLOW:
            continue
        found = site.find(error.frames, language, rules, MOST_INNER_FRAMES)
        if found is None or not found.usable:
            continue
        if found.text == place.text:
            if found.raised_here and found.frame.lineno != place.frame.lineno:
                counted.append(type_of(error.type))
            continue
        counted.append(_described(error, found))
    return tuple(counted[:4])


def _described(error: ExceptionInfo, found: site.Site | None) -> str:
    hard, _ = facets.of_error(type_of(error.type), error.value, "")
    text = found.text if found is not None and found.usable else ""
    return "\x1d".join((type_of(error.type), text, *hard))
