"""What other apps add to the pages of issues: we do not know of them, they know of us.

@aside(order=1)
def tickets(request, issue, access, now) -> str: ...     a block of the detail page's rail

column("decisions_told", expression)                     what the block needs, read with the issue
mark("tickets", expression)                              a column of each issue of the list
bulk_page("ticket", "Make tickets …", view)              a choice of the list's menu
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from tracker.access import Access
from tracker.models import Issue
from tracker.models.issue import IssueQuerySet

Aside = Callable[[HttpRequest, Issue, Access, datetime], str]
BulkView = Callable[[HttpRequest, IssueQuerySet], HttpResponse]
_asides: dict[str, tuple[int, Aside]] = {}
_columns: dict[str, Callable[[], Any]] = {}
_marks: dict[str, Callable[[], Any]] = {}
_pages: dict[str, tuple[str, BulkView]] = {}


def aside(*, order: int = 0) -> Callable[[Aside], Aside]:
    """Register a function that makes a block of the rail, "" for none: at most one query."""

    def register(make: Aside) -> Aside:
        _asides[make.__name__] = (order, make)
        return make

    return register


def asides_of(request: HttpRequest, issue: Issue, access: Access, now: datetime) -> list[str]:
    """All blocks of an issue, in their order."""
    made = sorted(_asides.values(), key=lambda one: one[0])
    return [block for _, make in made if (block := make(request, issue, access, now))]


def column(name: str, expression: Callable[[], Any]) -> None:
    """Register a column that the issue of the detail page is loaded with: no query more."""
    _columns[name] = expression


def with_columns(issues: IssueQuerySet) -> IssueQuerySet:
    """The issues with all such columns."""
    return issues.annotate(**{name: make() for name, make in _columns.items()})


def mark(name: str, expression: Callable[[], Any]) -> None:
    """Register a column that the issues of the list are loaded with: no query more."""
    _marks[name] = expression


def marked(issues: IssueQuerySet) -> IssueQuerySet:
    """The issues with all such columns."""
    return issues.annotate(**{name: make() for name, make in _marks.items()})


def bulk_page(action: str, label: str, view: BulkView) -> None:
    """Register a page that a triager may be led to with the issues that they chose."""
    _pages[action] = (label, view)


def bulk_view(action: str) -> BulkView | None:
    """The page of an action, if there is one."""
    return _pages[action][1] if action in _pages else None


def bulk_choices() -> list[tuple[str, str]]:
    """Actions and their labels for the menu."""
    return [(action, label) for action, (label, _) in _pages.items()]
