"""What a change of rules would do to events that are already here, before it is saved."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from msgspec import Struct

from tracker.domain.event import Event
from tracker.domain.grouping import CURRENT, Keys, keys_of
from tracker.domain.grouping.resolve import Known, apply, resolve
from tracker.domain.grouping.rules import Rules
from tracker.domain.titles import title_of

MOST_SHOWN = 50
"""Splits and joins that are told of each kind, largest first."""


class Change(Struct, frozen=True):
    """A group that splits, or that several groups join into."""

    title: str
    """Of its first event."""
    sizes: tuple[int, ...]
    """Events in each part, largest first."""
    titles: tuple[str, ...]
    """Of the first event of each part, in the same order."""
    firsts: tuple[int, ...]
    """Places of those first events among all."""


class Preview(Struct, frozen=True):
    """The groups of some events under two sets of rules."""

    events: int
    before: int
    """Groups under the old rules."""
    after: int
    """Groups under the new rules."""
    moved: int
    """Events whose group gains or loses others."""
    splits: tuple[Change, ...] = ()
    joins: tuple[Change, ...] = ()


class Seen(Struct, frozen=True):
    """One event with its keys under both sets of rules; all that a preview needs of it."""

    title: str
    culprit: str
    before: Keys
    after: Keys


def look(event: Event, before: Rules, after: Rules, version: str = CURRENT) -> Seen:
    """What a preview keeps of an event."""
    about = title_of(event)
    keys = keys_of(event, version, before), keys_of(event, version, after)
    return Seen(about.title, about.culprit, *keys)


def regroup(stream: Iterable[Keys]) -> list[int]:
    """The group of each event, had they arrived in this order in an empty project."""
    known: dict[bytes, Known] = {}
    found: list[int] = []
    joined: dict[int, int] = {}
    issues = 0
    for keys in stream:
        verdict = resolve(keys, known)
        issue = verdict.issue
        if issue is None:
            issue = issues = issues + 1
        apply(verdict, issue, known)
        if verdict.varies:
            joined.update(dict.fromkeys(known[verdict.varies].members, issue))
        found.append(issue)
    return [joined.get(issue, issue) for issue in found]


def preview(
    events: Iterable[Event], before: Rules, after: Rules, version: str = CURRENT
) -> Preview:
    """Compare the groups of `events`, in the order of their arrival, under two sets of rules."""
    return compare([look(event, before, after, version) for event in events])


def compare(seen: Sequence[Seen]) -> Preview:
    """The same of events that were looked at one by one."""
    old, new = regroup(one.before for one in seen), regroup(one.after for one in seen)
    old_titles = [one.before.title or one.title for one in seen]
    new_titles = [one.after.title or one.title for one in seen]
    splits, split_events = _parted(old, new, old_titles, new_titles)
    joins, joined_events = _parted(new, old, new_titles, old_titles)
    return Preview(
        events=len(seen),
        before=len(set(old)),
        after=len(set(new)),
        moved=len(split_events | joined_events),
        splits=splits,
        joins=joins,
    )


def _parted(
    whole: Sequence[int],
    parts: Sequence[int],
    whole_titles: Sequence[str],
    part_titles: Sequence[str],
) -> tuple[tuple[Change, ...], set[int]]:
    """The groups of `whole` that lie in several of `parts`, and the places of their events."""
    inside: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for place, (group, part) in enumerate(zip(whole, parts, strict=True)):
        inside[group][part].append(place)
    changes: list[Change] = []
    touched: set[int] = set()
    for found in inside.values():
        if len(found) < 2:
            continue
        places = sorted(found.values(), key=lambda one: (-len(one), one[0]))
        first = min(one[0] for one in places)
        sizes = tuple(len(one) for one in places)
        firsts = tuple(one[0] for one in places)
        titles = tuple(part_titles[place] for place in firsts)
        changes.append(Change(whole_titles[first], sizes, titles, firsts))
        touched.update(place for one in places for place in one)
    changes.sort(key=lambda change: -sum(change.sizes))
    return tuple(changes[:MOST_SHOWN]), touched
