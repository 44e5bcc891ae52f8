"""C, C++, Rust and other code compiled for the machine."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_SYSTEM = re.compile(
    r"^/usr/lib|^/lib|^/system/|^/apex/|^/vendor/lib|^linux-(?:gate|vdso)|^\[vdso\]"
    r"|(?:^|[/\\])Windows[/\\]System32|(?:^|[/\\])(?:ntdll|kernel32|kernelbase|ucrtbase|msvcrt"
    r"|vcruntime\d*|user32|win32u|d3d\d+|nvoglv64|combase)\.(?:dll|DLL)|(?:^|/)lib(?:c|m|pthread"
    r"|stdc\+\+|gcc_s|dl|c\+\+|art)\.(?:so|dylib)",
    re.IGNORECASE,
)
_RUNTIME = (
    "std::",
    "__cxa",
    "__gnu",
    "abort",
    "raise",
    "_start",
    "__libc",
    "_Unwind",
    "__GI_",
    "core::panicking",
    "core::option",
    "core::result",
    "core::ops",
    "rust_begin_unwind",
    "rust_panic",
    "alloc::",
    "panic_bounds",
    "__rust",
    "<core::",
    "<alloc::",
    "<std::",
)
_LAMBDA = re.compile(
    r"::(?:\{lambda\([^)]*\)(?:#\d+)?\}|\$_\d+|<lambda_[0-9a-f]+>|'lambda\d*'"
    r"|\{\{closure\}\}|operator\(\)|\(anonymous class\))"
)
_ANONYMOUS_NAMESPACE = re.compile(r"\(anonymous namespace\)::|`anonymous namespace'::")
_HASH = re.compile(r"::h[0-9a-f]{16}$")
_TAIL = re.compile(r"\s*(?:const|volatile|noexcept|&&?|\[clone [^\]]*\]|\[abi:[^\]]*\])\s*$")


def name_of(function: str) -> str:
    """`Pool::worker(int)::{lambda()#1}::operator()() const` -> Pool::worker."""
    name = function.strip()
    for _ in range(4):
        name = _TAIL.sub("", name)
    name = _HASH.sub("", _ANONYMOUS_NAMESPACE.sub("", name))
    if "operator" in name or "lambda" in name or "{{" in name or "$_" in name:
        name = _LAMBDA.sub("", name)
    if not name.startswith("operator"):
        name = words.without_brackets(words.without_brackets(name, "(", ")"))
    name = name.split("(", 1)[0].strip()
    if " " in name and "operator" not in name:
        name = name.rsplit(" ", 1)[-1]
    return name.strip(":*& ")


def read(frame: Frame) -> Call:
    """Functions carry their namespace; the image says whose code it is."""
    name = name_of(frame.function)
    unknown = not name or name.startswith(("0x", "<unknown>", "sub_", "??"))
    runtime = name.startswith(_RUNTIME)
    system = bool(_SYSTEM.search(frame.package or frame.abs_path))
    owner, _, last = name.rpartition("::")
    return Call(
        name="" if unknown else name,
        unit="",
        app=frame.in_app is not False and not system and not runtime,
        skip=last.lower() in words.REPORTERS,
        helper=words.is_helper(owner.replace("::", ".")),
        generic=words.is_generic(last),
        borrows=unknown,
    )


LANGUAGE = Language(
    name="native",
    platforms=("native", "c", "cpp", "minidump", "unreal"),
    read=read,
    weak_stack=True,
)
