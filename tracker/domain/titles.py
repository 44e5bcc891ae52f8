"""Title and culprit of an event: what people recognise an issue by."""

import re

from msgspec import Struct

from tracker.domain.event import Event, Frame
from tracker.domain.grouping.g1 import language_of_event, with_thread_stack
from tracker.domain.grouping.g1 import site as sites
from tracker.domain.grouping.g1.call import Call
from tracker.domain.grouping.rules import NO_RULES

MOST_TITLE = 200
MOST_CULPRIT = 200
UNLABELED = "<unlabeled event>"


class Title(Struct, frozen=True):
    """How an issue is shown in lists."""

    title: str
    """One line, at most `MOST_TITLE` characters, never empty."""
    culprit: str
    """The in-app function that crashed, else the transaction; may be ""."""


def title_of(event: Event) -> Title:
    """Title and culprit of `event`; a title that the client chose wins."""
    return Title(headline_of(event), _cut(_culprit(event), MOST_CULPRIT))


def headline_of(event: Event) -> str:
    """The title of `event` alone."""
    return _cut(event.title or _title(event), MOST_TITLE) or UNLABELED


def _title(event: Event) -> str:
    if event.csp is not None:
        directive, blocked = event.csp
        return f"Blocked {directive.split(' ', 1)[0] or 'resource'} from {blocked or 'inline'}"
    if event.exceptions:
        return _title_of_error(event)
    check_in = event.data.get("monitor_slug") if event.type == "check_in" else None
    if isinstance(check_in, str) and check_in:
        return f"Check-in of {check_in} failed"
    return event.message or event.template


def _title_of_error(event: Event) -> str:
    errors = with_thread_stack(event)
    error = errors[-1]
    type_ = error.type.strip()
    value = _first_line(error.value)
    if error.synthetic or not type_:
        frame = crash_frame(event)
        place = frame.function if frame is not None else ""
        if not type_:
            return value or place
        if not value and place:
            return f"{type_}: {place}"
    if value.startswith(type_) and value[len(type_) :].lstrip()[:1] in (":", "(", "["):
        return value  # Dart repeats the type in the message
    return f"{type_}: {value}" if value else type_


def crash_frame(event: Event) -> Frame | None:
    """The in-app frame where it went wrong, else the topmost one; None without a stack."""
    found, top = _place(event)
    return found.frame if found is not None else top


def _place(event: Event) -> tuple[sites.Site | None, Frame | None]:
    """Where it went wrong in the application's own code, and the topmost frame."""
    if event.exceptions:
        frames = with_thread_stack(event)[-1].frames
    else:
        frames = event.stack or next((one.frames for one in event.threads if one.crashed), ())
    if not frames:
        return None, None
    return sites.find(frames, language_of_event(event), NO_RULES), frames[-1]


def _culprit(event: Event) -> str:
    found, frame = _place(event)
    if found is None and (frame is None or event.transaction):
        return event.transaction or event.logger
    if found is not None:
        frame, call = found.frame, found.calls[0]
    elif frame is not None:
        call = sites.read(frame, language_of_event(event), NO_RULES)
    else:
        return ""
    if call.minified and event.transaction:
        return event.transaction
    module = _module(frame, call)
    if not call.name:
        return module or _file(frame) or event.transaction
    if call.unit and not module:
        return f"{call.unit}{'::' if '::' in frame.function else '.'}{call.name}"
    if not module or call.name.startswith(module):
        return call.name
    return f"{module}.{call.name}"


def _file(frame: Frame) -> str:
    return frame.filename.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]


def _module(frame: Frame, call: Call) -> str:
    """The frame's module without what compilers and proxies add to a class."""
    if "$" in frame.module and "." in call.unit:
        return call.unit
    return _GENERATED.sub("", frame.module)


_GENERATED = re.compile(r"\+<.*|`\d+.*", re.DOTALL)
_TELLING = re.compile(r"[^\W\d_]{2}")


def _first_line(text: str) -> str:
    """The first line, with the next where it says nothing alone or ends with a colon."""
    lines = [line.strip() for line in text[:2_000].splitlines() if line.strip()]
    if not lines:
        return ""
    if lines[0].startswith("Invalid `prisma") and len(lines) > 1:
        return lines[-1]  # above stands the call, with the code around it
    if not _TELLING.search(lines[0]):
        return " ".join(lines)
    return " ".join(lines[:2]) if lines[0].endswith(":") else lines[0]


_SNIPPET = re.compile(r"\n\s*\n[^\n]{0,400}\n\s*\^+(?=\s|$)")


def without_snippet(message: str) -> str:
    """A message without the code that Ruby puts under it, carets and all."""
    return _SNIPPET.sub("", message[:4_000]) if "^" in message else message


def _cut(text: str, most: int) -> str:
    line = " ".join(text[: most * 8].split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
