"""Call: a frame as grouping sees it, without what deploys and compilers add.

Reading a frame is the hot part of grouping, so the result is memoised by the
texts it depends on; the memo is bounded, and forgotten as a whole when full.
"""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from tracker.domain.event import Frame

MEMO_SIZE = 50_000
MOST_TEXT = 256
"""Characters of a text that count: of names the first, of paths the last."""


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
    vague: bool = False
    """Where units do not count, this name needs its own beside it."""
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
    wordings: frozenset[str] = frozenset()
    """Facets that engines word so differently that a known line does without them."""
    weak_stack: bool = False
    """Messages say little: a stack of libraries only still names the failure (native)."""


_Key = tuple[str, str, str, str, str, str, bool | None, bool, bool]
_memo: dict[_Key, Call] = {}


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
        bool(frame.context_line),
    )
    call = _memo.get(key)
    if call is None:
        if max(map(len, key[1:6])) > MOST_TEXT:
            return language.read(_cut(frame))
        call = language.read(frame)
        if len(_memo) >= MEMO_SIZE:
            _memo.clear()
        _memo[key] = call
    return call


def _cut(frame: Frame) -> Frame:
    """`frame` with texts that a bounded time suffices for."""
    return replace(
        frame,
        function=frame.function[:MOST_TEXT],
        module=frame.module[-MOST_TEXT:],
        filename=frame.filename[-MOST_TEXT:],
        abs_path=frame.abs_path[-MOST_TEXT:],
        package=frame.package[-MOST_TEXT:],
    )


FAR = 300
"""A column beyond this one is not in a line that a person wrote."""
