"""The issue list: a query in the address, chips that write into it, one page by keyset."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.safestring import SafeString

from tracker import readers
from tracker.access import Access
from tracker.asides import marked
from tracker.charts import sparkline
from tracker.domain.search import KEYS, LEVELS, Query, SearchError, parse
from tracker.domain.trends import HOUR, floor_to, series
from tracker.models import Issue, Role
from tracker.models.issue import IssueQuerySet
from tracker.saved_views import Menus, View
from tracker.search import condition

PAGE = 25
DEFAULT = "is:unresolved"
PRIORITY_NAMES = ("high", "medium", "low", "computed")
VIEWS: dict[str, tuple[str, str]] = {
    "unresolved": ("Unresolved", "is:unresolved"),
    "review": ("For review", "is:for_review"),
    "mine": ("Mine", "is:unresolved assigned:me"),
    "teams": ("My teams", "is:unresolved owner:me"),
    "regressed": ("Regressed", "is:regressed"),
    "snoozed": ("Snoozed", "is:snoozed"),
    "impact": ("High impact", "is:unresolved users:>=50"),
    "resolved": ("Resolved", "is:resolved"),
}
SORT_LABELS = {
    "last_seen": "Last seen", "first_seen": "First seen", "events": "Events", "users": "Users",
    "priority": "Priority", "trend": "Getting worse",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a chip's menu."""

    label: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter: its present value and what else it could be."""

    name: str
    value: str
    choices: tuple[Choice, ...]

    @property
    def is_set(self) -> bool:
        """Whether it narrows the list."""
        return self.value != "any"


@dataclass(frozen=True, slots=True)
class Row:
    """One issue, as the list shows it."""

    issue: Issue
    short_id: str
    project: str
    environments: tuple[str, ...]
    more_environments: int
    badge: str
    spark: SafeString
    sort_value: str


@dataclass(frozen=True, slots=True)
class ListState:
    """All of the page's state, as the address holds it."""

    text: str
    query: Query
    error: str
    sort: str
    cursor: readers.Cursor | None

    @classmethod
    def read(cls, params: QueryDict) -> "ListState":
        """From the address. A query that can't be read is shown with its error, never ignored."""
        text = params.get("q", DEFAULT)
        sort = params.get("sort", "last_seen")
        cursor = readers.Cursor.read(params.get("older", ""), params.get("newer", ""))
        try:
            query, error = parse(text), ""
        except SearchError as problem:
            query, error = Query(), str(problem)
        return cls(text, query, error, sort if sort in readers.SORTS else "last_seen", cursor)

    def url(self, query: Query | str | None = None, **changes: str) -> str:
        """The address of this list with another query, order or place."""
        params = {"q": self.text if query is None else str(query)}
        if self.sort != "last_seen":
            params["sort"] = self.sort
        params.update(changes)
        return "?" + urlencode(params)


def found_by(
    state: ListState, access: Access, now: datetime, environments: dict[int, str] | None = None
) -> tuple[IssueQuerySet, str]:
    """The issues that the query finds among the user's, and what is wrong with it."""
    visible = access.issues().live()
    if state.error:
        return visible.none(), state.error
    try:
        return visible.filter(condition(state.query, access.user, now, environments)), ""
    except SearchError as problem:
        return visible.none(), str(problem)


def list_context(state: ListState, access: Access, now: datetime, shelf: Menus) -> dict[str, Any]:
    """Everything the page shows; three queries beyond the menus and the user's roles."""
    found, error = found_by(state, access, now, shelf.known)
    environments = shelf.environments
    page = readers.issue_page(
        marked(found), state.sort, state.cursor, PAGE, any_status=not state.query.of("is")
    )
    return {
        "state": state,
        "error": error,
        "search_keys": KEYS.values(),
        "calm": all(term.key in ("is", "assigned", "owner") for term in state.query.terms),
        "rows": _rows(page.issues, access, environments, state.sort, now),
        "tabs": _tabs(state, access, now, shelf),
        "saved_here": next((v for v in shelf.views if is_at(v, state)), None),
        "view_teams": [t for t in access.assignees().teams if access.has(Role.TRIAGER, t.pk)],
        "chips": _chips(state, access, environments),
        "sorts": _sorts(state),
        "headers": {name: (state.url(sort=name), name == state.sort) for name in readers.SORTS},
        "older_url": state.url(older=page.older) if page.older else "",
        "newer_url": state.url(newer=page.newer) if page.newer else "",
        "first_url": state.url() if state.cursor else "",
        "assignees": access.assignees(),
        "priorities": PRIORITY_NAMES,
        "can_triage": access.has(Role.TRIAGER),
        "silent_projects": [p for p in access.projects.values() if p.first_event_at is None],
        "has_projects": bool(access.projects),
        "live_url": "live/" + state.url() if not state.cursor and not error else "",
        "newest": page.issues[0].last_seen.isoformat() if page.issues else now.isoformat(),
    }


def _rows(
    issues: Iterable[Issue], access: Access, names: dict[int, str], sort: str, now: datetime
) -> list[Row]:
    issues = list(issues)
    hours = readers.hourly(issues, floor_to(now, HOUR) - 23 * HOUR)
    rows = []
    for issue in issues:
        issue.project = access.projects[issue.project_id]  # loaded already
        seen_in = [
            names[number] or "no environment" for number in issue.environments if number in names
        ]
        rows.append(Row(
            issue, issue.short_id, issue.project.name, tuple(seen_in[:3]), len(seen_in[3:]),
            badge(issue), sparkline(series(hours.get(issue.pk, {}), now, HOUR, 24)),
            readers.Cursor.write(issue, sort),
        ))  # fmt: skip
    return rows


def badge(issue: Issue) -> str:
    """The state in a word, or "" for what is merely going on."""
    if issue.status != Issue.Status.UNRESOLVED:
        return str(issue.status)
    return "" if issue.substatus == Issue.Substatus.ONGOING else str(issue.substatus)


def _tabs(state: ListState, access: Access, now: datetime, shelf: Menus) -> list[dict[str, Any]]:
    """Tabs of all views, ours and saved ones, with what each finds; one query."""
    visible = access.issues().live()
    texts = {name: text for name, (_, text) in VIEWS.items() if name != "resolved"}
    texts |= {view.key: view.query for view in shelf.views}
    counted = {}
    for name, text in texts.items():
        # A saved view may name somebody who has left: it shows its error when it is opened.
        with suppress(SearchError):
            counted[name] = visible.filter(condition(parse(text), access.user, now, shelf.known))
    counts = readers.bounded_counts(access.user, counted)
    ours = [
        {
            "label": label, "url": state.url(text), "active": state.text.strip() == text,
            "count": counts.get(name),
        }
        for name, (label, text) in VIEWS.items()
    ]  # fmt: skip
    return ours + [
        {
            "label": view.name, "url": view.url, "active": is_at(view, state), "saved": True,
            "count": counts.get(view.key), "team": view.team_id is not None,
        }
        for view in shelf.views
    ]  # fmt: skip


def is_at(view: View, state: ListState) -> bool:
    """Whether the page shows this saved view."""
    return state.text.strip() == view.query.strip() and state.sort == view.sort


def _chips(state: ListState, access: Access, environments: dict[int, str]) -> list[Chip]:
    query = state.query
    names = sorted({name or "none" for name in environments.values()})[:50]
    status = next((t.value for t in query.of("is") if t.value in STATUS_CHOICES), "any")
    statuses = tuple(
        Choice(s.replace("_", " "), state.url(query.with_state(s)), s == status)
        for s in STATUS_CHOICES
    )
    people = access.assignees()
    owners = ["me", "none", *(u.get_username() for u in people.users if u != access.user)]
    owners += [f"#{team.slug}" for team in people.teams]
    chips = [
        Chip("Status", status.replace("_", " "),
             (Choice("any", state.url(query.with_state("")), status == "any"), *statuses)),
        _chip(state, "Environment", "env", names),
        _chip(state, "Level", "level", list(reversed(LEVELS)), ">="),
        _chip(state, "Project", "project", [p.slug for p in access.projects.values()][:100]),
        _chip(state, "Assignee", "assigned", owners[:60]),
    ]  # fmt: skip
    chips = [chip for chip in chips if len(chip.choices) > 2 or chip.is_set]
    return [*chips, _period(state)]


PERIODS = (
    ("any time", ""), ("last hour", "-1h"), ("last 24 h", "-24h"), ("last 7 days", "-7d"),
    ("last 30 days", "-30d"),
)  # fmt: skip


def _period(state: ListState) -> Chip:
    """When it was last seen."""
    present = ", ".join(v for term in state.query.of("seen") for v in term.values)
    choices = tuple(
        Choice(label, state.url(state.query.with_term("seen", span)), span == present)
        for label, span in PERIODS
    )
    label = next((choice.label for choice in choices if choice.active), present)
    return Chip("Seen", label if present else "any", choices)


STATUS_CHOICES = ("unresolved", "new", "ongoing", "escalating", "regressed", "for_review",
                  "snoozed", "resolved")  # fmt: skip


def _chip(state: ListState, name: str, key: str, values: list[str], op: str = "=") -> Chip:
    present = state.query.of(key)
    value = ", ".join(v for term in present for v in term.values) if present else "any"
    if present and (op != "=" and present[0].op == op):
        value = f"{value}+"
    choices = [Choice("any", state.url(state.query.with_term(key, "")), not present)]
    for text in values:
        label = f"{text} and above" if op == ">=" and text != "fatal" else text
        active = any(text in term.values for term in present)
        choices.append(Choice(label, state.url(state.query.with_term(key, text, op)), active))
    return Chip(name, value, tuple(choices))


def _sorts(state: ListState) -> list[Choice]:
    return [
        Choice(label, state.url(sort=name), name == state.sort)
        for name, label in SORT_LABELS.items()
    ]
