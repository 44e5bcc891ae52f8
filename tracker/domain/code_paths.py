"""From a frame's path to a file of the repository: by mappings, else by the longest ending.

A mapping is a line `prefix in stacks => prefix in the repository`; the first that leads to
a file wins. Without one, the file whose path ends like the frame's does, if there is only
one such: stacks name `/srv/app/shop/cart.py`, the repository has `backend/shop/cart.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

MOST_MAPPINGS = 100
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:/*(?P<bare>.*))?", re.DOTALL)
_LOCAL = re.compile(r"(?:app|webpack|webpack-internal|file|ng|rollup|turbopack)://", re.IGNORECASE)
_ARROW = re.compile(r"\s*(?:=>|→)\s*")


class PathRule(Struct, frozen=True):
    """A prefix in stacks, and what stands for it in the repository."""

    stack: str
    repo: str

    def __str__(self) -> str:
        return f"{self.stack} => {self.repo}"


class Located(Struct, frozen=True):
    """A file of the repository, and how it was found."""

    path: str
    how: str


class Place(Struct, frozen=True):
    """What a frame says of its file."""

    filename: str = ""
    abs_path: str = ""
    module: str = ""


class Tree:
    """The files of a commit, found by their endings."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._named: dict[str, list[str]] = {}
        self.paths = frozenset(paths)
        for path in self.paths:
            self._named.setdefault(path.rpartition("/")[2], []).append(path)

    def ending(self, path: str) -> str:
        """The one file whose path ends most like this one; "" when none or several do."""
        wanted = path.split("/")
        best, length, alone = "", 0, False
        for candidate in self._named.get(wanted[-1], ()):
            parts = candidate.split("/")
            same = _shared(parts, wanted)
            if same > length:
                best, length, alone = candidate, same, True
            elif same == length:
                alone = False
        if not alone:
            return ""
        # A name alone says nothing, unless one of the two paths is no more than that.
        return best if length >= 2 or length in (len(wanted), best.count("/") + 1) else ""


def _shared(one: Sequence[str], other: Sequence[str]) -> int:
    count = 0
    for left, right in zip(reversed(one), reversed(other), strict=False):
        if left != right:
            break
        count += 1
    return count


def read_rules(text: str) -> tuple[tuple[PathRule, ...], tuple[tuple[int, str], ...]]:
    """The mappings of a text, and (line, what is wrong with it)."""
    rules: list[PathRule] = []
    problems: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        sides = _ARROW.split(line)
        if len(sides) != 2 or not sides[0]:
            problems.append((number, "write “prefix in stacks => prefix in the repository”"))
        elif ".." in sides[1].split("/"):
            problems.append((number, "the prefix in the repository has no .."))
        elif len(rules) >= MOST_MAPPINGS:
            problems.append((number, f"at most {MOST_MAPPINGS} mappings are used"))
        else:
            rules.append(PathRule(_slashes(sides[0]), _slashes(sides[1]).lstrip("/")))
    return tuple(rules), tuple(problems)


def locate(place: Place, tree: Tree, rules: Sequence[PathRule]) -> Located | None:
    """The file of a frame, and how it was found; None when nothing leads to one."""
    named = list(dict.fromkeys(spellings(place)))
    for rule in rules:
        for path in named:
            mapped = apply(rule, path)
            if mapped and mapped in tree.paths:
                return Located(mapped, f"by {rule}")
    for path in named:
        if bare(path) in tree.paths:
            return Located(bare(path), "the same path")
    for path in named:
        found = tree.ending(bare(path))
        if found:
            return Located(found, "the only file that ends like it")
    return None


def apply(rule: PathRule, path: str) -> str:
    """The path in the repository by one mapping; "" when it says nothing of this path."""
    if not path.startswith(rule.stack):
        return ""
    rest = path[len(rule.stack) :]
    if not rule.stack.endswith("/") and not rest.startswith("/"):
        return ""  # `/srv/app` is no prefix of `/srv/application/cart.py`
    joined = f"{rule.repo}/{rest}"
    parts = [part for part in joined.split("/") if part not in ("", ".")]
    return "" if ".." in parts else "/".join(parts)


def spellings(place: Place) -> Iterator[str]:
    """The paths that a frame may mean, the surest first."""
    for text in (place.abs_path, place.filename):
        if text and not text.startswith("<"):
            path = _slashes(text)
            yield path
            cut = bare(path)
            if cut != path:
                yield cut
    yield from _of_module(place)


def _of_module(place: Place) -> Iterator[str]:
    """`com.shop.Orders$1` in `Orders.java`; `shop.orders` without any file."""
    module, name = place.module, _slashes(place.filename)
    if not re.fullmatch(r"[\w.$]+", module or "", re.ASCII):
        return
    package = module.partition("$")[0].split(".")
    if name and "/" not in name and len(package) > 1:
        yield "/".join([*package[:-1], name])
    elif not name:
        yield "/".join(package) + ".py"
        yield "/".join(package) + "/__init__.py"


def bare(path: str) -> str:
    """Without scheme, host, drive, query and leading dots: `src/cart.ts`."""
    found = _SCHEME.match(path)
    if found:
        rest = found["bare"] or ""
        # An address has a host before its path; `app:///` and its kind have none.
        path = rest if _LOCAL.match(path) else rest.partition("/")[2]
    path = re.sub(r"[?#].*", "", path, flags=re.DOTALL)
    path = re.sub(r"^[A-Za-z]:/", "", path)
    parts = [part for part in path.removeprefix("~").split("/") if part not in ("", ".", "..")]
    return "/".join(parts)


def _slashes(text: str) -> str:
    return text.strip().replace("\\", "/")[:2_000]


def place_of(frame: Mapping[str, object]) -> Place:
    """What a stored frame says of its file."""
    texts = [frame.get(key) for key in ("filename", "abs_path", "module")]
    return Place(*(text[:2_000] if isinstance(text, str) else "" for text in texts))
