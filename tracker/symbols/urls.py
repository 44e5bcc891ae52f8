"""Pure: how the address in a frame and the name of an uploaded file meet.

`~` stands for scheme and host; queries and fragments are ignored.
"""

from __future__ import annotations

import posixpath
import re
from urllib.parse import unquote, urljoin, urlsplit

LONGEST = 1024
MOST_TAILS = 8
"""Trailing parts of a path on a server that are tried: `~/dist/app.js`, `~/app.js` ..."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_WEBPACK = re.compile(r"webpack(?:-internal)?://")
_LEADING = re.compile(r"(?:\.{1,2}/)+")
_LIBRARY = ("node_modules/", "webpack/", "(webpack)", "vite/", "(rsc)/./node_modules/")
_BUILT_IN = ("node:", "native ", "internal/", "<", "[", "wasm:", "chrome-extension:", "data:")


def bare(url: str) -> str:
    """An address without query and fragment."""
    return url.partition("?")[0].partition("#")[0]


def stored_form(url: str) -> str:
    """The name under which an uploaded file is kept."""
    return bare(url.strip())[:LONGEST]


def is_file(abs_path: str) -> bool:
    """Whether an address can be of a file somebody built: not the engine's own, not `eval`."""
    return bool(abs_path) and not abs_path.startswith(_BUILT_IN) and len(abs_path) <= LONGEST


def is_local(abs_path: str) -> bool:
    """Whether it is a path on a server rather than an address."""
    return abs_path.startswith(("/", "file://")) or bool(_DRIVE.match(abs_path))


def tilde(url: str) -> str:
    """`~/path` of an address or path."""
    if url.startswith("~"):
        return bare(url)
    if _DRIVE.match(url):
        return "~/" + bare(url)[3:].replace("\\", "/")
    if _SCHEME.match(url):
        return "~" + (urlsplit(bare(url)).path or "/")
    return "~/" + bare(url).lstrip("/")


def candidates(abs_path: str) -> list[str]:
    """Names that a file may have been uploaded under, the best first."""
    short = tilde(abs_path)
    found = [bare(abs_path), short]
    if "%" in short:
        found.append(unquote(short))
    if is_local(abs_path):
        parts = short.split("/")[1:]
        found += [
            "~/" + "/".join(parts[-n:]) for n in range(min(len(parts) - 1, MOST_TAILS), 0, -1)
        ]
    return list(dict.fromkeys(name for name in found if len(name) <= LONGEST))


def beside(url: str, reference: str) -> str:
    """The address that a file at `url` refers to: its map, or a source of its map."""
    if url.startswith("~"):
        # `~` is a host whose name nobody knows.
        joined = urljoin("http://tilde" + url[1:], reference)
        return "~" + joined.removeprefix("http://tilde") if "//tilde" in joined else joined
    if _SCHEME.match(reference) or reference.startswith("/"):
        return reference
    if _SCHEME.match(url):
        scheme, _, rest = url.partition("://")
        host, slash, path = rest.partition("/")
        folder = posixpath.dirname(slash + path)
        return f"{scheme}://{host}{posixpath.normpath(posixpath.join(folder or '/', reference))}"
    return posixpath.normpath(posixpath.join(posixpath.dirname(url.replace("\\", "/")), reference))


def source_file(source: str) -> str:
    """A source's name as people know it: `src/cart.ts`, the same on every machine."""
    name = bare(source)
    if _WEBPACK.match(name):
        name = _WEBPACK.sub("", name)
        # `webpack://project/./src/a.ts`: the project's name says nothing.
        head, found, rest = name.partition("/./")
        if found and "/" not in head:
            name = rest
        elif not name.startswith((".", "/", "(")):
            name = name.partition("/")[2] or name
    elif _SCHEME.match(name):
        name = urlsplit(name).path
    name = name.removeprefix("~").lstrip("/")
    return _LEADING.sub("", name, count=1) or source


def is_library(file: str) -> bool:
    """Whether a source is a dependency's or the bundler's own."""
    return "node_modules/" in file or file.startswith(_LIBRARY)


def module_of(file: str) -> str:
    """`src/cart` of `src/cart.ts`."""
    stem, _ = posixpath.splitext(file)
    return stem
