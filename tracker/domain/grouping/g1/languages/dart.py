"""Dart and Flutter."""

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_NEAR = words.HELPER_NEAR - {"lib", "libs"}
"""In Dart everything lives in lib."""


def read(frame: Frame) -> Call:
    """`OrderList.itemAt.<anonymous closure>`, `new Foo`; dart: and flutter are libraries."""
    name = frame.function.strip()
    for part in (".<anonymous closure>", ".<fn>", "<asynchronous suspension>"):
        name = name.replace(part, "")
    name = name.removeprefix("new ").strip()
    anonymous = not name or name.startswith("<") or name == "?"
    path = frame.abs_path or frame.filename
    library = path.startswith(("dart:", "package:flutter/", "org-dartlang")) or frame.package in (
        "flutter",
        "sentry",
        "sentry_flutter",
    )
    unit = words.tail(frame.filename, 1)
    app = frame.in_app is not False and not library
    return Call(
        name="" if anonymous else name,
        unit=unit,
        app=app,
        skip=name.rsplit(".", 1)[-1].lower() in words.REPORTERS,
        helper=app and words.is_helper(unit, _NEAR),
        generic=app and words.is_generic(name.rsplit(".", 1)[-1], unit),
        borrows=anonymous,
        minified=bool(name) and len(name) <= 2,
    )


LANGUAGE = Language(name="dart", platforms=("dart", "flutter"), read=read, weak_joins=True)
