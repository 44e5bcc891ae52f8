"""Stacks written as text (Python, Java, JavaScript) as frames, oldest call first."""

import re
from typing import Any

MAX_TEXT = 256 * 1024
_PYTHON = re.compile(r'^ {2}File "([^"\n]{1,500})", line (\d{1,7})(?:, in (.{1,200}))?$')
_JAVA = re.compile(
    r"^\s{0,8}at ([\w.$<>/]{1,300})\.([\w$<>]{1,200})\(([^():\n]{1,200})(?::(\d{1,7}))?\)"
)
_JS = re.compile(r"^\s{0,8}at (?:(.{1,200}?) \()?([^()\s]{1,500}?):(\d{1,7}):(\d{1,7})\)?$")
_GECKO = re.compile(r"^([^@\n]{0,200})@(\S{1,500}?):(\d{1,7}):(\d{1,7})$")


def frames(text: str) -> list[dict[str, Any]]:
    """The frames that can be read out of a stack's text; none when the form is unknown."""
    lines = text[:MAX_TEXT].splitlines()[:2000]
    made = _python(lines)
    if made:
        return made
    found: list[dict[str, Any]] = []
    for line in lines:
        if found and line.lstrip().startswith("Caused by:"):
            break
        frame = _java(line) or _javascript(line)
        if frame:
            found.append(frame)
    return found[::-1]  # these write the newest call first


def _python(lines: list[str]) -> list[dict[str, Any]]:
    """The last traceback of a chain: the one of the raised exception."""
    made: list[dict[str, Any]] = []
    for index, line in enumerate(lines):
        if line.startswith("Traceback (most recent call last)"):
            made = []
        elif match := _PYTHON.match(line):
            path, lineno, function = match.groups()
            frame: dict[str, Any] = {"filename": path, "abs_path": path, "lineno": int(lineno)}
            frame["function"] = function or "<module>"
            following = lines[index + 1] if index + 1 < len(lines) else ""
            if following.startswith("    "):
                frame["context_line"] = following
            made.append(frame)
    return made


def _java(line: str) -> dict[str, Any] | None:
    match = _JAVA.match(line)
    if match is None:
        return None
    module, function, file, lineno = match.groups()
    frame: dict[str, Any] = {"module": module, "function": function, "filename": file}
    if lineno:
        frame["lineno"] = int(lineno)
    return frame


def _javascript(line: str) -> dict[str, Any] | None:
    match = _JS.match(line) or _GECKO.match(line)
    if match is None:
        return None
    function, path, lineno, column = match.groups()
    return {
        "function": function or "?",
        "filename": path,
        "abs_path": path,
        "lineno": int(lineno),
        "colno": int(column),
    }
