"""Which commits may have brought an issue: ranked, with reasons, and how sure that is.

The newest commit between the last good and the first bad release that changed the crashing
line itself counts most; then its neighbours and its function, then the same in the calls
that led there; then names that the error speaks of. Positions are carried from the crashing
line back through every commit between, so that a deletion beside it counts as well, which
no blame shows. What only moves or reformats code counts next to nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from msgspec import Struct, field

from tracker.domain.hunks import (
    Change,
    Hunk,
    before,
    changed_names,
    covers,
    defines,
    gap,
    in_function,
    is_cosmetic,
    is_insertion,
    is_new_function,
    is_same_code,
    removes_check,
)
from tracker.domain.stack_sites import names_in
from tracker.domain.suspects import Sure

SHOWN = 5
MANY_FILES = 40
"""Who touches more of them at once was not at this one place."""
_LINE, _REMOVED, _CHECK, _AROUND, _DEFINED, _NEAR = 6.0, 5.0, 4.5, 4.0, 3.6, 3.0
_CALLED, _FUNCTION, _FILE = 2.8, 2.6, 1.0
_WORD, _CODE_WORD, _DEPLOYED = 4.0, 1.5, 0.8
_REWRITTEN, _KEPT = 0.6, 0.85
"""What is left of a signal when a newer commit rewrote the place, or only put code around it."""
_BEHIND, _ELSEWHERE = 0.5, 0.6
"""What is left of a signal behind the line, which had not run but for loops; of one that is near
it in another function."""
_CRASH = 0.85
"""Weight of calls that failed themselves; those that led there have less."""
_LEAD = 1.25


class Patch(Struct, frozen=True):
    """A commit, as far as suspicion goes."""

    sha: str
    author: str
    email: str
    at: datetime
    subject: str
    files: int = 1
    """How many it touched in all."""
    changes: tuple[Change, ...] = ()
    """Of files in the stack; empty hunks where only the files are known."""
    release: str = ""
    """The release that brought it, where several lie between."""


class Site(Struct, frozen=True):
    """A call of the stack, as a place in the code of the first bad release."""

    path: str
    line: int | None
    function: str = ""
    weight: float = 1.0
    code: str = ""
    calls: frozenset[str] = frozenset()
    """Functions that it calls before it fails."""


class Case(Struct, frozen=True):
    """What is known beside the code."""

    words: frozenset[str] = frozenset()
    """Names that the error speaks of."""
    suspect_release: str = ""
    """Of the suspect deploy."""
    people: Mapping[str, int] = {}
    """Who is active in the project here: ids by mail address, lower-case."""
    bounded: bool = True
    """Whether both ends of the range are known."""


class Culprit(Struct, frozen=True):
    """A suspected commit."""

    sha: str
    author: str
    email: str
    at: datetime
    subject: str
    sure: Sure
    score: float
    reasons: tuple[str, ...]
    release: str = ""
    user: int | None = None
    """Who its author is here."""


class Touched(Struct, frozen=True):
    """Who last wrote a line of the stack."""

    path: str
    line: int
    sha: str
    author: str
    email: str
    at: datetime
    subject: str
    inside: bool = False
    """It lies between the last good and the first bad release."""


class Found(Struct, frozen=True):
    """What is kept of an issue."""

    culprits: tuple[Culprit, ...] = ()
    touched: tuple[Touched, ...] = ()
    repository: int | None = None
    good: str = ""
    bad: str = ""
    looked: int = 0
    """Commits that were looked at."""
    why: str = ""
    """Why there is no suspect, or what limits the answer."""


class _Evidence(Struct):
    """What speaks against one commit."""

    signals: list[float] = field(default_factory=list)
    reasons: dict[str, float] = field(default_factory=dict)
    place: float = 0.0
    """The strongest signal of where it changed something, at the crash itself."""
    wrote: bool = False
    """It wrote the crashing line itself."""
    beside: int = 0
    """How many things of other kinds agree."""

    def add(self, signal: float, reason: str) -> None:
        """Note a signal."""
        self.signals.append(signal)
        self.reasons[reason] = max(self.reasons.get(reason, 0.0), signal)


_Book = dict[str, _Evidence]


def rank(sites: Sequence[Site], patches: Sequence[Patch], case: Case) -> tuple[Culprit, ...]:
    """The suspects, the first the likeliest. `patches` come newest first."""
    evidence: _Book = {}
    for site in sites:
        _walk(site, patches, case, evidence)
    suspects = [patch for patch in patches if patch.sha in evidence]
    _speak(suspects, sites, case, evidence)
    _deployed(suspects, case, evidence)
    scored = [
        (_score(patch, place, len(suspects), case, evidence[patch.sha]), patch)
        for place, patch in enumerate(suspects)
    ]
    scored.sort(key=lambda one: -one[0])  # stable: of two alike the newer
    return tuple(
        _culprit(place, scored, evidence[patch.sha], case)
        for place, (_, patch) in enumerate(scored[:SHOWN])
    )


# --- Where each commit touched the way to the crash ------------------------------------------


def _walk(site: Site, patches: Sequence[Patch], case: Case, evidence: _Book) -> None:
    """Carry a place from the release back through all commits, and note who touched it."""
    path, line, faith = site.path, site.line, 1.0
    redefined: set[str] = set()
    for patch in patches:
        change = next((one for one in patch.changes if one.path == path), None)
        if change is None:
            continue
        note = evidence.setdefault(patch.sha, _Evidence())
        signal, reason, name = _touch(change, line, site, case, redefined, faith)
        note.add(signal * site.weight, reason)
        if site.weight >= _CRASH:
            note.place = max(note.place, signal)
            note.wrote = note.wrote or any(covers(hunk, line) for hunk in change.hunks)
        elif signal >= _LINE:
            note.beside += 1
        redefined |= {name} - {""}
        if line is not None:
            line, wrote = before(change.hunks, line)
            if wrote is not None and not is_same_code(wrote, path):
                # Whoever wrote it anew, and not only around it, takes faith from older hands.
                faith *= _KEPT if is_insertion(wrote) else _REWRITTEN
        if change.was and change.was != path:
            path = change.was
        elif not change.was and change.hunks:
            return  # it is new in this commit


def _touch(
    change: Change, line: int | None, site: Site, case: Case, redefined: AbstractSet[str],
    faith: float,
) -> tuple[float, str, str]:  # fmt: skip
    """The strongest thing a commit did to a place, in words; the name that it gave a value."""
    what = "the crashing line" if site.weight >= _CRASH else "a line of the stack"
    name = change.path.rpartition("/")[2]
    there = f"{what} ({name}:{site.line})"
    best, defined = (_FILE, f"touches {name}, which is in the stack"), ""
    used = names_in(site.code) if site.weight >= _CRASH else frozenset()
    for hunk in change.hunks:
        if is_same_code(hunk, change.path):
            continue
        if line is not None:
            signal, reason = _by_line(hunk, line, there, case)
            elsewhere = hunk.section and site.function and not in_function(hunk, site.function)
            apart = _ELSEWHERE if elsewhere and not covers(hunk, line) else 1.0
            best = max(best, (signal * faith * apart, reason))
        if site.function and in_function(hunk, site.function):
            ahead = line is None or gap(hunk, line) > 0
            if ahead and removes_check(hunk):
                best = max(best, (_CHECK, f"removed a check from {site.function}"))
            behind = _BEHIND if line is not None and gap(hunk, line) < 0 else 1.0
            reason = f"changed {site.function}, which is in the stack"
            best = max(best, (_FUNCTION * behind, reason))
        called = next((one for one in sorted(site.calls) if in_function(hunk, one)), "")
        if called:
            best = max(best, (_CALLED, f"changed {called}, which the failing function calls"))
        named = defines(hunk, used)
        if named and not covers(hunk, line) and named not in redefined:
            best = max(best, (_DEFINED, f"changed {named}, which the crashing line uses"))
            defined = named
    return *best, defined


def _by_line(hunk: Hunk, line: int, there: str, case: Case) -> tuple[float, str]:
    """What a hunk means for a line by how near it is."""
    away = gap(hunk, line)
    if covers(hunk, line):
        # Code that is all still there failed before, unless what came is what the error names.
        kept = is_insertion(hunk) and not changed_names(hunk) & case.words
        return (_AROUND if kept else _LINE), f"changed {there}"
    if is_new_function(hunk):
        return 0.0, ""
    behind = _BEHIND if away < 0 else 1.0
    if abs(away) <= 1:
        if not hunk.new_lines:
            return _REMOVED * behind, f"removed lines beside {there}"
        return _NEAR * behind, f"changed a line beside {there}"
    return (_NEAR - 0.5) * behind if abs(away) <= 4 else 0.0, f"changed lines near {there}"


# --- Names that the error speaks of ------------------------------------------------------------


def _speak(suspects: Sequence[Patch], sites: Sequence[Site], case: Case, evidence: _Book) -> None:
    """A name of the error that few commits touched points to those."""
    lines = [site.code for site in sites if site.weight >= _CRASH]
    code = frozenset(name for line in lines for name in names_in(line)) - case.words
    said = {patch.sha: _changed(patch) for patch in suspects}
    for words, signal, what in (
        (case.words, _WORD, "the error"), (code, _CODE_WORD, "the crashing line"),
    ):  # fmt: skip
        often = Counter(word for found in said.values() for word in found & words)
        for sha, found in said.items():
            shared = found & words
            if shared and not (what != "the error" and evidence[sha].wrote):
                word = min(shared, key=lambda one: (often[one], one))
                evidence[sha].add(signal / often[word], f"changed “{word[:40]}”, as in {what}")
                evidence[sha].beside += what == "the error" and often[word] <= 2


def _changed(patch: Patch) -> frozenset[str]:
    return frozenset(
        name
        for change in patch.changes
        for hunk in change.hunks
        if not is_same_code(hunk, change.path)
        for name in changed_names(hunk)
    )


def _deployed(suspects: Sequence[Patch], case: Case, evidence: _Book) -> None:
    """What came with the suspect deploy, where not everything did."""
    came = [patch.sha for patch in suspects if patch.release == case.suspect_release != ""]
    for sha in came:
        evidence[sha].reasons["came with the suspect deploy"] = _DEPLOYED
        if len(came) < len(suspects):
            evidence[sha].add(_DEPLOYED, "came with the suspect deploy")
            evidence[sha].beside += 1


# --- Weighing ----------------------------------------------------------------------------------


def _score(patch: Patch, place: int, among: int, case: Case, found: _Evidence) -> float:
    signals = sorted(found.signals, reverse=True)
    score = signals[0] + 0.35 * sum(signals[1:4])
    known = [change for change in patch.changes if change.hunks or change.was != change.path]
    if known and all(is_cosmetic(change) for change in patch.changes):
        score *= 0.15
        found.place, found.beside = 0.0, 0
        found.reasons["only moves or reformats code"] = 0.0
    if patch.files > MANY_FILES:
        score *= 0.75
        found.reasons[f"touches {patch.files} files at once"] = 0.0
    if patch.email.lower() in case.people:
        score += 0.1
        found.reasons["its author is active here"] = 0.1
    return score + 0.6 * (among - place) / max(among, 1)


def _culprit(
    place: int, scored: Sequence[tuple[float, Patch]], found: _Evidence, case: Case
) -> Culprit:
    score, patch = scored[place]
    next_best = scored[place + 1][0] if place + 1 < len(scored) else 0.0
    sure = Sure.UNLIKELY
    if found.place > _FILE or found.beside or len(scored) == 1:
        sure = Sure.POSSIBLE
    leads = place == 0 and score >= _LEAD * next_best
    # One weak signal is never enough: the place itself, and something of another kind.
    if leads and case.bounded and found.place >= _NEAR and (found.beside or len(scored) == 1):
        sure = Sure.LIKELY
    reasons = sorted(found.reasons, key=lambda reason: -found.reasons[reason])
    return Culprit(
        patch.sha, patch.author, patch.email, patch.at, patch.subject, sure, round(score, 2),
        tuple(reasons[:4]), patch.release, case.people.get(patch.email.lower()),
    )  # fmt: skip
