"""Saved views beside the environments' names: one query for the menus of the list."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import CharField, F, Q, Value

from tracker.access import Access
from tracker.models import Environment, SavedView

SHOWN = 12
"""Tabs of saved views: each is counted, in the list's one query of counts."""


@dataclass(frozen=True, slots=True)
class View:
    """A saved view, as a tab."""

    id: int
    name: str
    query: str
    sort: str
    is_default: bool
    team_id: int | None

    @property
    def url(self) -> str:
        """All of its state."""
        params = {"q": self.query}
        if self.sort != "last_seen":
            params["sort"] = self.sort
        return "?" + urlencode(params)

    @property
    def key(self) -> str:
        """Its name among counts."""
        return f"saved_{self.id}"


@dataclass(frozen=True, slots=True)
class Menus:
    """What the list's menus are made of."""

    environments: dict[int, str]
    """Names of those that are shown, by id; "" reads as none."""
    known: dict[int, str]
    """The same of all, hidden ones too: searches name them still."""
    views: tuple[View, ...]

    def default(self) -> View | None:
        """What the list opens with: one's own choice, else a team's."""
        chosen = [view for view in self.views if view.is_default]
        return min(chosen, key=lambda view: (view.team_id is not None, view.id), default=None)


def of_person(access: Access) -> Q:
    """The views that a person sees: their own and those of their teams."""
    teams = list(access.roles)
    return Q(owner=access.user) | Q(team__in=teams)


def menus(access: Access) -> Menus:
    """Names of environments, and the person's saved views."""
    environments: Any = Environment.objects.filter(project__in=list(access.projects)).order_by()
    views: Any = SavedView.objects.filter(of_person(access)).order_by()
    nothing = Value("", output_field=CharField())
    rows = environments.values_list(
        Value("environment", output_field=CharField()), F("pk"), F("name"), nothing, nothing,
        F("hidden"), Value(0),
    ).union(
        views.values_list(
            Value("view", output_field=CharField()), F("pk"), F("name"), F("query"), F("sort"),
            F("is_default"), F("team_id"),
        ),
        all=True,
    )  # fmt: skip
    known: dict[int, str] = {}
    hidden = set()
    saved = []
    for kind, pk, name, query, sort, flag, team in rows:
        if kind == "view":
            saved.append(View(pk, name, query, sort, flag, team))
            continue
        known[pk] = name
        if flag:
            hidden.add(pk)
    saved.sort(key=lambda view: (view.team_id is not None, view.name.lower(), view.id))
    shown = [(pk, name) for pk, name in known.items() if pk not in hidden]
    ordered = dict(sorted(shown, key=lambda pair: (pair[1], pair[0])))
    return Menus(ordered, known, tuple(saved[:SHOWN]))
