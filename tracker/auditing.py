"""Admin pages that write the audit log: a mixin for every ModelAdmin that saves something."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from django.db.models import Model
from django.forms import BaseModelForm
from django.http import HttpRequest

from tracker.actions import audit
from tracker.models import User

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    class _Base(ModelAdmin[M], Generic[M]):
        """What this is mixed into."""

else:

    class _Base(Generic[M]):
        """Nothing: the mixin stands before a ModelAdmin."""


_CHANGES = "emberwatch.changes"


class Audited(_Base[M], Generic[M]):
    """What is added, changed, deleted (or, where `audit_views`, looked at) goes into the log.

    Django's own history hooks carry it: they run in the transaction of the save.
    """

    audit_views: ClassVar[bool] = False

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        """Note the changes of the form and of the rows below it."""
        request.META[_CHANGES] = _changes(form, formsets or ())
        return super().construct_change_message(request, form, formsets, add)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Something was made."""
        _write(request, "added", obj, message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """Something was changed, or a page of its own did something."""
        _write(request, "changed", obj, message)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """Rows are about to go."""
        for row in queryset:
            audit.record("deleted", target=row, before=_columns(row), **_who(request))
        return super().log_deletions(request, queryset)

    def change_view(self, request: HttpRequest, object_id: str, *rest: Any, **more: Any) -> Any:
        """Looking is noted where what is shown is delicate."""
        answer = super().change_view(request, object_id, *rest, **more)
        if self.audit_views and request.method == "GET" and answer.status_code == 200:
            row = self.get_object(request, object_id)
            audit.record("viewed", target=row, **_who(request))
        return answer


def _write(request: HttpRequest, action: str, row: Model, message: Any) -> None:
    before, after = request.META.pop(_CHANGES, ({}, {}))
    if action == "added":
        before, after = {}, {**after, **_columns(row)}
    elif not before and not after and isinstance(message, str):
        after = {"what": message}  # a page of its own says what it did
    if action == "changed" and not before and not after:
        return  # saved as it was
    audit.record(action, target=row, before=before, after=after, **_who(request))


def _who(request: HttpRequest) -> dict[str, Any]:
    actor = request.user if isinstance(request.user, User) else None
    return {"actor": actor, "address": request.META.get("REMOTE_ADDR", "")}


def _changes(form: Any, formsets: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    before, after = _of_form(form)
    for formset in formsets:
        for row in formset.new_objects:
            after[str(row)] = _columns(row)
        for row in formset.deleted_objects:
            before[str(row)] = _columns(row)
        changed = {row.pk for row, _ in formset.changed_objects}
        for inner in formset.initial_forms:
            if inner.instance.pk in changed:
                before[str(inner.instance)], after[str(inner.instance)] = _of_form(inner)
    return before, after


def _of_form(form: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Old and new values of what was changed; those that are no column stay hidden."""
    model = form._meta.model if isinstance(form, BaseModelForm) else None
    columns = {field.name for field in model._meta.get_fields()} if model else set()
    before, after = {}, {}
    for name in form.changed_data:
        old, new = form.initial.get(name), form.cleaned_data.get(name)
        if name not in columns:
            old, new = (audit.HIDDEN if value else None for value in (old, new))
        before[name], after[name] = old, new
    return before, after


def _columns(row: Model) -> dict[str, Any]:
    """Plain columns of a row."""
    return {
        field.name: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if not field.primary_key
    }
