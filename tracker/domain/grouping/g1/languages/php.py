"""PHP."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARY = re.compile(r"[/\\]vendor[/\\]|^vendor/|/storage/framework/")
_CLOSURE = re.compile(r"\{closure(?::([^}]*?):\d+)?\}")
_ANONYMOUS_CLASS = re.compile(r"(?:class)?@anonymous.*?(?=::|$)", re.DOTALL)
_NEAR = words.HELPER_NEAR - {"http", "lib", "libs"}
"""App\\Http is where a Laravel application keeps its controllers."""


def read(frame: Frame) -> Call:
    r"""`App\Cart::half`, `Foo::App\{closure}`, `{closure:Foo::bar():12}` (8.4), internals."""
    function = frame.function
    closure = "{closure" in function
    if closure:
        match = _CLOSURE.search(function)
        inside = match[1] if match else None
        function = inside.split("(", 1)[0] if inside else _CLOSURE.sub("", function).rstrip("\\:")
    if "@anonymous" in function:
        function = _ANONYMOUS_CLASS.sub("@anonymous", function)
    owner, _, name = function.rpartition("::")
    if closure and "\\" in name:  # Kernel::App\Http\{closure}: the method is not told
        name = ""
    unit = owner or words.tail(frame.filename)
    internal = frame.filename in ("[internal]", "", "Unknown")
    path = frame.abs_path or frame.filename
    app = frame.in_app is not False and not internal and not _LIBRARY.search(path)
    return Call(
        name=name.rsplit("\\", 1)[-1],
        unit=unit.lstrip("\\"),
        app=app,
        skip=internal or name.lower() in words.REPORTERS,
        helper=app and words.is_helper(unit, _NEAR),
        generic=app and words.is_generic(name, unit),
        borrows=not name,
        native_like=not owner and bool(name) and "\\" not in name and not closure,
    )


LANGUAGE = Language(name="php", platforms=("php",), read=read)
