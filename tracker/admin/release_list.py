"""The list of releases: within a project by version, and by what each was put where it is."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, F, Func, IntegerField, QuerySet, Value
from django.http import HttpRequest

from tracker import health
from tracker.admin.base import access_of
from tracker.domain.release_health import in_order
from tracker.domain.versions import Method, compare
from tracker.models import Release

MOST = 500
"""Newest releases of a project that are put in order; older ones follow by date."""
WORDS = {
    Method.SEMVER: "semver", Method.INTEGER: "number", Method.DATE: "date", Method.SAME: "same",
}  # fmt: skip


class VersionList(ChangeList):
    """Of one project: newest version first. Of several: newest first by date."""

    by_version: bool = False

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """In order, unless a column was chosen."""
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        project = _project(request)
        self.by_version = project is not None and "o" not in request.GET
        if project is None or not self.by_version:
            return rows
        ids = Value(order_of(project), output_field=ArrayField(BigIntegerField()))
        place = Func(ids, F("pk"), function="array_position", output_field=IntegerField())
        by_place = F("place").asc(nulls_last=True), "-created_at", "-pk"
        ordered: QuerySet[Any] = rows.annotate(place=place).order_by(*by_place)
        return ordered

    def get_ordering_field_columns(self) -> dict[int, Any]:
        """No column is marked when none decides."""
        return {} if self.by_version else super().get_ordering_field_columns()

    def get_results(self, request: HttpRequest) -> None:
        """Each row with how it compares to the one below."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        for row, below in zip(rows, [*rows[1:], None], strict=False):
            same = below is not None and below.project_id == row.project_id
            row.compared = comparison(row, below) if same and self.by_version else ""
        self.result_list = rows


def _project(request: HttpRequest) -> int | None:
    """The project that is listed: the one chosen, else the only one there is to see."""
    chosen = request.GET.get("project__id__exact", "")
    if chosen.isascii() and chosen.isdigit() and len(chosen) < 19:
        return int(chosen)
    projects = access_of(request).projects
    return next(iter(projects)) if len(projects) == 1 else None


def order_of(project_id: int) -> list[int]:
    """Ids of a project's newest releases, newest version first."""
    rows = Release.objects.filter(project=project_id).order_by("-created_at", "-pk")[:MOST]
    ids = {row.version: row.pk for row in rows}
    return [ids[known.version] for known in in_order([health.known(row) for row in rows])]


def comparison(row: Release, below: Release) -> str:
    """`> 1.9.3 (semver)`: why it stands above another."""
    found = compare(health.known(row), health.known(below))
    sign = {1: ">", 0: "=", -1: "<", None: "?"}[found.sign]
    if found.sign is None:
        return f"{sign} {below.version} (not comparable; by date)"
    return f"{sign} {below.version} ({WORDS.get(found.method, found.method)})"
