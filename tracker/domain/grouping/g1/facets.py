"""Facets: the allow-list of message parts that name the failure.

Everything else in a message is ignored when there is a site.  A pattern runs
only when its needle is in the message; all are linear in the cut message.
A soft facet depends on the runtime's version or on the source line, so it
counts only in the precise keys.
"""

import re

from msgspec import Struct

from tracker.domain.grouping.g1.engines import FAULTS

CUT = 800
"""Characters of a message that are looked at."""


class Pattern(Struct, frozen=True):
    """One entry of the allow-list."""

    needles: tuple[str, ...]
    label: str
    regex: re.Pattern[str]
    fixed: str = ""
    """The value, when the match alone says it."""
    soft: bool = False


def _p(needles: str, label: str, regex: str, fixed: str = "", soft: bool = False) -> Pattern:
    return Pattern(tuple(needles.split("|")), label, re.compile(regex, re.IGNORECASE), fixed, soft)


_OPEN, _CLOSE = "`'\"\u2018\u201c", "`'\"\u2019\u201d"
_Q = f"[{_OPEN}]"
_N = f"[{_OPEN}]([^{_CLOSE}\n]{{1,100}})[{_CLOSE}]"

PATTERNS: tuple[Pattern, ...] = (
    # HTTP status
    _p(" Error", "status", r"\b([45]\d\d) (?:client|server) error"),
    _p("tatus", "status", r"\bstatus(?: ?code)?(?: of|:|=| is)? ?[`'\"(]?([1-5]\d\d)\b"),
    _p(
        "HTTP", "status", r"\bHTTP(?:/[\d.]{1,3})?(?: error| status| response)?:? ?\(?([1-5]\d\d)\b"
    ),
    _p("ndicate success", "status", r"success: ([1-5]\d\d)\b"),
    _p(
        "esponse|rror '|returned",
        "status",
        r"(?:resulted in an? `|(?:client|server) error '|returned(?: an?)? `?)([1-5]\d\d)\b",
    ),
    _p(
        "Found|Unauth|Forbid|Request|Error|Unavail|Gateway|Many|Conflict|Gone|Entity",
        "status",
        r"^([45]\d\d):? [A-Z][a-z]",
    ),
    # operating system
    _p("Errno ", "errno", r"\[Errno (-?\d+)\]"),
    _p("WinError ", "errno", r"\[(WinError \d+)\]"),
    Pattern(
        ("E",),
        "errno",
        re.compile(
            r"\b(E(?:NOENT|ISDIR|NOTDIR|ACCES|PERM|EXIST|MFILE|NFILE|NOSPC|ROFS|XDEV|BUSY|INVAL|PIPE"
            r"|IO|NOMEM|CONNREFUSED|CONNRESET|CONNABORTED|TIMEDOUT|HOSTUNREACH|NETUNREACH|ADDRINUSE"
            r"|ADDRNOTAVAIL|NOTFOUND|AI_AGAIN|NOTEMPTY|LOOP|NAMETOOLONG|BADF|AGAIN|PROTO"
            r"|SOCKETTIMEDOUT|ABORTED|DQUOT|FBIG))\b"
        ),
    ),
    _p("EAI_", "errno", r"\b(EAI_[A-Z]+)\b"),
    _p("exit", "exit", r"\bexit(?:ed)?(?: with)?(?: non-zero)?(?: status| code)?:? (-?\d{1,4})\b"),
    _p("ommand ", "program", r"\bcommand (?:failed: |\[?'\[?'?)(?:[\w.:~-]*[/\\])*([\w.+-]{1,40})"),
    Pattern(("SIG",), "signal", re.compile(r"\b(SIG[A-Z]{2,6})\b")),
    _p("ignal: ", "signal", r"\bsignal: ([a-z ]{3,30})"),
    # codes that services answer with
    _p("n error occurred (", "code", r"error occurred \((\w{1,60})\)"),
    _p("[", "code", r"^\[([a-z]+(?:_[a-z]+){1,6})\]"),
    Pattern(("ERR_",), "code", re.compile(r"\b(ERR_[A-Z_]{2,50})\b")),
    # databases
    _p("SQLSTATE", "sqlstate", r"SQLSTATE\[?:? ?'?([0-9A-Z]{5})\b"),
    _p("ORA-", "sqlstate", r"\b(ORA-\d{5})\b"),
    _p("(1|(2", "sqlstate", r"^\((\d{4}), "),
    _p("constraint", "constraint", rf"constraint (?:failed: )?{_Q}?([\w.]+(?:, [\w.]+)*)"),
    _p("for key", "constraint", rf"for key {_N}"),
    _p("able", "table", rf"no such table: ?([\w.]+)|table {_N} (?:doesn't|does not|already)"),
    _p("elation", "table", rf"relation {_N} (?:does|already)"),
    _p(
        "olumn",
        "column",
        rf"no such column: ?([\w.]+)|unknown column {_N}|column {_N} (?:of|does|is|in)"
        r"|column ([\w.]+) does not exist|invalid column name '([^'\n]{1,80})'",
    ),
    _p("table", "table", rf"table or view ({_Q}?[\w.]+)"),
    _p("syntax error|in your SQL", "sql", r"syntax error|error in your SQL", fixed="syntax"),
    _p("eadlock", "sql", r"deadlock", fixed="deadlock"),
    # names that are not there
    _p("No module named", "module", rf"No module named {_Q}?([\w.]+)"),
    _p("cannot import", "module", rf"cannot import name {_Q}([\w.]+)"),
    _p("Cannot find", "module", rf"Cannot find (?:module|package) {_N}"),
    _p("no attribute", "attribute", rf"no attribute {_N}"),
    _p(
        "is not defined", "name", rf"(?:name )?{_Q}?(?<![\w$.])([\w$.]{{1,80}}){_Q}? is not defined"
    ),
    _p("Can't find var", "name", r"Can't find variable: ([\w$]+)"),
    _p("initializ", "name", rf"(?:access|declaration) {_N} before init"),
    _p("ocal variable", "name", rf"local variable {_N}"),
    _p("argument", "argument", rf"unexpected keyword argument {_N}"),
    _p(
        "argument",
        "argument",
        rf"missing \d+ required (?:positional|keyword-only) arguments?: {_N}",
    ),
    _p("lateinit", "property", r"lateinit property (\w+)"),
    _p(
        "issing ",
        "missing",
        r"\bmissing (?:required |mandatory )?(?:field|property|key|parameter|param|argument|column"
        r"|setting|option|header|env(?:ironment)? var(?:iable)?|config(?:uration)?(?: key| value)?"
        r"|attribute|variable|service|dependency)s?:? "
        rf"{_Q}?(?!\S{{0,60}}\d)([A-Za-z_][\w.\-]{{0,60}})",
    ),
    # JavaScript, three wordings of one error
    _p(
        "propert",
        "property",
        rf"Cannot (?:read|set) propert(?:y|ies) of \w+ \((?:reading|setting) {_N}\)",
    ),
    _p("propert", "property", rf"Cannot (?:read|set) property {_N} of"),
    _p("access prop", "property", rf"can't access property {_N}"),
    _p(
        "evaluating",
        "property",
        r"is not an object \(evaluating '[^'\n]{0,200}?[.\[][^\w$]?([\w$]+)\W?\W?"
        r"(?: ?=[^'\n]{0,100})?'\)",
    ),
    _p("access dead", "property", r"can't access (dead object)"),
    _p(
        "is not a func",
        "function",
        r"(?<![\w$])([\w$]{1,200})(?:\(\.\.\.\))? is not a function(?! \(near)",
    ),
    _p("is not a constr", "function", r"(?<![\w$])([\w$]{1,200}) is not a constructor"),
    _p(
        "iterable|(near",
        "iterable",
        r"\.([\w$]{2,60}) is not (?:\w+ )?iterable"
        r"|\(near '\.\.\.[^'\n]{0,80}?(?: of |\] ?= ?)(?:[\w$]{1,60}\.)+([\w$]{2,60})\.\.\.'",
    ),
    _p("iterable|(near", "iterable", r"is not (?:\w+ )?iterable|\(near '\.\.\.\[", fixed="not"),
    _p(
        "onst|readonly",
        "assign",
        r"^Assignment to constant variable|^invalid assignment to const "
        r"|^Attempted to assign to readonly property",
        fixed="const",
    ),
    _p("onl", "assign", r"read[- ]?only property(?: '([\w$]+)')?|^\"([\w$]+)\" is read-only"),
    _p("nvalid", "date", r"^Invalid time value$|^Invalid date$", fixed="invalid"),
    _p(
        "to fetch|NetworkError|Load failed|Network request failed",
        "network",
        r"^(?:TypeError: )?(?:Failed to fetch(?! dyn)|NetworkError when|Load failed"
        r"|Network request failed)",
        fixed="fetch",
    ),
    _p(
        "oading|ynamically|module script",
        "chunk",
        r"Loading (?:CSS )?chunk|dynamically imported module|Importing a module script failed",
        fixed="load",
    ),
    _p(
        "JSON",
        "json",
        r"JSON\.parse: |JSON Parse error|is not valid JSON|in JSON at position|end of JSON input"
        r"|Unexpected token .{1,8} in JSON",
        fixed="parse",
    ),
    _p("to execute", "dom", rf"Failed to execute {_N} on"),
    _p(": ", "dom", r"^(?:Node|Element|Document|Window|Range|Selection|History|Storage)\.(\w+): "),
    _p("ResizeObserver", "dom", r"ResizeObserver loop", fixed="ResizeObserver"),
    _p(
        "quota",
        "quota",
        r"exceeded the quota|reached its quota|quota has been exceeded",
        fixed="exceeded",
    ),
    _p(
        "invalid state|update depth|ydrat",
        "react",
        r"(Maximum update depth|Hydration failed|error while hydrating)",
    ),
    _p("React error #|invariant", "react", r"(?:React error|React invariant) #?(\d+)"),
    # Ruby, PHP, JVM, .NET, Apple
    _p("undefined method", "method", rf"undefined method {_N}"),
    _p("ndefined local", "name", rf"undefined local variable or method {_N}"),
    _p("uninitialized const", "class", r"uninitialized constant ([\w:]+)"),
    _p("key not found", "key", r"key not found: :(\w+)"),
    _p("undefined method", "method", r"undefined method ([\w\\]+::\w+|\w+)\(\)"),
    _p("member function", "method", r"member function (\w+)\("),
    _p(
        "ndefined",
        "key",
        rf"undefined (?:array key|index|offset):? {_Q}?([A-Za-z_][A-Za-z_.\-]{{0,60}})(?!\w)",
    ),
    _p("ndefined", "name", r"undefined (?:variable:? \$?|property:? )([\w\\$:]+)"),
    _p("read property", "property", rf"attempt to read property {_N}"),
    _p("not found", "class", rf"class {_N} not found"),
    _p("is undefined", "name", rf"^{_N} is undefined"),
    _p("View: ", "view", r"\(View: (?:[^()\n]{0,200}[/\\])?([\w.-]+[/\\][\w.-]+)\)"),
    _p(".twig", "view", r"\bin \"([\w./@-]{1,100}\.twig)\""),
    _p("o get propert", "property", rf"Trying to get property {_N} of"),
    _p("ndefined function", "function", r"undefined function ([\w\\]+)"),
    _p("estructure", "property", rf"Cannot destructure property {_N} of"),
    _p("matching query", "model", r"(?<!\w)(\w{1,200}) matching query does not exist"),
    _p("nitialized", "property", rf"Field {_N} has not been initialized"),
    _p("subtype of", "conversion", r"type '([^']{1,60}' is not a subtype of type '[^']{1,60})'"),
    _p("PlatformEx", "code", r"PlatformException\((\w{1,40}),"),
    _p("errno = ", "errno", r"errno = (\d+)"),
    _p("Code", "code", r"^Code: ?(-?\d{1,8})\b|^(\w{1,60}) \(Code: \d+\)"),
    _p("could not be conv", "conversion", r"class ([\w\\]+) could not be converted"),
    _p("enum const", "name", r"No enum constant ([\w.$]+)\.\w+"),
    _p(
        "because",
        "method",
        r"cannot (?:invoke|read|load|store|assign|throw|enter|get)"
        rf"[^\"\n]{{0,40}}{_N}",
        soft=True,
    ),
    _p("unrecognized sel", "selector", r"([-+]\[[^\]\n]{1,100}\]): unrecognized selector"),
    _p("assembly", "module", r"load file or assembly '([\w.]+)"),
    _p("ethod not found", "method", r"Method not found: '([^'\n]{1,100})'"),
    _p("given key", "key", rf"given key {_N}", soft=True),
    *(_p(needles, "fault", regex, fixed) for fixed, (needles, regex) in FAULTS.items()),
    _p("o unmarshal", "field", r"Go struct field ([\w.]+)"),
    _p("interface conversion", "conversion", r"interface conversion: (.{1,80}?is [^,;]{1,60})"),
)

_KNOWN_CLASS = frozenset(
    (
        "ClassNotFoundException",
        "NoClassDefFoundError",
        "NoSuchMethodError",
        "NoSuchFieldError",
        "NoSuchFieldException",
        "NoSuchMethodException",
        "UnsatisfiedLinkError",
    )
)
_QUOTED_KEY = re.compile(r"^['\"]([A-Za-z_][A-Za-z_.\- ]{0,60})['\"]$")

_LOADS_BY_NAME = re.compile(r"\b(?:require|import|import_module|__import__)\( ?[A-Za-z_$(]")
"""A module whose name is not spelt out is data."""
_MODULE = frozenset(("module",))

_memo: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
MEMO_SIZE = 10_000


def of_message(message: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(hard, soft) facets of a message, each as `label=value`."""
    if not message:
        return (), ()
    text = message[:CUT]
    found = _memo.get(text)
    if found is None:
        found = _search(text)
        if len(text) <= 250:
            if len(_memo) >= MEMO_SIZE:
                _memo.clear()
            _memo[text] = found
    return found


def _search(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    hard: dict[str, str] = {}
    soft: dict[str, str] = {}
    for pattern in PATTERNS:
        if pattern.label in hard or not any(needle in text for needle in pattern.needles):
            continue
        match = pattern.regex.search(text)
        if match is None:
            continue
        value = pattern.fixed or next((group for group in match.groups() if group), "")
        if value:
            (soft if pattern.soft else hard)[pattern.label] = value.strip("\"'`")[:100]
    if "quota" in hard:
        hard.pop("dom", None)  # only one engine names the call
    return _as_texts(hard), _as_texts(soft)


def _as_texts(found: dict[str, str]) -> tuple[str, ...]:
    return tuple(f"{label}={value}" for label, value in sorted(found.items()))


def without(found: tuple[str, ...], labels: frozenset[str]) -> tuple[str, ...]:
    """`found` but those of `labels`."""
    if not labels or not found:
        return found
    return tuple(facet for facet in found if facet.split("=", 1)[0] not in labels)


def static_key(value: str) -> str:
    """The key that a KeyError names, if it reads like one that a person wrote."""
    match = _QUOTED_KEY.match(value)
    return match[1] if match else ""


def of_error(type_: str, value: str, line: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(hard, soft) facets of an exception of this type, message and crash line."""
    if type_ == "KeyError":
        key = static_key(value)
        return (), ((f"key={key}",) if f"'{key}'" in line or f'"{key}"' in line else ())
    if type_ == "AbortError":
        return ("dom=abort",), ()
    if type_ in _KNOWN_CLASS and value:
        return (f"name={value.split(maxsplit=1)[0][:100]}",), ()
    if type_ == "TemplateDoesNotExist" and value:
        name = value.split(maxsplit=1)[0][:100]
        return ((f"name={name}",), ()) if name in line else ((), ())
    hard, soft = of_message(value)
    if line and hard and _LOADS_BY_NAME.search(line):
        hard = without(hard, _MODULE)
    if any(facet.startswith("key=") for facet in hard):
        return _without_dynamic_keys(hard, soft, line)
    return hard, soft


def _without_dynamic_keys(
    hard: tuple[str, ...], soft: tuple[str, ...], line: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A key names the failure only if the crash line spells it out; else it is data."""
    keys = [facet for facet in hard if facet.startswith("key=")]
    spelt = tuple(facet for facet in keys if facet[4:] in line)
    return tuple(facet for facet in hard if facet not in keys), soft + spelt
