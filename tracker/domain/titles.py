"""Title and culprit of an event: what people recognise an issue by."""

from msgspec import Struct

from tracker.domain.event import Event, Frame
from tracker.domain.grouping.g1 import language_of_event, with_thread_stack
from tracker.domain.grouping.g1 import site as sites
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
    title = event.title or _title(event)
    return Title(_cut(title, MOST_TITLE) or UNLABELED, _cut(_culprit(event), MOST_CULPRIT))


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
    return f"{type_}: {value}" if value else type_


def crash_frame(event: Event) -> Frame | None:
    """The in-app frame where it went wrong, else the topmost one; None without a stack."""
    if event.exceptions:
        frames = with_thread_stack(event)[-1].frames
    else:
        frames = event.stack or next((one.frames for one in event.threads if one.crashed), ())
    if not frames:
        return None
    found = sites.find(frames, language_of_event(event), NO_RULES)
    return found.frame if found is not None else frames[-1]


def _culprit(event: Event) -> str:
    frame = crash_frame(event)
    if frame is None:
        return event.transaction or event.logger
    call = sites.read(frame, language_of_event(event), NO_RULES)
    place = frame.module or frame.filename.rsplit("/", 1)[-1].rsplit("\\", 1)[-1]
    if not call.name:
        return place or event.transaction
    if call.unit and not frame.module:
        return f"{call.unit}{'::' if '::' in frame.function else '.'}{call.name}"
    if not frame.module or call.name.startswith(frame.module):
        return call.name
    return f"{frame.module}.{call.name}"


def _first_line(text: str) -> str:
    for line in text[:2_000].splitlines():
        if line.strip():
            return line.strip()
    return ""


def _cut(text: str, most: int) -> str:
    line = " ".join(text[: most * 8].split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
