"""Ruby."""

import re

from tracker.domain.event import Frame
from tracker.domain.grouping.g1 import words
from tracker.domain.grouping.g1.call import Call, Language

_LIBRARY = re.compile(
    r"/gems/|/ruby/\d|/rubygems/|/vendor/bundle/|^<internal:|/\.rbenv/|/\.rvm/|bundler/|^\(eval"
)
_AROUND = re.compile(r"^(?:block(?: \(\d+ levels\))?|rescue|ensure) in ")
_TEMPLATE = re.compile(r"-?\d+_\d+")


def read(frame: Frame) -> Call:
    """`block in total`, `Shop::Cart#total` (3.4), compiled view templates; core methods
    are reported on their caller's line.
    """
    name = frame.function
    block = bool(_AROUND.match(name))
    while _AROUND.match(name):
        name = _AROUND.sub("", name, count=1)
    head, _, number = name.rpartition("__")
    template = name.startswith("_") and _TEMPLATE.fullmatch(number) is not None
    if template:
        name = head.strip("_").removeprefix("app_").removeprefix("views_")
    name = re.split(r"[#.]", name)[-1] if not name.startswith("<") else ""
    path = frame.abs_path or frame.filename
    unit = words.tail(frame.filename)
    app = frame.in_app is not False and not _LIBRARY.search(path)
    return Call(
        name=name,
        unit=unit,
        app=app,
        skip=path.startswith("<internal") or name.lower() in words.REPORTERS,
        helper=app and words.is_helper(unit, _NEAR),
        generic=app and words.is_generic(name, unit),
        borrows=not name,
        native_like=not block and not template,
    )


_NEAR = words.HELPER_NEAR - {"lib", "libs"}
"""In Ruby everything lives in lib."""

LANGUAGE = Language(name="ruby", platforms=("ruby",), read=read)
