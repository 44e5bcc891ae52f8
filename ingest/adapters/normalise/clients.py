"""What particular clients say otherwise than they mean, mended before anything reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def mend(raw: dict[str, Any]) -> None:
    """Mend a decoded payload in place, whatever its shapes."""
    sdk = raw.get("sdk")
    name = sdk.get("name") if isinstance(sdk, dict) else None
    if isinstance(name, str) and name in _MENDERS:
        _MENDERS[name](raw)


def _values(holder: Any) -> list[dict[str, Any]]:
    """The objects of `{"values": [...]}` or of a bare list."""
    listed = holder.get("values") if isinstance(holder, dict) else holder
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def _frames(raw: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (*_values(raw.get("exception")), *_values(raw.get("threads"))):
        stack = holder.get("stacktrace")
        listed = stack.get("frames") if isinstance(stack, dict) else None
        yield from _values(listed)


def _go(raw: dict[str, Any]) -> None:
    """A panic that sentry-go recovered is `fatal` and says nothing of who caught it."""
    chain = _values(raw.get("exception"))
    if chain and raw.get("level") == "fatal" and not chain[-1].get("mechanism"):
        chain[-1]["mechanism"] = {"type": "panic", "handled": False}


_NOT_OURS = ("sentry_", "sentry::", "<sentry_", "__rustc::", "<&dyn core::", "__libc_", "<unknown>")


def _rust(raw: dict[str, Any]) -> None:
    """The crate takes parts of itself and of the standard library for the program's."""
    for frame in _frames(raw):
        function, path = frame.get("function"), frame.get("abs_path")
        if (isinstance(function, str) and function.startswith(_NOT_OURS)) or (
            isinstance(path, str) and path.startswith("/rustc/")
        ):
            frame["in_app"] = False


_MENDERS: dict[str, Callable[[dict[str, Any]], None]] = {"sentry.go": _go, "sentry.rust": _rust}
