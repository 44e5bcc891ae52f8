"""JavaScript: V8, SpiderMonkey, JavaScriptCore and Hermes, in browsers, Node and React Native."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import FAR, Call, Language

_LIBRARY = re.compile(
    r"node_modules[/\\]|^node:|^internal/|^(?:chrome|moz|safari|safari-web|ms-browser)-extension:"
    r"|(?:^|/)webpack/(?:bootstrap|runtime)|(?:^|/)\(webpack\)|^native$|\[native code\]|^@sentry/"
    r"|(?:^|/)(?:cdn\.jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|www\.googletagmanager\.com|connect\.facebook\.net)/|/~/"
)
_BUILTIN = re.compile(r"^(?:<anonymous>|native|\[native code\]|<native>|<unknown>|index \d+)?$")
_AS = re.compile(r" \[as [^\]]*\]$")
_MARKS = re.compile(r"^(?:async\*?|get |set |new |static |bound |async )+")
_BUNDLE_FILE = re.compile(
    r"(?:^|/)(?:dist|build|bundle|bundles|assets|static|_next|public)(?:[/:]|$)"
    r"|[.-][0-9a-zA-Z_]{8,}\.(?:js|mjs|cjs)|\.min\.|\.bundle|\.jsbundle|chunk"
)
_ANONYMOUS = frozenset(
    (
        "",
        "?",
        "anonymous",
        "<anonymous>",
        "eval",
        "global code",
        "eval code",
        "module code",
        "Anonymous function",
        "<unknown>",
        "<global>",
        "callee$",
        "_onTimeout",
        "_onImmediate",
    )
)
_SHORT_WORDS = words.word_set("""
    add all any app apply at bar buy cut do end est fmt fn foo get go has id key log map max min
    new nil now off on one op out pay pop put raf row run say set sub sum tab tag tap tax top try
    ui up url use """)
_METHODS = words.word_set("get post put delete patch head")
"""The name is all there is of a site, and these are every HTTP client's."""
_OWNER = re.compile(r"(?:async |new )?([A-Za-z_$][\w$]{3,})\.")
_NO_OWNERS = words.word_set("Object Module Function Array Promise Timeout process exports module")
_CONTRACTS = words.word_set("canActivate canDeactivate canMatch canLoad")
"""What frameworks call of a guard: a place, not a helper."""
_COMMENT = re.compile(r"/\*[^*]{0,80}\*/ ?|(?<!:)//.*$")
_DECLARATION = re.compile(r"^(?:export )?(?:const|let|var) ")
_IMPORT = re.compile(r"\(0, ?\w+\.(\w+)\)|\b(?:import_\w+|\w+_\d+)\.(?=\w)")
_EXPONENT = re.compile(r"\b(\d{1,6})e(\d)\b")
_OWN_CLASS = re.compile(r"(?<![\w$])_(?=[A-Z][a-z])")
_SUFFIX = re.compile(r"\b([A-Za-z_$]+)\d+\b")


def _name_of(function: str) -> str:
    name = _AS.sub("", function.strip())
    name = _MARKS.sub("", name).lstrip()
    if "/" in name and "<" in name:  # SpiderMonkey: outer/inner/< is a closure of inner
        name = name.replace("<", "").rstrip("/").rsplit("/", 1)[-1]
    for end in (".<anonymous>", "/<", ".<computed>", "/this"):
        if name.endswith(end):
            name = name[: -len(end)]
            if name.startswith(("HTML", "Object", "Module", "Array", "Promise", "Set", "Map")):
                name = ""
    name = name.rsplit(".", 1)[-1].lstrip("#")
    if name in _ANONYMOUS or name.startswith(("http:", "https:", "file:", "<")):
        return ""
    return name


def _is_mapped(frame: Frame) -> bool:
    return bool(frame.context_line) or frame.filename.startswith(
        ("./", "webpack:", "app:///src", "../")
    )


def _is_minified(name: str, frame: Frame) -> bool:
    far = frame.colno is not None and frame.colno > FAR
    if len(name) <= 2:
        return far or name not in _SHORT_WORDS
    return len(name) == 3 and far and name.lower() not in _SHORT_WORDS


def _unit_of(frame: Frame, path: str) -> str:
    if frame.module and not frame.module.startswith("<"):
        return words.tail(frame.module.replace(":", "/").replace(".", "/"))
    return words.tail(path.split("://", 1)[-1])


def _is_library(path: str, abs_path: str) -> bool:
    return bool(_LIBRARY.search(path) or (abs_path != path and _LIBRARY.search(abs_path)))


def _is_generic(name: str, function: str, unit: str) -> bool:
    """A method has its class beside its module: `OrderLoader.run` says enough."""
    owner = _OWNER.match(function)
    if owner and owner[1] not in _NO_OWNERS:
        unit = owner[1]
    return words.is_generic(name, unit) or (name in _METHODS and words.is_unspecific(unit))


def read(frame: Frame) -> Call:
    """Object., [as y], async, SpiderMonkey's closures; built-ins have no file."""
    path = frame.filename or frame.abs_path
    name = _name_of(frame.function)
    builtin = bool(_BUILTIN.match(path)) or frame.function in ("eval", "eval code", "native")
    minified = bool(name) and _is_minified(name, frame)
    if minified and _is_mapped(frame):  # a source map gave the place, not the name
        name, minified = "", False
    unit = _unit_of(frame, path)
    web = path.startswith(("http:", "https:", "capacitor:", "ionic:"))
    app = frame.in_app is not False and not builtin and not _is_library(path, frame.abs_path)
    bundled = web or (app and bool(_BUNDLE_FILE.search(path)))
    return Call(
        name=name,
        unit=unit,
        app=app,
        skip=builtin or name.lower() in words.REPORTERS,
        helper=app and name not in _CONTRACTS and words.is_helper(unit),
        generic=app and _is_generic(name, frame.function, "" if bundled else unit),
        borrows=not name,
        minified=minified,
        bundled=bundled,
        vague=not bundled and words.is_vague(name),
    )


def line_of(line: str) -> str:
    """What bundlers rewrite is undone: numbered names (`cart2`), `_Cart`, quotes, `void 0`, `2e3`,
    declarations, imports; minified or shortened lines are no source.
    """
    if len(line) > 300 or "{snip}" in line:
        return ""
    line = _COMMENT.sub("", line.replace("'", '"').replace("`", '"'))
    line = line.replace("(void 0)", "undefined").replace("void 0", "undefined")
    line = _IMPORT.sub(r"\1", _DECLARATION.sub("", line))
    if "e" in line:
        line = _EXPONENT.sub(lambda match: match[1] + "0" * int(match[2]), line)
    if "_" in line:
        line = _OWN_CLASS.sub("", line)
    return _SUFFIX.sub(r"\1", line).rstrip("; ")


LANGUAGE = Language(
    name="javascript",
    platforms=("javascript", "node", "javascript-node"),
    read=read,
    unit_in_key=False,
    line_of=line_of,
    weak_joins=True,
    wordings=frozenset(
        ("property", "function", "name", "iterable", "json", "dom", "quota", "fault")
    ),
)
