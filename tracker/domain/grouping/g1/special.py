"""Failures with keys of their own: stack overflows, hangs and CSP reports."""

from collections import Counter
from collections.abc import Sequence

from tracker.domain.event import ExceptionInfo, Frame
from tracker.domain.grouping import keys as kinds
from tracker.domain.grouping.g1 import site, template
from tracker.domain.grouping.g1.call import Language, call_of
from tracker.domain.grouping.g1.words import word_set
from tracker.domain.grouping.keys import Key, digest
from tracker.domain.grouping.rules import Rules

_OVERFLOWS = word_set(
    "RecursionError StackOverflowError StackOverflowException SystemStackError StackOverflow"
)
_OVERFLOW_TEXTS = (
    "Maximum call stack size",
    "too much recursion",
    "maximum recursion depth",
    "stack level too deep",
    "goroutine stack exceeds",
    "Maximum function nesting level",
    "stack overflow",
    "Stack Overflow",
)
_HANG_TYPES = frozenset(
    (
        "ApplicationNotResponding",
        "App Hanging",
        "App Hang",
        "App Hang Fully Blocked",
        "App Hang Non Fully Blocked",
        "Fatal App Hang Fully Blocked",
        "Fatal App Hang Non Fully Blocked",
        "ANR",
        "Background ANR",
        "MXHangDiagnostic",
    )
)
_HANG_MECHANISMS = frozenset(("ANR", "anr", "AppHang", "AppExitInfo", "mx_hang_diagnostic"))
MOST_CYCLE = 20
"""Functions of a cycle that count."""


_ANYWHERE = Key(kinds.WEAK, digest("g1", "overflow"), "stack overflow without a usable stack")


def is_overflow(error: ExceptionInfo) -> bool:
    """Whether a stack ran over."""
    if error.type.rsplit(".", 1)[-1] in _OVERFLOWS:
        return True
    text = error.value[:200]
    if "stack" in text or "Stack" in text or "recursion" in text or "nesting" in text:
        return any(telling in text for telling in _OVERFLOW_TEXTS)
    return False


def overflow(error: ExceptionInfo, language: Language, rules: Rules) -> tuple[Key, ...]:
    """The set of functions in the cycle, wherever the stack happened to end."""
    counts: Counter[str] = Counter()
    apps: Counter[str] = Counter()
    for frame in error.frames[-site.MOST_FRAMES :]:
        call = site.read(frame, language, rules)
        if call.skip or not call.name or call.minified:
            continue
        text = f"{call.unit}\x1d{call.name}" if language.unit_in_key else call.name
        counts[text] += 1
        if call.app:
            apps[text] += 1
    counted = apps or counts
    often = max(counted.values(), default=0)
    cycle = sorted(text for text, times in counted.items() if times >= max(2, often / 4))
    if not cycle:
        cycle = sorted(counted)[:1]
    if not cycle:
        return (_ANYWHERE,)
    names = ", ".join(text.replace("\x1d", ".") for text in cycle[:MOST_CYCLE])
    why = f"stack overflow through {names[:300]}; ignored: where it ended"
    place = Key(kinds.SITE, digest("g1", "overflow", *cycle[:MOST_CYCLE]), why)
    return (place, _ANYWHERE) if language.weak_joins else (place,)


def is_hang(error: ExceptionInfo) -> bool:
    """Whether the application stood still: ANR, app hang."""
    return error.type in _HANG_TYPES or error.mechanism in _HANG_MECHANISMS


def hang(error: ExceptionInfo, language: Language, rules: Rules) -> tuple[Key, ...]:
    """The place alone: what was measured, and for how long, is chance."""
    place = site.find(error.frames, language, rules)
    if place is not None and place.usable:
        why = f"hang in {place.label}; ignored: duration, what it waited for"
        return (Key(kinds.SITE, digest("g1", "hang", place.text), why),)
    stack = top_names(error.frames, language)
    text = "" if stack else template.template_of(error.value)
    why = f"hang in {stack or 'an unknown place'}; no usable place in the application's code"
    return (Key(kinds.WEAK, digest("g1", "hang-weak", text, stack), why),)


def csp(report: tuple[str, str]) -> Key:
    """Directive and blocked host."""
    directive, host = report[0].split(" ", 1)[0], report[1]
    why = f"CSP: {directive} blocked {host}; ignored: page, sample"
    return Key(kinds.SITE, digest("g1", "csp", directive, host), why)


def top_names(frames: Sequence[Frame], language: Language) -> str:
    """The names of the two topmost library functions that say something."""
    names: list[str] = []
    for frame in reversed(frames[-40:]):
        call = call_of(frame, language)
        if call.name and not call.minified and call.name not in _CRASH_PATH:
            names.append(call.name)
            if len(names) == 2:
                break
    return " < ".join(names)


_CRASH_PATH = word_set("""
    abort raise __pthread_kill pthread_kill __cxa_throw std::terminate __cxa_rethrow
    objc_exception_throw __exceptionPreprocess std::rt::panic_fmt gsignal kill""")
