"""The calls of an event that are the application's own, the crash first, with what each weighs.

Input is a stored payload, whose shape nobody may trust.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from tracker.domain.code_paths import Place, place_of
from tracker.domain.texts import mapping, objects, plain

MOST = 20
_FADES = (1.0, 0.6, 0.45, 0.35, 0.3)
_CAUSE = 0.9
"""What the first call of a cause weighs, against that of what reached the top."""
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,60}")
# What every error of its kind says, in whichever code it happens.
_COMMON = frozenset(
    """attribute cannot error errors exception expected failed found given have index instance
    into invalid item items list method missing must named none nonetype null number object
    objects operand operation property properties range read reading required should string
    subscriptable supported type types undefined unexpected unknown unsupported value values
    variable when while with without argument arguments positional keyword takes from self this
    return raise throw const await async function class import true false than that between
    instances integer float byte bytes dict tuple""".split()
)


class Called(Struct, frozen=True):
    """One call of the application's own code."""

    place: Place
    function: str
    line: int | None
    weight: float
    """1 for the call that failed, less for those that led to it."""
    code: str = ""
    """Its line of source, where the SDK sent one."""


def calls_of(data: Mapping[str, Any]) -> tuple[Called, ...]:
    """At most 20, each place once, the crash first."""
    found: dict[tuple[Place, int | None], Called] = {}
    for stack, start in _stacks(data):
        own = [frame for frame in _frames(stack) if frame.get("in_app") is not False]
        said = [frame for frame in own if frame.get("in_app") is True]
        for number, frame in enumerate(said or own):
            call = _called(frame, start * _FADES[min(number, len(_FADES) - 1)])
            found.setdefault((call.place, call.line), call)
    return tuple(sorted(found.values(), key=lambda call: -call.weight)[:MOST])


def _stacks(data: Mapping[str, Any]) -> Iterator[tuple[Any, float]]:
    """What reached the top, then its causes."""
    chain = list(reversed(objects(data.get("exception"))))
    for number, link in enumerate(chain[:5]):
        yield link.get("stacktrace"), _CAUSE if number else 1.0
    if not any(_frames(link.get("stacktrace")) for link in chain):
        yield data.get("stacktrace"), 1.0
        for thread in objects(data.get("threads")):
            if thread.get("crashed") or thread.get("current"):
                yield thread.get("stacktrace"), 1.0


def _frames(stack: Any) -> list[Mapping[str, Any]]:
    """Most recent first."""
    frames = mapping(stack).get("frames")
    if not isinstance(frames, list):
        return []
    return [frame for frame in reversed(frames[-250:]) if isinstance(frame, Mapping)]


def _called(frame: Mapping[str, Any], weight: float) -> Called:
    line = frame.get("lineno")
    code = frame.get("context_line")
    return Called(
        place_of(frame),
        plain_name(plain(frame.get("function"))),
        line if isinstance(line, int) and not isinstance(line, bool) and 0 < line < 10**7 else None,
        weight,
        code[:500] if isinstance(code, str) else "",
    )


def plain_name(function: str) -> str:
    """`total` of `shop.Cart.total`, `Cart::total()` or `async Cart.total`; "" for lambdas."""
    name = re.sub(r"\(.*|<.*", "", function, flags=re.DOTALL).strip()
    name = re.split(r"[.:#$\s/]+", name)[-1] if name else ""
    return name if re.fullmatch(r"\w{2,100}[!?]?", name) else ""


def words_of(data: Mapping[str, Any]) -> frozenset[str]:
    """Names that the error itself speaks of: `currency` of `KeyError: 'currency'`."""
    texts = [plain(link.get("value")) for link in objects(data.get("exception"))[-3:]]
    if not any(texts):
        entry = data.get("logentry") or data.get("message")
        told = mapping(entry).get("message") if isinstance(entry, Mapping) else entry
        texts = [plain(told)]
    return frozenset(word for text in texts for word in names_in(text[:2_000]))


def names_in(text: str) -> frozenset[str]:
    """Names in a text that say which code it is about."""
    return frozenset(w for w in _WORD.findall(text) if w.lower() not in _COMMON)


_TRACE = re.compile(
    r"""File\ "(?P<python>[^"]+)",\ line\ (?P<python_line>\d+)
    |at\ (?:async\ )?(?P<module>[\w.$]+)\.[\w$<>]+\((?P<java>[\w$]+\.\w+):(?P<java_line>\d+)\)
    |\((?P<js>[^()\s]+):(?P<js_line>\d+):\d+\)
    |(?:at\ |\#\d+\ |^)(?P<bare>\S+?)[:(](?P<bare_line>\d+)\)?(?::\d+|:in\b.*|:\ .*)?$""",
    re.VERBOSE,
)


def place_in(line: str) -> tuple[Place, int | None]:
    """The file and line that a line of a trace, or a bare path, speaks of."""
    found = _TRACE.search(line.strip()[:2_000])
    if found is None:
        return Place(filename=line.strip()[:2_000]), None
    for kind in ("python", "java", "js", "bare"):
        if found[kind]:
            module = (found["module"] or "") if kind == "java" else ""
            return Place(found[kind], "", module), int(found[f"{kind}_line"][:9])
    return Place(filename=line.strip()[:2_000]), None
