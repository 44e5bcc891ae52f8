"""Go."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARY_PATH = re.compile(r"/pkg/mod/|/vendor/|/usr/local/go/src/|/goroot/", re.IGNORECASE)
_CLOSURE = re.compile(r"(?:\.(?:func|gowrap|deferwrap)?\d+)+(?:\.\d+)*$")
_RECEIVER = re.compile(r"^\(\*?([^)]*)\)\.")
_REPORTERS = words.REPORTERS | frozenset(
    ("recover", "recovered", "recoverer", "report", "recoverpanic")
)
_REPORTS = re.compile(
    r"\.(?:Capture(?:Exception|Message|Event)|Recover(?:WithContext)?|Error|Flush)\("
)


def _is_app(frame: Frame, module: str) -> bool:
    if frame.in_app is False or _LIBRARY_PATH.search(frame.abs_path):
        return False
    first = module.split("/", 1)[0]
    if frame.in_app is None and first != "main" and "." not in first:
        return False
    return first not in ("runtime", "reflect", "net", "testing", "syscall", "internal")


def read(frame: Frame) -> Call:
    """`(*Service).Load`, `run.func1.2`, generics; deferred reporters stand above a panic."""
    name = words.without_brackets(frame.function, "[", "]")
    name = _CLOSURE.sub("", name)
    name = _RECEIVER.sub(r"\1.", name)
    last = name.rsplit(".", 1)[-1]
    unit = "/".join(frame.module.rsplit("/", 2)[-2:])
    app = _is_app(frame, frame.module)
    return Call(
        name=name,
        unit=unit,
        app=app,
        skip=last.lower() in _REPORTERS,
        helper=app and words.is_helper(frame.module),
        generic=app and words.is_generic(last, f"{unit}{name}"),
        borrows=not name,
    )


LANGUAGE = Language(name="go", platforms=("go",), read=read, errors_are_values=True)
