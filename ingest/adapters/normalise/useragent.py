"""Browser and system from a User-Agent: the common ones, by their own marks."""

import re
from functools import lru_cache

_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/([\d.]{1,20})")),
    ("Opera", re.compile(r"\b(?:OPR|Opera)/([\d.]{1,20})")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/([\d.]{1,20})")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/([\d.]{1,20})")),
    ("HeadlessChrome", re.compile(r"\bHeadlessChrome/([\d.]{1,20})")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS)/([\d.]{1,20})")),
    ("Safari", re.compile(r"\bVersion/([\d.]{1,20}).{0,60}\bSafari/")),
    ("Internet Explorer", re.compile(r"\b(?:MSIE |Trident/.{1,40}rv:)([\d.]{1,20})")),
)
_SYSTEMS = (
    ("Windows", re.compile(r"\bWindows NT ([\d.]{1,10})")),
    ("iOS", re.compile(r"\b(?:iPhone|iPad).{0,20} OS ([\d_]{1,12})")),
    ("Android", re.compile(r"\bAndroid ([\d.]{1,10})")),
    ("macOS", re.compile(r"\bMac OS X ([\d_.]{1,12})")),
    ("Chrome OS", re.compile(r"\bCrOS \w{1,10} ([\d.]{1,16})")),
    ("Linux", re.compile(r"\bLinux\b()")),
)
_WINDOWS = {"10.0": "10", "6.3": "8.1", "6.2": "8", "6.1": "7"}

Named = tuple[str, str]
"""Name and version."""


@lru_cache(maxsize=4096)
def read(text: str) -> tuple[Named | None, Named | None]:
    """(browser, system) of a User-Agent; None for what is not recognised."""
    text = text[:512]
    return _first(_BROWSERS, text), _first(_SYSTEMS, text)


def _first(marks: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> Named | None:
    for name, mark in marks:
        if match := mark.search(text):
            version = match.group(1).replace("_", ".")
            return name, _WINDOWS.get(version, version) if name == "Windows" else version
    return None
