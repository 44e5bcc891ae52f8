"""Swift and Objective-C on Apple's systems."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_SYSTEM = re.compile(
    r"^/System/|^/usr/lib/|/Frameworks/(?:libswift|UIKit|SwiftUI|Foundation|Sentry)"
    r"|/(?:UIKitCore|CoreFoundation|libdispatch|libsystem)|\.simruntime/"
)
_PREFIX = re.compile(
    r"^(?:(?:closure #\d+|implicit closure #\d+|local func|defer #\d+|\$defer \#\d+"
    r"|variable initialization expression of|autoclosure #\d+)(?: \([^)]*\))? in "
    r"|(?:partial apply|reabstraction thunk helper|dispatch thunk|merged|outlined \w+"
    r"|protocol witness|generic specialization[^ ]*|function signature specialization[^ ]*"
    r"|@objc|@nonobjc|static|specialized|class|final|mutating|thunk|async function pointer to"
    r"|\(\d+\) (?:suspend resume|await resume) partial function|\(\d+\))(?: for| of)? )+"
)
_OBJC = re.compile(r"^[-+]\[([^ \]()]+)(?:\([^)]*\))? ([^\]]+)\]")
_BLOCK = re.compile(r"^_+(?=[-+]\[)|_block_invoke(?:[._]\d+)*$")


def name_of(function: str) -> str:
    """`closure #1 in FeedView.load(_:)` -> FeedView.load; `-[Cart total:]` -> Cart.total:."""
    name = _BLOCK.sub("", function.strip())
    objc = _OBJC.match(name)
    if objc:
        return f"{objc[1]}.{objc[2]}"
    for _ in range(6):
        cut = _PREFIX.sub("", name)
        if cut == name:
            break
        name = cut
    name = words.without_brackets(name)
    name = name.split(" -> ", 1)[0].split("(", 1)[0].strip()
    for end in (".getter", ".setter", ".modify", ".init", ".__allocating_init", ".deinit"):
        name = name.removesuffix(end)
    return name.split(" : ", 1)[0].rsplit(" in ", 1)[-1]


def read(frame: Frame) -> Call:
    """Demangled names; the image says whose code it is."""
    name = name_of(frame.function)
    unknown = not name or name.startswith(("0x", "<redacted>", "<unknown>"))
    owner, _, last = name.rpartition(".")
    file = words.tail(frame.filename, 1)
    app = frame.in_app is not False and not _SYSTEM.search(frame.package)
    return Call(
        name="" if unknown else name,
        unit="",
        app=app,
        skip=last.lower() in words.REPORTERS,
        helper=app and (words.is_helper(owner) or words.is_helper(file)),
        generic=app and words.is_generic(last, owner),
        borrows=unknown,
    )


LANGUAGE = Language(
    name="cocoa", platforms=("cocoa", "objc", "swift", "objective-c"), read=read, weak_stack=True
)
