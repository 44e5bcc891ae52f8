"""Event, ExceptionInfo, Frame: the one shape every protocol becomes.

Adapters (ingest/adapters) make these from bytes; grouping, titles and
`tracker.actions.record` read them.  All strings are already valid Unicode
without NUL, cut to the limits of docs and scrubbed; lists are in the order of
the Sentry protocol: exceptions oldest first, frames oldest call first.

Structs are msgspec's: frozen like dataclasses, but made in C, since a busy
digest makes tens of thousands a second.
"""

from typing import Any
from uuid import UUID

from msgspec import Struct

LEVELS: dict[str, int] = {"debug": 10, "info": 20, "warning": 30, "error": 40, "fatal": 50}
"""Severity names of the field and the numbers they are stored as."""

LEVEL_NAMES: dict[int, str] = {number: name for name, number in LEVELS.items()}


class Frame(Struct, frozen=True, gc=False):
    """One call of a stack. Absent text is "", absent numbers are None."""

    function: str = ""
    module: str = ""
    filename: str = ""
    abs_path: str = ""
    lineno: int | None = None
    colno: int | None = None
    context_line: str = ""
    in_app: bool | None = None
    """The SDK's own opinion; None when it has none."""
    package: str = ""
    """Image or archive that holds the code (native, Cocoa, Java)."""
    platform: str = ""
    """Differs from the event's only in mixed stacks."""


class ExceptionInfo(Struct, frozen=True):
    """One link of an exception chain."""

    type: str = ""
    value: str = ""
    module: str = ""
    frames: tuple[Frame, ...] = ()
    handled: bool | None = None
    """False: nobody caught it. None: the SDK does not say."""
    synthetic: bool = False
    """The type is invented by the SDK; only the stack is real."""
    mechanism: str = ""
    source: str = ""
    """How it hangs on its parent: `__cause__`, `exceptions[0]`, `cause` ..."""
    exception_id: int | None = None
    parent_id: int | None = None
    is_group: bool = False


class Thread(Struct, frozen=True):
    """A thread of a crash report; only those with frames are kept."""

    id: str = ""
    name: str = ""
    crashed: bool = False
    current: bool = False
    main: bool = False
    frames: tuple[Frame, ...] = ()


class Event(Struct, frozen=True):
    """One thing that went wrong, as an SDK told it."""

    event_id: str
    """32 lower-case hex digits."""
    timestamp: float
    """When it happened: seconds since 1970 UTC, clock-corrected."""
    received: float
    """When we took it: seconds since 1970 UTC."""
    platform: str = "other"
    level: str = "error"
    type: str = "default"
    """`error` (has exceptions), `default` (a message), `csp`, or another of the protocol's."""
    exceptions: tuple[ExceptionInfo, ...] = ()
    threads: tuple[Thread, ...] = ()
    stack: tuple[Frame, ...] = ()
    """A stack that belongs to the message, without an exception."""
    message: str = ""
    """As a person reads it, parameters filled in."""
    template: str = ""
    """The message before its parameters were filled in; "" when there were none."""
    logger: str = ""
    transaction: str = ""
    release: str = ""
    dist: str = ""
    environment: str = ""
    server_name: str = ""
    sdk: str = ""
    """`name/version`, for ingest health."""
    fingerprint: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    """The SDK's and those derived from contexts (browser, os, runtime, device, url ...)."""
    user_key: bytes = b""
    """HMAC of the user with the project's salt, 16 bytes; b"" when nobody is known."""
    csp: tuple[str, str] | None = None
    """(effective directive, blocked host) of a CSP report."""
    cut: bool = False
    """Something was cut, repaired or dropped; `data["_meta"]`/`data["errors"]` say what."""
    data: dict[str, Any] = {}
    """The normalised, scrubbed payload under the client's attribute names, JSON-ready:
    this is what is stored, shown and exported."""
    title: str = ""
    """A title that the client itself chose; "" leaves it to us."""

    @property
    def trace_id(self) -> UUID | None:
        """The trace it happened in; None when the SDK names none, or nothing of 16 bytes."""
        contexts = self.data.get("contexts")
        trace = contexts.get("trace") if isinstance(contexts, dict) else None
        text = trace.get("trace_id") if isinstance(trace, dict) else None
        try:
            return UUID(hex=text) if isinstance(text, str) and len(text) in (32, 36) else None
        except ValueError:
            return None

    @property
    def unhandled(self) -> bool:
        """Whether nothing caught the error; some clients say so of its cause only."""
        return any(link.handled is False for link in self.exceptions)
