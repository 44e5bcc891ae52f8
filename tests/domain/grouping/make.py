"""Short ways to write events in tests."""

from typing import Any

from tracker.domain.event import Event, ExceptionInfo, Frame
from tracker.domain.grouping import Keys, keys_of
from tracker.domain.grouping.g1.call import Call, call_of
from tracker.domain.grouping.g1.languages import language_of
from tracker.domain.grouping.resolve import Known, apply, resolve

ID = "0123456789abcdef0123456789abcdef"


def error(type_: str, value: str = "", *frames: Frame, **more: Any) -> ExceptionInfo:
    return ExceptionInfo(type=type_, value=value, frames=frames, **more)


def event(platform: str, *errors: ExceptionInfo, **more: Any) -> Event:
    return Event(
        event_id=ID, timestamp=0.0, received=0.0, platform=platform, exceptions=errors, **more
    )


def message(text: str, **more: Any) -> Event:
    return event("python", message=text, **more)


def py(
    module: str, function: str, line: str = "", in_app: bool | None = True, **more: Any
) -> Frame:
    path = module.replace(".", "/") + ".py"
    root = "/app/" if in_app else "/usr/lib/python3.11/site-packages/"
    values = {"filename": path, "abs_path": root + path, "lineno": 10, **more}
    return Frame(function=function, module=module, context_line=line, in_app=in_app, **values)


def js(file: str, function: str, line: str = "", in_app: bool = True, **more: Any) -> Frame:
    values = {"lineno": 10, "colno": 20, **more}
    return Frame(function=function, filename=file, context_line=line, in_app=in_app, **values)


def call(platform: str, **fields: Any) -> Call:
    """How grouping reads one frame."""
    return call_of(Frame(**fields), language_of(platform))


def by_kind(keys: Keys) -> dict[str, bytes]:
    return {key.kind: key.hash for key in keys.keys}


def site_of(one: Event) -> str:
    """What the least precise key says about the place, without what is ignored."""
    return keys_of(one).keys[-1].why.split(";", 1)[0]


def groups(*events: Event) -> list[int]:
    """The issue of each event, when they arrive in this order."""
    known: dict[bytes, Known] = {}
    found: list[int] = []
    for one in events:
        verdict = resolve(keys_of(one), known)
        issue = verdict.issue if verdict.issue is not None else max(found, default=0) + 1
        apply(verdict, issue, known)
        found.append(issue)
    return found


def python(type_: str, value: str, *frames: Frame, **more: Any) -> Event:
    return event("python", error(type_, value, *frames), **more)


def java(type_: str, value: str, *frames: tuple[str, str, bool], **more: Any) -> ExceptionInfo:
    stack = [
        Frame(module=module, function=function, in_app=flag) for module, function, flag in frames
    ]
    return error(type_, value, *stack, **more)


def same(*events: Event) -> bool:
    return len(set(groups(*events))) == 1


def apart(*events: Event) -> bool:
    return len(set(groups(*events))) == len(events)
