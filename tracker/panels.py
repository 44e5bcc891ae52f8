"""What other apps add to a project's overview: they know of ingest and alerts, we do not.

@panel("Ingest", order=1)
def ingest(project_id: int, now: datetime) -> Panel: ...
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString


@dataclass(frozen=True, slots=True)
class Panel:
    """A template and what it shows."""

    template: str
    context: dict[str, Any] = field(default_factory=dict)
    banners: tuple[str, ...] = ()
    """Warnings for the top of the page."""

    @property
    def rendered(self) -> SafeString:
        """As it stands on the page."""
        return render_to_string(self.template, self.context)


Make = Callable[[int, datetime], Panel]
_panels: dict[str, tuple[int, Make]] = {}


def panel(name: str, *, order: int = 0) -> Callable[[Make], Make]:
    """Register a function that makes a panel of a project: at most three indexed queries."""

    def register(make: Make) -> Make:
        _panels[name] = (order, make)
        return make

    return register


def panels_of(project_id: int, now: datetime) -> list[Panel]:
    """All panels of a project, in their order."""
    return [make(project_id, now) for _, make in sorted(_panels.values(), key=lambda p: p[0])]
