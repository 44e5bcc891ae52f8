"""What a commit did to a file, line by line: where, and whether it changed any code at all."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from msgspec import Struct

_INDENTED = (".py", ".yml", ".yaml", ".coffee", ".haml", ".pug")
_HEAD = re.compile(
    r"\s*(?:export |public |private |protected |static |async |pub |inline |final |abstract )*"
    r"(?:def|func|fn|function|sub|class|interface|module|void)\b"
)
_REMARK = re.compile(r"""\s*(?:\#(?!\[|!|include)|//|/?\*(?:\s|/|$)|--\s|[rbu]*(?:\"{3}|'{3}))""")

_CHECK = re.compile(
    r"\b(?:if|unless|guard|elif|try|except|catch|rescue|assert|default|require)\b"
    r"|\?\?|\?\.|\|\||\.get\("
)


class Hunk(Struct, frozen=True):
    """Neighbouring lines that a commit changed."""

    old: int
    old_lines: int
    new: int
    new_lines: int
    section: str = ""
    """The line of the function that it lies in."""
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


class Change(Struct, frozen=True):
    """What a commit did to one file."""

    path: str
    was: str = ""
    """Its path before; "" when it is new."""
    hunks: tuple[Hunk, ...] = ()
    """None where only the file is known."""


# --- Where -------------------------------------------------------------------------------------


def gap(hunk: Hunk, line: int) -> int:
    """Lines from a hunk to a place after it: 0 inside, below 0 where the hunk lies behind it."""
    if not hunk.new_lines:  # lines went after hunk.new
        return line - hunk.new if line > hunk.new else hunk.new - line - 1 or -1
    last = hunk.new + hunk.new_lines - 1
    return line - last if line > last else min(line - hunk.new, 0)


def before(hunks: Iterable[Hunk], line: int) -> tuple[int, Hunk | None]:
    """Where a line was before a commit, and the hunk that wrote it, if the commit did."""
    shift = 0
    for hunk in hunks:
        last = hunk.new + hunk.new_lines - 1
        if hunk.new_lines and hunk.new <= line <= last:
            inside = min(line - hunk.new, max(hunk.old_lines - 1, 0))
            return max(hunk.old + inside, 1), hunk
        if line > last if hunk.new_lines else line > hunk.new:
            shift += hunk.new_lines - hunk.old_lines
    return max(line - shift, 1), None


def covers(hunk: Hunk, line: int | None) -> bool:
    """Whether a commit wrote a line."""
    return line is not None and hunk.new <= line < hunk.new + hunk.new_lines


def in_function(hunk: Hunk, function: str) -> bool:
    """Whether a hunk lies in a function, or begins one of this name."""
    name = re.escape(function)
    named = re.compile(
        rf"(?<![.\w]){name}\s*[(<:=]|\.{name}\s*=(?!=)"
        rf"|\b(?:def|sub|func|fn|function|class)\s+(?:self\.)?{name}\b"
    )
    # A new function beside one is told as if it were inside.
    if named.search(hunk.section) and not is_new_function(hunk):
        return True
    texts = (*hunk.added, *hunk.removed)
    return any(named.search(t) and (_HEAD.match(t) or t.rstrip().endswith("{")) for t in texts)


# --- What --------------------------------------------------------------------------------------


def is_cosmetic(change: Change) -> bool:
    """Whether a commit only moved, wrapped, quoted or commented a file's lines."""
    if not change.hunks:
        return bool(change.was) and change.was != change.path
    return all(is_same_code(hunk, change.path) for hunk in change.hunks)


def is_same_code(hunk: Hunk, path: str) -> bool:
    """Whether lines were wrapped, quoted or commented, and mean what they meant."""
    added = [line for line in hunk.added if not is_remark(line)]
    removed = [line for line in hunk.removed if not is_remark(line)]
    stripped = [line.strip() for line in added]
    if path.endswith(_INDENTED) and stripped and stripped == [line.strip() for line in removed]:
        return added == removed  # there, indentation is code
    return _squeezed(added) == _squeezed(removed)


def is_remark(line: str) -> bool:
    """Whether a line is empty or words for people."""
    return not line.strip() or bool(_REMARK.match(line))


def is_new_function(hunk: Hunk) -> bool:
    """Whether a hunk only adds functions or classes beside what was there."""
    code = [line for line in hunk.added if not is_remark(line) and line.strip()[:1] != "@"]
    return not hunk.removed and bool(code) and bool(_HEAD.match(code[0]))


def is_insertion(hunk: Hunk) -> bool:
    """Whether all code that was there is still there, in its order, with more around it."""
    old, new = _tokens(hunk.removed), iter(_tokens(hunk.added))
    return bool(old) and all(token in new for token in old)


def removes_check(hunk: Hunk) -> bool:
    """Whether a commit took away more conditions, guards and handlers than it put there."""
    gone = sum(1 for line in hunk.removed if _CHECK.search(line) and not is_remark(line))
    return gone > sum(1 for line in hunk.added if _CHECK.search(line) and not is_remark(line))


def changed_names(hunk: Hunk) -> frozenset[str]:
    """Names that came, went or changed their number; all of them when none did."""
    added, removed = Counter(_names(hunk.added)), Counter(_names(hunk.removed))
    moved = {name for name in added | removed if added[name] != removed[name]}
    return frozenset(moved or added | removed)


def defines(hunk: Hunk, names: frozenset[str]) -> str:
    """The first of these names that a commit gave another value; "" when none."""
    for text in (*hunk.added, *hunk.removed):
        found = re.match(
            r"\s*(?:(?:const|let|var|val|static|final|self\.|this\.|@)\s*)*"
            r"([A-Za-z_]\w*)\s*(?::[^=]+)?(?::=|=(?!=))",
            text,
        )
        if found and found[1] in names:
            return found[1]
    return ""


def _tokens(lines: Sequence[str]) -> list[str]:
    return [t for line in lines[:50] if not is_remark(line)
            for t in re.findall(r"\w+|[^\w\s]", line[:500])]  # fmt: skip


def _names(lines: Iterable[str]) -> list[str]:
    return [name for line in lines if not is_remark(line)
            for name in re.findall(r"[A-Za-z_]\w{1,60}", line[:500])]  # fmt: skip


def _squeezed(lines: Iterable[str]) -> str:
    return re.sub(r"[\s,;()\\]+", "", "".join(lines)).replace('"', "'")
