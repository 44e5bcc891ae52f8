"""Alert rules: what is worth telling whom."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from alerts.actions.matching import check
from alerts.actions.preview import SHOWN, Preview, preview
from alerts.admin.base import ProjectAdmin, issue_link, kept, optional, projects_of
from alerts.domain import wording
from alerts.domain.rules import TRIGGER_NAMES, Outcome, Trigger
from alerts.models import AlertRule, Channel, TicketConnection
from tracker.domain.search import SearchError
from tracker.models import Issue, Project, Role


class ChannelsField(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]
    """Channels, with their project's name."""

    def label_from_instance(self, obj: Any) -> str:
        """Names alone repeat from project to project."""
        return f"{obj.project}: {obj.name}"


class RuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Triggers to tick; channels of the rule's own project."""

    triggers = forms.MultipleChoiceField(
        label="When any of these happens", choices=list(TRIGGER_NAMES.items()), required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip

    class Meta:
        model = AlertRule
        fields = (
            "project", "name", "enabled", "triggers", "counts", "threshold", "window_minutes",
            "min_level", "environments", "query", "severity", "channels", "cooldown_minutes",
            "ticket", "only_ticket",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        optional(self, ("threshold", "window_minutes"))

    def clean(self) -> dict[str, Any]:
        """A rule tells channels of its own project only."""
        cleaned = super().clean() or self.cleaned_data
        kept(self, cleaned, ("threshold", "window_minutes"))
        project = cleaned.get("project") or getattr(self.instance, "project", None)
        foreign = [c.name for c in cleaned.get("channels") or () if c.project != project]
        if foreign:
            self.add_error("channels", f"Of another project: {', '.join(foreign)}.")
        counted = bool(cleaned.get("counts"))
        if not counted and not cleaned.get("triggers"):
            self.add_error("triggers", "Choose what the rule waits for, or what it counts.")
        if counted and not cleaned.get("threshold"):
            self.add_error("threshold", "Give a number of at least 1.")
        if counted and cleaned.get("triggers"):
            # Two clocks in one incident: preview could not tell which was first.
            self.add_error("triggers", "A rule waits or counts; make a second one for the other.")
        self._check_ticket(cleaned, project)
        return cleaned

    def _check_ticket(self, cleaned: dict[str, Any], project: Any) -> None:
        connection = cleaned.get("ticket")
        if connection is None and cleaned.get("only_ticket"):
            self.add_error("ticket", "Choose where the ticket is made.")
        if connection is None or project is None:
            return
        if connection.team_id != project.team_id or connection.project_id not in (None, project.pk):
            self.add_error("ticket", "This connection is not for this project.")
        counts = bool(cleaned.get("counts")) or bool(cleaned.get("query"))
        if not counts and set(cleaned.get("triggers") or ()) & {"first_seen"}:
            self.add_error(
                "ticket", "Every new issue would become a ticket: count something, or give a "
                "search such as users:>=5.",
            )  # fmt: skip

    def clean_query(self) -> str:
        """Refuse what can't be searched."""
        text = str(self.cleaned_data.get("query") or "").strip()
        try:
            check(text, timezone.now())
        except SearchError as error:
            raise forms.ValidationError(str(error)) from None
        return text


@admin.register(AlertRule)
class AlertRuleAdmin(ProjectAdmin[AlertRule]):
    """Rules of the user's projects."""

    form = RuleForm
    list_display = ("name", "project", "enabled", "when", "level", "severity", "tells")
    list_filter = ("enabled", "severity")
    list_select_related = ("project",)
    search_fields = ("name", "project__name")
    fieldsets = (
        (None, {"fields": ("project", "name", "enabled")}),
        ("When", {"fields": ("triggers", "counts", "threshold", "window_minutes")}),
        ("If", {"fields": ("min_level", "environments", "query")}),
        ("Then", {"fields": ("severity", "channels", "cooldown_minutes")}),
        ("Ticket", {"fields": ("ticket", "only_ticket")}),
        ("The last 7 days", {"fields": ("would_have_fired", "came_close")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """With their channels."""
        return super().get_queryset(request).prefetch_related("channels")

    def get_readonly_fields(self, request: HttpRequest, obj: AlertRule | None = None) -> Any:
        """A rule stays with its project."""
        return ("would_have_fired", "came_close", *(("project",) if obj is not None else ()))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Connections of the teams that the user administers."""
        if db_field.name == "ticket":
            teams = Project.objects.filter(pk__in=projects_of(request, Role.ADMIN)).values("team")
            kwargs["queryset"] = TicketConnection.objects.filter(team__in=teams)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Channels of the projects that the user administers, as boxes to tick."""
        mine = projects_of(request, Role.ADMIN)
        kwargs["queryset"] = Channel.objects.filter(project__in=mine).select_related("project")
        kwargs["widget"] = forms.CheckboxSelectMultiple
        kwargs["form_class"] = ChannelsField
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None:
            field.help_text = "None ticked: every channel of the project."
        return field

    @admin.display(description="with this rule as saved")
    def would_have_fired(self, rule: AlertRule) -> str:
        """What the live evaluator would have done."""
        if rule.pk is None:
            return "Save the rule to see."
        seen = _previewed(rule)
        quiet = seen.outcomes.get(Outcome.QUIET, 0)
        passed = seen.outcomes.get(Outcome.PASS, 0)
        newest = seen.firings[-SHOWN:][::-1]
        issues = Issue.objects.select_related("project").in_bulk({each.issue_id for each in newest})
        rows = format_html_join(
            "",
            "<li>{}: {}, {}</li>",
            (
                (
                    f"{each.at:%Y-%m-%d %H:%M}",
                    issue_link(issues.get(each.issue_id)) if each.issue_id else "the project",
                    wording.OUTCOMES[each.outcome].lower(),
                )
                for each in newest
            ),
        )
        return format_html(
            "Would have fired {} times; {} kept quiet by the cooldown, {} passed by.<ul>{}</ul>",
            len(seen.firings), quiet, passed, rows,
        )  # fmt: skip

    @admin.display(description="came close")
    def came_close(self, rule: AlertRule) -> str:
        """What would have led to nothing by little."""
        if rule.pk is None:
            return "Save the rule to see."
        if not rule.counts and Trigger.ESCALATING not in rule.triggers:
            return "A rule that waits for something either fires or does not."
        near = _previewed(rule).nears[-SHOWN:][::-1]
        if not near:
            return "Nothing within 80 % of the threshold."
        issues = Issue.objects.select_related("project").filter(project=rule.project_id)
        known = issues.in_bulk({each.issue_id for each in near})
        lines = (
            (
                f"{each.at:%Y-%m-%d %H:%M}",
                issue_link(known.get(each.issue_id)) if each.issue_id else "the project",
                "; ".join(
                    f"{c.saw} of {c.wanted.removeprefix('>= ')}"
                    for c in each.verdict.checks
                    if not c.passed
                ),
            )
            for each in near
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}, {}</li>", lines))

    @admin.display(description="when")
    def when(self, rule: AlertRule) -> str:
        """Triggers in words."""
        if rule.counts:
            what = rule.get_counts_display()
            return f"{what}: {rule.threshold} in {rule.window_minutes} min"
        return ", ".join(TRIGGER_NAMES.get(name, name) for name in rule.triggers)

    @admin.display(description="if")
    def level(self, rule: AlertRule) -> str:
        """Filters in words."""
        where = ", ".join(name or "(none)" for name in rule.environments)
        text = f"{rule.get_min_level_display()}+" + (f" in {where}" if where else "")
        return f"{text}, {rule.query}" if rule.query else text

    @admin.display(description="tells")
    def tells(self, rule: AlertRule) -> str:
        """Channels in words."""
        return ", ".join(c.name for c in rule.channels.all()) or "every channel of the project"


def _previewed(rule: AlertRule) -> Preview:
    """Run once a page: two of its fields show it."""
    known: Preview | None = rule.__dict__.get("_preview")
    if known is None:
        known = rule.__dict__["_preview"] = preview(rule.project_id, rule.spec(), timezone.now())
    return known
