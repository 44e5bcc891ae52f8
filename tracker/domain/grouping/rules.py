"""A project's own rules: fingerprint rules and stack rules, one a line.

    type:DatabaseError path:*/orders/* -> orders-db, {{ type }} title="Orders database"
    path:*/third_party/* -app
    function:with_retry helper

Matchers are globs (`*` is anything, everything else is itself, case does not
matter), never regular expressions, so that no rule can cost much time: each is
linear in a text cut to `MOST_TEXT` characters.

    RuleError
"""

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from tracker.domain.event import Event, Frame
from tracker.domain.grouping.g1.call import Call

MOST_RULES = 100
MOST_LINE = 500
MOST_MATCHERS = 10
MOST_TEXT = 1_000
MOST_FRAMES = 150
"""Frames that frame matchers look at: the top of the outermost errors."""
MEMO_SIZE = 5_000


class RuleError(ValueError):
    """A rule that cannot be saved; `str()` names the line and says what to do."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(f"Line {line}: {sentence}")
        self.line = line


class Glob(Struct, frozen=True):
    """A pattern where `*` is anything; case does not matter."""

    text: str
    parts: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> "Glob":
        """Compile a pattern."""
        lower = re.sub(r"\*+", "*", text.lower().replace("\\", "/"))
        return cls(text, tuple(lower.split("*")))

    def matches(self, text: str) -> bool:
        """Whether the whole of `text`, lower-case with forward slashes, is matched; linear."""
        first, *rest = self.parts
        if not rest:
            return text == first
        if not text.startswith(first):
            return False
        *middle, last = rest
        place = len(first)
        for part in middle:
            found = text.find(part, place)
            if found < 0:
                return False
            place = found + len(part)
        return len(text) - len(last) >= place and text.endswith(last)


class Matcher(Struct, frozen=True):
    """`field:glob`, or `!field:glob`."""

    field: str
    glob: Glob
    negated: bool = False


class FingerprintRule(Struct, frozen=True):
    """Matchers that must all hold -> fingerprint, and a title perhaps."""

    text: str
    matchers: tuple[Matcher, ...]
    fingerprint: tuple[str, ...]
    title: str = ""


class StackRule(Struct, frozen=True):
    """Matchers that must all hold for a frame -> what the frame is."""

    text: str
    matchers: tuple[Matcher, ...]
    action: str
    """One of `ACTIONS`."""


ACTIONS = ("+app", "-app", "helper", "ignore")
FRAME_FIELDS = ("path", "module", "function", "package")
EVENT_FIELDS = (
    "type",
    "value",
    "message",
    "logger",
    "level",
    "release",
    "environment",
    "transaction",
    "platform",
    "server",
    "sdk",
    "mechanism",
)


def _cut(text: str) -> str:
    return text[:MOST_TEXT].lower().replace("\\", "/")


def _of_frame(field: str, frame: Frame) -> tuple[str, ...]:
    if field == "path":
        return (_cut(frame.abs_path), _cut(frame.filename))
    return (_cut(getattr(frame, field)),)


def _frames(event: Event) -> list[Frame]:
    found = [frame for error in event.exceptions[-3:] for frame in error.frames[-MOST_FRAMES:]]
    return (found or list(event.stack))[-MOST_FRAMES:]


def _of_event(field: str, event: Event) -> set[str]:
    """All values that a matcher of `field` may meet."""
    if field in FRAME_FIELDS:
        return {text for frame in _frames(event) for text in _of_frame(field, frame)}
    if field.startswith("tags."):
        return {_cut(value) for key, value in event.tags if key.lower() == field[5:]}
    errors = event.exceptions[-10:]
    if field in ("type", "value", "mechanism"):
        return {_cut(getattr(error, field)) for error in errors}
    if field == "message":
        return {_cut(event.message), _cut(event.template), *(_cut(one.value) for one in errors)}
    name = {"server": "server_name"}.get(field, field)
    return {_cut(getattr(event, name))}


class Rules:
    """The compiled rules of one project; make it once, use it for many events."""

    def __init__(
        self, fingerprints: Iterable[FingerprintRule] = (), stack: Iterable[StackRule] = ()
    ) -> None:
        self.fingerprints = tuple(fingerprints)
        self.stack = tuple(stack)
        self._memo: dict[tuple[str, str, str, str, str], str] = {}

    def fingerprint_for(self, event: Event) -> FingerprintRule | None:
        """The first rule that matches `event`."""
        values: dict[str, set[str]] = {}
        for rule in self.fingerprints:
            if all(self._holds(matcher, event, values) for matcher in rule.matchers):
                return rule
        return None

    @staticmethod
    def _holds(matcher: Matcher, event: Event, values: dict[str, set[str]]) -> bool:
        if matcher.field not in values:
            values[matcher.field] = _of_event(matcher.field, event)
        found = any(matcher.glob.matches(text) for text in values[matcher.field])
        return found is not matcher.negated

    def adjust(self, call: Call, frame: Frame) -> Call:
        """`call` as the first matching stack rule wants it."""
        key = (frame.function, frame.module, frame.filename, frame.abs_path, frame.package)
        action = self._memo.get(key)
        if action is None:
            action = self._action(frame)
            if len(self._memo) >= MEMO_SIZE:
                self._memo.clear()
            self._memo[key] = action
        if not action:
            return call
        if action == "helper":
            return replace(call, helper=True)
        if action == "ignore":
            return replace(call, skip=True)
        return replace(call, app=action == "+app", skip=False)

    def _action(self, frame: Frame) -> str:
        values = {field: _of_frame(field, frame) for field in FRAME_FIELDS}
        for rule in self.stack:
            for matcher in rule.matchers:
                found = any(matcher.glob.matches(text) for text in values[matcher.field])
                if found is matcher.negated:
                    break
            else:
                return rule.action
        return ""


NO_RULES = Rules()


_MATCHER = re.compile(r'(!?)([A-Za-z_][\w.\-]{0,80}):("(?:[^"\\]|\\.)*"|\S+)')
_TITLE = re.compile(r'\s*\btitle=("(?:[^"\\]|\\.)*"|\S+)\s*$')
_ARROW = re.compile(r"\s->\s")
_ALIASES = {
    "error.type": "type",
    "error.value": "value",
    "stack.function": "function",
    "stack.module": "module",
    "stack.abs_path": "path",
    "stack.package": "package",
    "server_name": "server",
    "error.mechanism": "mechanism",
    "family": "platform",
}

Rule = TypeVar("Rule", FingerprintRule, StackRule)


def parse_fingerprint_rules(text: str) -> tuple[FingerprintRule, ...]:
    """Fingerprint rules, one a line; empty lines and `#` comments are left out.

    Raises RuleError.
    """
    return _parse(text, _fingerprint_rule)


def parse_stack_rules(text: str) -> tuple[StackRule, ...]:
    """Stack rules, one a line. Raises RuleError."""
    return _parse(text, _stack_rule)


def rules_of(fingerprints: str, stack: str) -> Rules:
    """The compiled rules of two texts. Raises RuleError."""
    return Rules(parse_fingerprint_rules(fingerprints), parse_stack_rules(stack))


def _parse(text: str, read: Callable[[int, str], Rule]) -> tuple[Rule, ...]:
    found: list[Rule] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if len(line) > MOST_LINE:
            raise RuleError(number, f"longer than {MOST_LINE} characters; shorten it.")
        if len(found) >= MOST_RULES:
            raise RuleError(number, f"more than {MOST_RULES} rules; remove some.")
        found.append(read(number, line))
    return tuple(found)


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text


def _matchers(number: int, text: str, fields: tuple[str, ...], tags: bool) -> tuple[Matcher, ...]:
    found: list[Matcher] = []
    place = 0
    while place < len(text):
        match = _MATCHER.match(text, place)
        if match is None:
            word = text[place:].split(maxsplit=1)[0]
            raise RuleError(
                number, f"“{word}” is no matcher; write field:pattern, as in type:*Error."
            )
        field = match[2].lower()
        field = _ALIASES.get(field, field)
        if field not in fields and not (tags and field.startswith("tags.") and len(field) > 5):
            names = ", ".join(fields) + (", tags.NAME" if tags else "")
            raise RuleError(number, f"there is no field “{match[2]}”; use one of {names}.")
        found.append(Matcher(field, Glob.of(_unquoted(match[3])), bool(match[1])))
        place = match.end()
        while place < len(text) and text[place].isspace():
            place += 1
    if not found:
        raise RuleError(number, "no matcher; begin with one, as in type:*Error.")
    if len(found) > MOST_MATCHERS:
        raise RuleError(number, f"more than {MOST_MATCHERS} matchers; make two rules of it.")
    return tuple(found)


def _fingerprint_rule(number: int, line: str) -> FingerprintRule:
    halves = _ARROW.split(line, maxsplit=1)
    if len(halves) != 2:
        raise RuleError(number, "no “ -> ”; write matchers -> fingerprint.")
    title = ""
    right = halves[1]
    match = _TITLE.search(" " + right)
    if match:
        title = _unquoted(match[1])[:200]
        right = (" " + right)[: match.start()]
    parts = tuple(_unquoted(part.strip()) for part in right.split(",") if part.strip())
    if not parts:
        raise RuleError(number, "no fingerprint after “->”; name at least one part.")
    matchers = _matchers(number, halves[0].strip(), EVENT_FIELDS + FRAME_FIELDS, tags=True)
    return FingerprintRule(line, matchers, parts, title)


def _stack_rule(number: int, line: str) -> StackRule:
    head, _, action = line.rpartition(" ")
    action = {"app": "+app"}.get(action.lower(), action.lower())
    if action not in ACTIONS:
        raise RuleError(
            number, f"the line ends with “{action}”; end it with one of {', '.join(ACTIONS)}."
        )
    return StackRule(line, _matchers(number, head.strip(), FRAME_FIELDS, tags=False), action)
