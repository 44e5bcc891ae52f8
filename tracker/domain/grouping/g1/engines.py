"""What browsers' engines say of one and the same fault, each in words of its own.

Engines that name a property or a function are facets of their own (facets.py).
"""

_TABLE = r"""
malformed URI <- URI
    ^URI malformed$
    ^malformed URI sequence$
    ^URI error$
array length <- rray
    ^invalid array length$
    ^Array size is not a small enough
    ^Array length must be a positive
repeat count <- count repeat
    ^Invalid count value:
    ^repeat count must be
    ^String\.prototype\.repeat argument
string length <- length allocation too_large
    ^Invalid string length
    ^allocation size overflow
    ^resulting string too large
currency code <- urrency
    ^(?:Invalid|currency is not a well-formed) currency code
time zone <- ime_zone timeZone
    ^Invalid time zone
    ^invalid time zone
    ^timeZone is not valid
locale <- anguage_tag ocale
    ^Incorrect locale information
    ^invalid language tag
digits <- argument precision digits
    ^to(?:Fixed|Precision|Exponential)\(\) (?:digits )?argument must
    ^precision -?\d+ out of range
radix <- radix
    ^(?:toString\(\) )?radix (?:argument )?must be
class call <- class_constructor
    ^Class constructor .{1,80} cannot be invoked without 'new'
    ^class constructors must be invoked with
    ^Cannot call a class constructor
without new <- onstructor
    ^Constructor .{1,80} requires 'new'
    constructor without 'new' is forbidden
object of nothing <- to_object
    ^Cannot convert undefined or null to object
    ^can't convert (?:null|undefined) to object
circular JSON <- circular cyclic
    ^Converting circular structure to JSON
    ^cyclic object value
    ^JSON\.stringify cannot serialize cyclic
BigInt as JSON <- BigInt
    ^Do not know how to serialize a BigInt
    ^BigInt value can't be serialized
    ^JSON\.stringify cannot serialize BigInt
BigInt mixed <- BigInt
    ^Cannot mix BigInt and other types
    ^can't convert BigInt to number
    ^Invalid mix of BigInt
BigInt syntax <- BigInt
    ^Cannot convert .{1,80} to a BigInt
    ^invalid BigInt syntax
    ^Failed to parse String to BigInt
regular expression <- egular regexp
    ^Invalid regular expression
    ^invalid (?:regexp|identity|range)
    ^unterminated (?:parenthetical|character class)
    ^nothing to repeat
not extensible <- extensible
    object is not extensible$
    ^Attempting to define property on object that is not extensible
redefined <- edefine onfigurable
    ^Cannot redefine property
    ^can't redefine non-configurable
    ^Attempting to change (?:value|configurable|enumerable|access|getter|setter)
not deletable <- delete
    ^Cannot delete property
    ^property .{1,80} is non-configurable and can't be deleted
    ^Unable to delete property
instanceof <- instanceof
    ^Right-hand side of 'instanceof'
    ^invalid 'instanceof' operand
    ^Right hand side of instanceof
in <- 'in' Object._(eval
    ^Cannot use 'in' operator
    ^cannot use 'in' operator
    ^right-hand side of 'in' should be
Symbol converted <- Symbol
    ^Cannot convert a Symbol value
    ^can't convert symbol to
    ^Cannot convert a symbol to
primitive <- primitive No_default
    ^Cannot convert object to primitive
    ^can't convert .{1,80} to primitive type
    ^No default value$
receiver <- llegal_invocation does_not_implement only_call
    ^Illegal invocation
    called on an object that does not implement interface
    ^Can only call
URL <- URL
    ^Failed to construct 'URL':
    ^URL constructor:
    cannot be parsed as a URL\.?$
    ^Invalid URL$
base64 <- Base64 base64 atob nvalid_character
    ^Failed to execute 'atob'
    ^String contains an invalid character$
    ^The string contains invalid characters\.$
clone <- cloned clone
    could not be cloned\.?$
    ^The object can not be cloned
storage denied <- Insufficient not_allowed denied
    ^Failed to read the '(?:local|session)Storage' property
    ^The operation is insecure\.?$
play denied <- permission not_allowed
    ^play\(\) failed because the user didn't
    ^The play method is not allowed by the user agent
    ^The request is not allowed by the user agent or the platform
super <- super
    ^Must call super constructor
    ^must call super constructor
    ^'super\(\)' must be called
empty reduce <- educe
    ^Reduce of empty array
    ^reduce of empty array
private member <- private
    ^Cannot (?:read|write) private member
    ^can't access private field
    ^Cannot access (?:invalid )?private field
"""
"""`fault <- needles`, one of which its wordings contain (`_` is a space), then the wordings."""


def _faults() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    name = ""
    for line in _TABLE.strip().splitlines():
        if not line.startswith(" "):
            name, _, needles = line.partition(" <- ")
            found[name] = ("|".join(needles.split()).replace("_", " "), "")
        else:
            needles, regex = found[name]
            found[name] = (needles, f"{regex}|{line.strip()}" if regex else line.strip())
    return found


FAULTS = _faults()
"""Needles and pattern of each fault."""
