"""How a project groups: its rules, with history and undo, and its version.

GroupingError
├── BadRules        a text can't be read: line and sentence
├── RulesChanged    somebody saved meanwhile
├── NoSuchRevision
└── NothingNewer    the project has the newest version already
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from tracker.actions.activity import Entry, write_activity
from tracker.domain.grouping import NO_RULES, Rules, newer_than
from tracker.domain.grouping.rules import (
    RuleError,
    parse_fingerprint_rules,
    parse_stack_rules,
    rules_of,
)
from tracker.models import ActivityKind, GroupingRules, Project, User

MOST_TEXT = 60_000
"""Characters of one text: a hundred rules of the longest, and words about them."""

log = structlog.get_logger(__name__)


class GroupingError(Exception):
    """Base of what goes wrong here; `str()` is for the page."""


class BadRules(GroupingError):
    """A text can't be read; `problems` holds a sentence per text."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("The rules can't be read.")
        self.problems = problems


class RulesChanged(GroupingError):
    """Somebody saved after the page was loaded."""


class NoSuchRevision(GroupingError):
    """A revision that the project never had."""


class NothingNewer(GroupingError):
    """There is no newer version than the project's."""


# -- rules ----------------------------------------------------------------------

_compiled: dict[int, tuple[int, Rules]] = {}


def current(project_ids: Collection[int]) -> dict[int, Rules]:
    """The compiled rules of those projects that have some; one query.

    A revision is compiled once a process, so that what it remembers of frames stays.
    """
    found = {}
    for row in GroupingRules.objects.current(project_ids):
        known = _compiled.get(row.project_id)
        if known is None or known[0] != row.pk:
            known = _compiled[row.project_id] = (row.pk, _compile(row))
        if known[1] is not NO_RULES:
            found[row.project_id] = known[1]
    return found


def _compile(row: GroupingRules) -> Rules:
    try:
        rules = rules_of(row.fingerprint_rules, row.stack_rules)
    except RuleError as error:  # saved by another release: events are worth more than rules
        log.error("grouping rules left out", project=row.project_id, error=str(error))
        return NO_RULES
    return rules if rules.fingerprints or rules.stack else NO_RULES


def problems(fingerprint_rules: str, stack_rules: str) -> dict[str, str]:
    """What is wrong with the texts, a sentence per text; empty when both can be saved."""
    found = {}
    for name, text, parse in (
        ("fingerprint_rules", fingerprint_rules, parse_fingerprint_rules),
        ("stack_rules", stack_rules, parse_stack_rules),
    ):
        if len(text) > MOST_TEXT:
            found[name] = f"Longer than {MOST_TEXT:,} characters; remove some."
            continue
        try:
            parse(text)
        except RuleError as error:
            found[name] = str(error)
    return found


def save(
    project: Project,
    fingerprint_rules: str,
    stack_rules: str,
    actor: User | None,
    now: datetime,
    base: int,
) -> GroupingRules | None:
    """Make a new revision; None when the texts are what they were.

    `base` is the number of the revision that was edited (0: none).
    Raises BadRules, RulesChanged.
    """
    texts = _tidied(fingerprint_rules), _tidied(stack_rules)
    found = problems(*texts)
    if found:
        raise BadRules(found)
    with transaction.atomic():
        latest = _locked_latest(project)
        if base != (latest.number if latest else 0):
            raise RulesChanged(
                "Somebody saved other rules meanwhile. Yours are still below: compare them with "
                "the history, then save again."
            )
        return _revise(project, latest, texts, actor, now, None)


def restore(
    project: Project, number: int, actor: User | None, now: datetime
) -> GroupingRules | None:
    """Bring an earlier revision back as a new one (0: no rules at all); None when it holds now.

    Raises NoSuchRevision, BadRules.
    """
    old = GroupingRules.objects.filter(project=project, number=number).first()
    if old is None and number != 0:
        raise NoSuchRevision("The project never had this revision.")
    texts = (old.fingerprint_rules, old.stack_rules) if old else ("", "")
    found = problems(*texts)
    if found:
        raise BadRules(found)
    with transaction.atomic():
        return _revise(project, _locked_latest(project), texts, actor, now, number)


def _tidied(text: str) -> str:
    """Lines end as they do here, and nothing hangs on at the end."""
    lines = text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _locked_latest(project: Project) -> GroupingRules | None:
    Project.objects.select_for_update(no_key=True).get(pk=project.pk)
    return GroupingRules.objects.current([project.pk]).first()


def _revise(
    project: Project,
    latest: GroupingRules | None,
    texts: tuple[str, str],
    actor: User | None,
    now: datetime,
    restored: int | None,
) -> GroupingRules | None:
    if texts == ((latest.fingerprint_rules, latest.stack_rules) if latest else ("", "")):
        return None
    row = GroupingRules.objects.create(
        project=project, number=latest.number + 1 if latest else 1, fingerprint_rules=texts[0],
        stack_rules=texts[1], author=actor, created_at=now, restored=restored,
    )  # fmt: skip
    data: dict[str, Any] = {"revision": row.number, "restored": restored}
    write_activity([_entry(project, ActivityKind.RULES_CHANGED, actor, now, data)])
    return row


# -- version --------------------------------------------------------------------


def upgrade(project: Project, actor: User | None, now: datetime) -> str:
    """Pin the newest version of grouping; returns its name.

    Issues stay whole: the digest looks events up by their older keys where the new ones are
    not known yet. Raises NothingNewer.
    """
    with transaction.atomic():
        row = Project.objects.select_for_update(no_key=True).get(pk=project.pk)
        old, new = row.grouping_version, newer_than(row.grouping_version)
        if not new:
            raise NothingNewer(f"The project groups by {old}, the newest version, already.")
        row.previous_grouping_versions = [
            old, *(name for name in row.previous_grouping_versions if name not in (old, new)),
        ]  # fmt: skip
        row.grouping_version = new
        row.save(update_fields=["grouping_version", "previous_grouping_versions"])
        data = {"from": old, "to": new}
        write_activity([_entry(row, ActivityKind.GROUPING_UPGRADED, actor, now, data)])
    return new


def _entry(
    project: Project, kind: str, actor: User | None, now: datetime, data: dict[str, Any]
) -> Entry:
    return Entry(project.pk, None, kind, now, data, actor.pk if actor else None)
