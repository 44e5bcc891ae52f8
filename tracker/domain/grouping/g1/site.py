"""Site: the place in the application's own code where it went wrong."""

from collections.abc import Callable, Sequence
from functools import lru_cache

from msgspec import Struct
from msgspec.structs import replace

from tracker.domain.event import Frame
from tracker.domain.grouping.g1.call import Call, Language, call_of
from tracker.domain.grouping.g1.words import word_set, words_of
from tracker.domain.grouping.rules import Rules

MOST_FRAMES = 260
"""Frames that are looked at, from the top of the stack."""
MOST_CALLERS = 2
MOST_BETWEEN = 2
"""Frames of a library between a closure and the function that it stands in."""
_WRAPPERS = word_set(
    "wrapper wrapped inner decorated decorator retry retries retrying attempt traced middleware "
    "interceptor proxy timed"
)


class Site(Struct, frozen=True):
    """Where it went wrong."""

    frame: Frame
    calls: tuple[Call, ...]
    """The crash frame's call, then the callers that a shared helper needs."""
    line: str
    """Whitespace-normalised source line; "" when it is missing or says nothing."""
    raised_here: bool
    """The topmost frame is the application's own: it raised the error itself."""
    usable: bool
    """Not minified or anonymous in a bundle."""
    in_unit: bool
    """Whether units count."""
    beside: tuple[Call, ...] = ()
    """The same with a caller, where a bundle hides whether the function is a shared helper."""

    @property
    def named(self) -> bool:
        """Whether the crash frame has a name of its own."""
        return bool(self.calls[0].name)

    @property
    def text(self) -> str:
        """What is hashed."""
        return text_of(self.calls, self.in_unit)

    @property
    def label(self) -> str:
        """What people read."""
        return label_of(self.calls)


def text_of(calls: Sequence[Call], in_unit: bool) -> str:
    """What is hashed of calls: functions, with their units where those count."""
    if in_unit:
        return "\x1e".join(f"{call.unit}\x1d{call.name}" for call in calls)
    call = calls[0]
    if len(calls) == 1 and call.vague:
        return f"{call.unit.rsplit('/', 1)[-1]}\x1d{call.name}"
    return "\x1e".join(call.name or call.unit for call in calls)


def label_of(calls: Sequence[Call]) -> str:
    """What people read: `shop.orders.parse`, `shop.utils.http.get_json < shop.billing.pay`."""
    return " < ".join(call.label for call in calls)


def find(
    frames: Sequence[Frame], language: Language, rules: Rules, most: int = MOST_FRAMES
) -> Site | None:
    """The deepest in-app frame, with its callers while it is a shared helper."""
    site = _find(frames, language, rules, most)
    if site is not None or not language.trust_all_if_no_app:
        return site
    if any(frame.in_app for frame in frames):
        return None
    plain = [
        replace(frame, in_app=None) if frame.in_app is False else frame for frame in frames[-most:]
    ]
    return _find(plain, language, rules, most)


def _find(frames: Sequence[Frame], language: Language, rules: Rules, most: int) -> Site | None:
    raised_here = True
    for place in range(len(frames) - 1, max(-1, len(frames) - 1 - most), -1):
        frame = frames[place]
        call = read(frame, language, rules)
        if call.skip or _is_builtin(call, frames, place):
            continue
        if not call.app:
            raised_here = False
            continue
        if language.errors_are_values and "ecover(" in frame.context_line and place > 0:
            continue
        return _site(frames, place, call, language, rules, raised_here)
    return None


def read(frame: Frame, language: Language, rules: Rules) -> Call:
    """A frame as grouping sees it, the project's stack rules applied."""
    call = call_of(frame, language)
    return rules.adjust(call, frame) if rules.stack else call


def _is_builtin(call: Call, frames: Sequence[Frame], place: int) -> bool:
    """A function of the language itself, which stands on the line of its caller."""
    if not call.native_like or place == 0:
        return False
    frame, caller = frames[place], frames[place - 1]
    return (
        frame.lineno is not None
        and frame.lineno == caller.lineno
        and frame.filename == caller.filename
        and frame.function != caller.function
    )


def _site(
    frames: Sequence[Frame],
    place: int,
    call: Call,
    language: Language,
    rules: Rules,
    raised_here: bool,
) -> Site:
    frame, crash = frames[place], place
    if call.borrows:
        call = _named_by_surroundings(frames, place, call, language, rules)
    calls = [call]
    while len(calls) <= MOST_CALLERS:
        current = calls[-1]
        place -= 1
        caller, place = _caller(frames, place, current, language, rules)
        if caller is None or not _needs_caller(current, caller):
            break
        calls.append(caller)
    beside: tuple[Call, ...] = ()
    if len(calls) == 1 and call.bundled and call.name and not call.minified:
        caller, _ = _next_caller(frames, crash - 1, call, language, rules)
        beside = (call, caller) if caller is not None else ()
    line = line_of(frame, language)
    usable = not call.minified and not (call.bundled and not call.name and not line)
    if not call.name and not call.unit:
        usable = False
    return Site(frame, tuple(calls), line, raised_here, usable, language.unit_in_key, beside)


def _named_by_surroundings(
    frames: Sequence[Frame], place: int, call: Call, language: Language, rules: Rules
) -> Call:
    """Lambdas, comprehensions and closures take the name of the code around them, also when
    a library called them back at once.
    """
    between = 0
    for below in range(place - 1, max(-1, place - 6), -1):
        around = read(frames[below], language, rules)
        if around.skip:
            continue
        if not around.app and between < MOST_BETWEEN:
            between += 1
            continue
        if around.unit == call.unit and around.name and around.app and not around.minified:
            return replace(call, name=around.name, generic=around.generic)
        if not around.borrows:
            break
    return call


def _needs_caller(call: Call, caller: Call) -> bool:
    if call.helper:
        return True
    return call.generic and (call.bundled or caller.bundled or call.unit != caller.unit)


def _caller(
    frames: Sequence[Frame], place: int, call: Call, language: Language, rules: Rules
) -> tuple[Call | None, int]:
    """The caller of a shared helper; of others none is wanted."""
    if not (call.helper or call.generic):
        return None, place
    return _next_caller(frames, place, call, language, rules)


def _next_caller(
    frames: Sequence[Frame], place: int, call: Call, language: Language, rules: Rules
) -> tuple[Call | None, int]:
    """The next in-app call at or below `place` that is not the same function or a wrapper."""
    for below in range(place, max(-1, place - 40), -1):
        caller = read(frames[below], language, rules)
        if not caller.app or caller.skip or caller.borrows or caller.minified:
            continue
        if _is_builtin(caller, frames, below):
            continue
        if caller.name == call.name or any(word in _WRAPPERS for word in words_of(caller.name)):
            continue
        return caller, below
    return None, place


def line_of(frame: Frame, language: Language) -> str:
    """The frame's source line, its whitespace normalised; "" when it says nothing."""
    return _line(frame.context_line[:400], language.line_of) if frame.context_line else ""


@lru_cache(maxsize=4_096)
def _line(text: str, undo: Callable[[str], str]) -> str:
    line = undo(" ".join(text.split()))
    return line if sum(map(str.isalnum, line[:40])) >= 3 else ""
