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
    "core::iter",
    "core::slice",
    "core::str",
    "core::num",
    "core::cell",
    "core::fmt",
    "core::ptr",
    "core::future",
    "tokio::",
    "hyper::",
    "axum::",
    "actix_",
    "tower::",
    "futures_",
    "rayon_core",
    "serde_json::",
    "tracing::",
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
    r"|\{\{closure\}\}|operator\(\)|\(anonymous class\)|\{closure#\d+\})"
)
_ANONYMOUS_NAMESPACE = re.compile(r"\(anonymous namespace\)::|`anonymous namespace'::")
_HASH = re.compile(r"::h[0-9a-f]{16}$")
_TAILS = (" const", " volatile", " noexcept", " &", " &&")
_SUFFIX = re.compile(r"\.(?:part|isra|constprop|cold|lto_priv|llvm)(?:\.\d+)*\b")
_NOTE = re.compile(r" ?\[(?:clone|abi)[ :][^\]]*\]")


def _of_implementation(name: str) -> str:
    """Rust: `<Cart<T> as Total>::total` and `cart::<impl Total for Cart>::total` are Cart's."""
    start = name.find("<")
    depth, middle, end = 0, "", 0
    for place in range(start, min(len(name), 256)):
        depth += {"<": 1, ">": -1}.get(name[place], 0)
        if depth == 1 and name[place] == " " and not middle:
            for word in (" as ", " for "):
                if name.startswith(word, place):
                    middle, end = word, place
        if depth == 0:
            inside = name[start + 1 : end] if middle == " as " else name[end + 5 : place]
            owner = words.without_brackets(inside).removeprefix("&").removeprefix("mut ").strip()
            return name[:start] + owner + name[place + 1 :] if middle else name
    return name


def name_of(function: str) -> str:
    """`Pool::worker(int)::{lambda()#1}::operator()() const` -> Pool::worker."""
    name = function.strip()
    if name.endswith("]"):
        name = _NOTE.sub("", name)
    if "." in name:
        name = _SUFFIX.sub("", name)
    for tail in _TAILS:
        name = name.removesuffix(tail)
    name = _HASH.sub("", _ANONYMOUS_NAMESPACE.sub("", name))
    if "operator" in name or "lambda" in name or "{" in name or "$_" in name:
        name = _LAMBDA.sub("", name)
    if name.startswith("<") or "<impl " in name:
        name = _of_implementation(name)
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
    owner, _, last = name.rpartition("::")
    app = (
        frame.in_app is not False
        and not frame.function.startswith(_RUNTIME)
        and not name.startswith(_RUNTIME)
        and not _SYSTEM.search(frame.package or frame.abs_path)
    )
    return Call(
        name="" if unknown else name,
        unit="",
        app=app,
        skip=last.lower() in words.REPORTERS,
        helper=app and words.is_helper(owner.replace("::", ".")),
        generic=app and words.is_generic(last, owner),
        borrows=unknown,
    )


LANGUAGE = Language(
    name="native",
    platforms=("native", "c", "cpp", "minidump", "unreal"),
    read=read,
    weak_stack=True,
)
