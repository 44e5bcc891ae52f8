"""Call: a frame as grouping sees it, without what deploys and compilers add.

Reading a frame is the hot part of grouping, so the result is memoised by the
texts it depends on; the memo is bounded, and forgotten as a whole when full.
"""

from collections.abc import Callable

from msgspec import Struct

from tracker.domain.event import Frame

MEMO_SIZE = 50_000
MEMO_TEXT = 1_200
"""Frames with more text than this many characters are read anew each time."""


class Call(Struct, frozen=True, gc=False):
    """One call, normalised."""

    name: str
    """Function, bare; "" when anonymous."""
    unit: str
    """Module, class or file that holds it, without the deploy directory; "" when unknown."""
    app: bool
    """Whether it is the application's own code."""
    skip: bool = False
    """A built-in reported on its caller's line, a proxy or an error reporter."""
    helper: bool = False
    """Lives where shared helpers live."""
    generic: bool = False
    """Its name alone says nothing: run, request, parse_json."""
    borrows: bool = False
    """A lambda or comprehension: takes the name of the code around it."""
    minified: bool = False
    """The name is a minifier's: it differs in the next build."""
    native_like: bool = False
    """May be a built-in when it stands on its caller's line."""
    bundled: bool = False
    """The unit is a bundle: it says nothing about the module."""

    @property
    def label(self) -> str:
        """As people read it: `unit.name`."""
        name = self.name or "<anonymous>"
        return f"{self.unit}.{name}" if self.unit else name


class Language(Struct, frozen=True):
    """What grouping must know about one language; a file of `languages` each."""

    name: str
    platforms: tuple[str, ...]
    read: Callable[[Frame], Call]
    """Reads a frame; must depend only on what `memo_key` returns."""
    unit_in_key: bool = True
    """Whether the unit is a part of the site: not where bundlers change it."""
    errors_are_values: bool = False
    """The stack is that of the report, not of the failure (Go)."""
    trust_all_if_no_app: bool = False
    """SDKs of this language often mark nothing as in-app: then path rules decide alone."""
    line_of: Callable[[str], str] = str
    """Removes from a source line what build tools add."""
    weak_joins: bool = False
    """Events without a usable site may join issues that have one (minified twins)."""
    weak_stack: bool = False
    """Messages say little: a stack of libraries only still names the failure (native)."""


_memo: dict[tuple[str, str, str, str, str, str, bool | None, bool], Call] = {}


def call_of(frame: Frame, language: Language) -> Call:
    """Read `frame`, from the memo where possible."""
    far = frame.colno is not None and frame.colno > FAR
    key = (
        language.name,
        frame.function,
        frame.module,
        frame.filename,
        frame.abs_path,
        frame.package,
        frame.in_app,
        far,
    )
    call = _memo.get(key)
    if call is None:
        call = language.read(frame)
        text = len(frame.function) + len(frame.module) + len(frame.filename) + len(frame.abs_path)
        if text + len(frame.package) <= MEMO_TEXT:
            if len(_memo) >= MEMO_SIZE:
                _memo.clear()
            _memo[key] = call
    return call


FAR = 300
"""A column beyond this one is not in a line that a person wrote."""
