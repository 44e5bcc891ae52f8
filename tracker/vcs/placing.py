"""Where frames lie in the code of a commit, and what is written there; remembered, since
neither the files of a commit nor their text ever change.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from tracker.domain import code_paths
from tracker.domain.code_paths import Located, PathRule, Place, Tree
from tracker.domain.culprits import Site
from tracker.domain.stack_sites import Called
from tracker.vcs import reading

MOST_TREES = 8
MOST_TEXT = 16 * 1024 * 1024
"""Characters of source that a process remembers."""
MOST_FILES = 10
"""Files whose text one page or task asks for."""

_lock = threading.Lock()
_trees: OrderedDict[tuple[str, str], Tree] = OrderedDict()
_texts: OrderedDict[tuple[str, str, str], tuple[str, ...]] = OrderedDict()
_kept = 0


def tree(folder: Path, sha: str) -> Tree:
    """The files of a commit. Raises GitError."""
    key = (folder.name, sha)
    with _lock:
        known = _trees.get(key)
    if known is None:
        known = Tree(reading.files(folder, sha))
        with _lock:
            _trees[key] = known
            while len(_trees) > MOST_TREES:
                _trees.popitem(last=False)
    return known


def locate(
    folder: Path, sha: str, places: Sequence[Place], rules: Sequence[PathRule]
) -> dict[Place, Located]:
    """The files that frames lie in, of those that are found. Raises GitError."""
    files = tree(folder, sha)
    found = ((place, code_paths.locate(place, files, rules)) for place in dict.fromkeys(places))
    return {place: at for place, at in found if at is not None}


def lines(folder: Path, sha: str, paths: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The lines of at most ten files at a commit. Raises GitError."""
    wanted = list(dict.fromkeys(paths))[:MOST_FILES]
    with _lock:
        known = {path: _texts.get((folder.name, sha, path)) for path in wanted}
    missing = [path for path, text in known.items() if text is None]
    if missing:
        read = reading.contents(folder, sha, missing)
        for path in missing:
            known[path] = tuple(read.get(path, "").split("\n")) if path in read else ()
            _keep((folder.name, sha, path), known[path] or ())
    return {path: text for path, text in known.items() if text}


def _keep(key: tuple[str, str, str], text: tuple[str, ...]) -> None:
    global _kept  # noqa: PLW0603 - the sum of what the dictionary holds
    with _lock:
        if key in _texts:
            return
        _texts[key] = text
        _kept += _weight(text)
        while _kept > MOST_TEXT and len(_texts) > 1:
            _, gone = _texts.popitem(last=False)
            _kept -= _weight(gone)


def _weight(text: tuple[str, ...]) -> int:
    return 200 + sum(60 + len(line) for line in text)


def forget() -> None:
    """Know nothing (other clones lie in other folders' names)."""
    global _kept  # noqa: PLW0603
    with _lock:
        _trees.clear()
        _texts.clear()
        _kept = 0


def sites(
    folder: Path, sha: str, calls: Sequence[Called], rules: Sequence[PathRule]
) -> tuple[Site, ...]:
    """Calls as places in the code, with their lines of source. Raises GitError."""
    found = locate(folder, sha, [call.place for call in calls], rules)
    bare = [call for call in calls if call.place in found and (not call.code or call.weight > 0.5)]
    texts = lines(folder, sha, [found[call.place].path for call in bare])
    made = []
    for call in calls:
        at = found.get(call.place)
        if at is not None:
            text = texts.get(at.path, ())
            here = text[call.line - 1] if call.line and call.line <= len(text) else ""
            code = call.code or here
            made.append(
                Site(at.path, call.line, call.function, call.weight, code, _calls(call, text))
            )
    return tuple(made)


_CALL = re.compile(r"(\w{2,100})\s*\(")


def _calls(call: Called, text: Sequence[str]) -> frozenset[str]:
    """Functions that a call called before it failed, by the lines of its function up to there."""
    if not call.line or call.line > len(text) or not call.function:
        return frozenset()
    found: set[str] = set()
    for line in reversed(text[max(call.line - 40, 0) : call.line]):
        names = set(_CALL.findall(line[:500]))
        if call.function in names:
            break  # where it begins, or calls itself
        found |= names
    return frozenset(found)
