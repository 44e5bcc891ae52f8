"""Platforms that grouping has no file for: plain functions in plain files."""

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARY = ("/node_modules/", "/site-packages/", "/vendor/", "/usr/lib/", "/deps/", "/.cargo/")


def read(frame: Frame) -> Call:
    """Elixir, Rust, Lua, Perl, PowerShell ...: last part of the name, last parts of the path."""
    path = frame.abs_path or frame.filename
    name = frame.function.rsplit("/", 1)[0] if "/" in frame.function else frame.function
    unit = words.last_parts(frame.module) if frame.module else words.tail(frame.filename)
    library = any(part in path for part in _LIBRARY)
    app = frame.in_app is not False and not library
    return Call(
        name=name.strip(),
        unit=unit,
        app=app,
        skip=name.lower() in words.REPORTERS,
        helper=app and words.is_helper(unit),
        generic=app and words.is_generic(name, unit),
        borrows=not name or name.startswith(("<", "{")),
    )


LANGUAGE = Language(
    name="other",
    platforms=(
        "other",
        "",
        "elixir",
        "perl",
        "lua",
        "powershell",
        "as3",
        "cfml",
        "haskell",
        "groovy",
        "rust",
    ),
    read=read,
)
