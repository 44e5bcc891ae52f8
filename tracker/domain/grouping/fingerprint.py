"""SDK fingerprints: a list of texts, `{{ default }}` and variables among them."""

import re

from tracker.domain.event import Event
from tracker.domain.grouping import keys as kinds
from tracker.domain.grouping.g1 import language_of_event, with_thread_stack
from tracker.domain.grouping.g1 import site as sites
from tracker.domain.grouping.keys import Key, digest
from tracker.domain.grouping.rules import NO_RULES

DEFAULT = "{{ default }}"
MOST_PARTS = 32
_VARIABLE = re.compile(r"\{\{\s{0,8}([a-zA-Z_.\-:]{1,220})\s{0,8}\}\}")


def is_custom(parts: tuple[str, ...]) -> bool:
    """Whether a fingerprint says more than "as always"; empty texts alone say nothing."""
    return any(part.strip() for part in parts) and not all(
        _is_default(part) for part in parts if part.strip()
    )


def _is_default(part: str) -> bool:
    match = _VARIABLE.fullmatch(part.strip())
    return match is not None and match[1].lower() == "default"


def fill(parts: tuple[str, ...], event: Event) -> tuple[str, ...]:
    """The parts with their variables filled in; `{{ default }}` stays."""
    found: list[str] = []
    for part in parts[:MOST_PARTS]:
        if _is_default(part):
            found.append(DEFAULT)
        elif "{{" in part:
            found.append(_VARIABLE.sub(lambda match: _value(match, event), part[:2_000]))
        else:
            found.append(part)
    return tuple(found)


def keys(parts: tuple[str, ...], origin: str, default: tuple[Key, ...]) -> tuple[Key, ...]:
    """The key of a filled fingerprint; with `{{ default }}` the algorithm's, each split by it."""
    shown = ", ".join(parts)[:200]
    if not default:
        why = f"{origin}: {shown}"
        return (Key(kinds.FINGERPRINT, digest("fingerprint", *parts), why),)
    return tuple(
        Key(
            key.kind, digest("fingerprint", *parts, key.hash.hex()), f"{key.why}; {origin}: {shown}"
        )
        for key in default
    )


def _value(match: re.Match[str], event: Event) -> str:
    name = match[1].lower()
    if name.startswith("tags."):
        wanted = match[1][5:]
        return next(
            (value for key, value in event.tags if key == wanted), f"<no-value-for-tag-{wanted}>"
        )
    name = name.removeprefix("error.").removeprefix("stack.")
    error = event.exceptions[-1] if event.exceptions else None
    plain = {
        "type": error.type if error else "",
        "value": error.value if error else "",
        "message": event.message or (error.value if error else ""),
        "transaction": event.transaction,
        "level": event.level,
        "logger": event.logger,
        "release": event.release,
        "environment": event.environment,
    }
    if name in plain:
        return plain[name] or f"<no-{name}>"
    if name in ("function", "module", "package"):
        return _of_crash_frame(name, event)
    return match[0]


def _of_crash_frame(name: str, event: Event) -> str:
    frames = with_thread_stack(event)[-1].frames if event.exceptions else event.stack
    found = sites.find(frames, language_of_event(event), NO_RULES)
    frame = found.frame if found is not None else (frames[-1] if frames else None)
    value = getattr(frame, name, "") if frame is not None else ""
    return str(value) or f"<no-{name}>"
