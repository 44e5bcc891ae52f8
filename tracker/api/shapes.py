"""The JSON of every object, as serializers: they write the answers and the OpenAPI schema."""

from __future__ import annotations

from functools import cache
from typing import Any

from drf_spectacular.utils import inline_serializer
from rest_framework import serializers

from tracker.domain.priority import Priority
from tracker.domain.search import LEVELS
from tracker.domain.snooze import LONGEST_RATE, MOST, Until
from tracker.models import Deploy, Issue


@cache
def page_of(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """A page of such objects, as `paging.Page.respond` answers it."""
    fields = {
        "next": serializers.CharField(allow_null=True, help_text="Address; null: the last page."),
        "previous": serializers.CharField(allow_null=True, help_text="Address; null: the first."),
        "results": shape(many=True),
    }
    return inline_serializer(f"{shape.__name__}Page", fields)


class ProjectRef(serializers.Serializer[Any]):
    """A project, named."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()


class Assignee(serializers.Serializer[Any]):
    """A person or a team."""

    type = serializers.ChoiceField(["user", "team"])
    id = serializers.IntegerField()
    name = serializers.CharField(help_text="User name, or the team's slug with # before it.")


class IssueShape(serializers.Serializer[Any]):
    """An issue in a list."""

    id = serializers.IntegerField()
    short_id = serializers.CharField()
    url = serializers.CharField(help_text="Its page.")
    project = ProjectRef()
    title = serializers.CharField()
    type = serializers.CharField()
    message = serializers.CharField(help_text="Its first 1,000 characters.")
    culprit = serializers.CharField()
    level = serializers.ChoiceField(LEVELS)
    platform = serializers.CharField()
    logger = serializers.CharField()
    handled = serializers.BooleanField(allow_null=True)
    status = serializers.ChoiceField(Issue.Status.values)
    substatus = serializers.ChoiceField(Issue.Substatus.values, allow_null=True)
    priority = serializers.ChoiceField([p.name.lower() for p in Priority])
    assignee = Assignee(allow_null=True)
    events = serializers.IntegerField()
    users = serializers.IntegerField()
    first_seen = serializers.DateTimeField()
    last_seen = serializers.DateTimeField()
    first_release = serializers.CharField(allow_null=True)
    last_release = serializers.CharField(allow_null=True)
    environments = serializers.ListField(child=serializers.CharField(allow_blank=True))


class Reason(serializers.Serializer[Any]):
    """A key that leads events to the issue, in words."""

    why = serializers.CharField()
    kind = serializers.CharField()
    version = serializers.CharField()
    hash = serializers.CharField()
    precise = serializers.BooleanField()
    events = serializers.IntegerField()


class TagValueShape(serializers.Serializer[Any]):
    """How often a tag had a value."""

    value = serializers.CharField()
    count = serializers.IntegerField()


class TagShape(serializers.Serializer[Any]):
    """A tag's most frequent values."""

    key = serializers.CharField()
    total = serializers.IntegerField()
    values = TagValueShape(many=True)


class OwnerShape(serializers.Serializer[Any]):
    """The ownership rule that an issue fell under last."""

    rule = serializers.CharField()
    line = serializers.IntegerField()
    value = serializers.CharField(help_text="What of the event matched.")
    owners = serializers.ListField(child=serializers.CharField())


class SuspectShape(serializers.Serializer[Any]):
    """A commit that may have brought an issue."""

    sha = serializers.CharField()
    subject = serializers.CharField()
    author = serializers.CharField()
    committed_at = serializers.DateTimeField()
    release = serializers.CharField(allow_blank=True)
    confidence = serializers.ChoiceField(["likely", "possible", "unlikely"])
    reasons = serializers.ListField(child=serializers.CharField())
    url = serializers.CharField(allow_blank=True)


class TouchedShape(serializers.Serializer[Any]):
    """Who last wrote a line of the stack."""

    path = serializers.CharField()
    line = serializers.IntegerField()
    sha = serializers.CharField()
    author = serializers.CharField()
    committed_at = serializers.DateTimeField()
    subject = serializers.CharField()
    url = serializers.CharField(allow_blank=True)


class SuspicionShape(serializers.Serializer[Any]):
    """What was found among the commits between two releases."""

    good = serializers.CharField(allow_blank=True, help_text="The last release without it.")
    bad = serializers.CharField(allow_blank=True, help_text="The first release with it.")
    looked = serializers.IntegerField(help_text="Commits that were looked at.")
    why = serializers.CharField(allow_blank=True, help_text="What limits the answer.")
    suspects = SuspectShape(many=True)
    touched = TouchedShape(many=True)


class Ticket(serializers.Serializer[Any]):
    """A ticket that belongs to an issue."""

    key = serializers.CharField()
    url = serializers.CharField(allow_blank=True)
    state = serializers.CharField(help_text="open or closed")


class IssueDetail(IssueShape):
    """An issue alone."""

    message = serializers.CharField()
    resolved_at = serializers.DateTimeField(allow_null=True)
    resolved_release = serializers.CharField(allow_null=True)
    resolution = serializers.CharField(help_text="How it was resolved, in words.")
    snooze = serializers.CharField(help_text="What it waits for, in words: 41 of 100 events.")
    snoozed_until = serializers.DateTimeField(allow_null=True)
    priority_by_hand = serializers.BooleanField()
    trend = serializers.FloatField(help_text="Today against the daily mean of the week before.")
    reviewed_at = serializers.DateTimeField(allow_null=True)
    state_changed_at = serializers.DateTimeField()
    state_why = serializers.CharField(help_text="Why it is in its state, when it was not a person.")
    tickets = Ticket(many=True, help_text="In trackers, the first five.")
    why = Reason(many=True, help_text="Why its events are grouped, the busiest key first.")
    tags = TagShape(many=True)
    owner = OwnerShape(allow_null=True, help_text="By the ownership rules.")
    suspect_commits = SuspicionShape(allow_null=True, help_text="Null until a worker has looked.")


class SnoozeChange(serializers.Serializer[Any]):
    """What a snooze waits for, counted from now."""

    until = serializers.ChoiceField([until.value for until in Until])
    count = serializers.IntegerField(
        required=False, min_value=1, max_value=MOST, help_text="For events, users and rate."
    )
    minutes = serializers.IntegerField(
        required=False, min_value=1, max_value=LONGEST_RATE, help_text="The window of a rate."
    )
    at = serializers.DateTimeField(
        required=False, help_text="Ends it at the latest; required until time."
    )


class IssueChange(serializers.Serializer[Any]):
    """What may be changed; what is not named stays."""

    status = serializers.ChoiceField(["resolved", "unresolved"], required=False)
    assignee = serializers.CharField(
        required=False, allow_null=True, help_text="`me`, a user name, `#team`, or null for nobody."
    )
    reviewed = serializers.ChoiceField([True], required=False)
    resolve_in = serializers.ListField(
        child=serializers.CharField(),
        required=False,
        help_text="Resolves it in these releases; [“next”]: in the next one.",
    )
    snooze = SnoozeChange(required=False)
    priority = serializers.ChoiceField(
        [p.name.lower() for p in Priority],
        required=False,
        allow_null=True,
        help_text="Sticks; null: computed again.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """One state at a time."""
        states = [name for name in ("status", "resolve_in", "snooze") if name in attrs]
        if len(states) > 1:
            raise serializers.ValidationError(f"Send one of {' and '.join(states)}, not both.")
        return attrs


class EventShape(serializers.Serializer[Any]):
    """An event in a list."""

    event_id = serializers.CharField()
    project = ProjectRef()
    issue = serializers.IntegerField()
    issue_short_id = serializers.CharField()
    received_at = serializers.DateTimeField()
    timestamp = serializers.DateTimeField()
    environment = serializers.CharField(allow_blank=True)
    release = serializers.CharField(allow_null=True)
    level = serializers.ChoiceField(LEVELS)


class EventDetail(EventShape):
    """An event alone, with everything that was stored of it."""

    url = serializers.CharField(help_text="Its page.")
    data = serializers.DictField(  # type: ignore[assignment]
        help_text="The normalised, scrubbed event under the SDKs' own attribute names."
    )


class CommentShape(serializers.Serializer[Any]):
    """What somebody said about an issue."""

    id = serializers.IntegerField()
    author = serializers.CharField(allow_null=True)
    text = serializers.CharField()
    created_at = serializers.DateTimeField()


class CommentNew(serializers.Serializer[Any]):
    """A comment to be made."""

    text = serializers.CharField(max_length=10_000, trim_whitespace=True)


class ActivityShape(serializers.Serializer[Any]):
    """Something that happened to an issue."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    actor = serializers.CharField(allow_null=True)
    data = serializers.DictField()  # type: ignore[assignment]
    created_at = serializers.DateTimeField()


class ProjectShape(ProjectRef):
    """A project in a list."""

    team = serializers.CharField(help_text="The team's slug.")
    platform = serializers.CharField(allow_blank=True)
    role = serializers.CharField(help_text="What the token's user may do there.")
    created_at = serializers.DateTimeField()
    first_event_at = serializers.DateTimeField(allow_null=True)


class ProjectDetail(ProjectShape):
    """A project alone."""

    unresolved = serializers.IntegerField(help_text="Unresolved issues, at most 1,000.")
    unresolved_is_more = serializers.BooleanField()
    dsn = serializers.ListField(child=serializers.CharField(), help_text="Of its enabled keys.")


class ReleaseShape(serializers.Serializer[Any]):
    """A version of a project's code."""

    id = serializers.IntegerField()
    project = ProjectRef()
    version = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="Who told us of it: event, api or deploy."
    )
    created_at = serializers.DateTimeField()
    released_at = serializers.DateTimeField(allow_null=True)


class DeployShape(serializers.Serializer[Any]):
    """A roll-out of a release into an environment."""

    id = serializers.IntegerField()
    project = ProjectRef()
    release = serializers.CharField()
    environment = serializers.CharField(allow_blank=True)
    status = serializers.ChoiceField(Deploy.Status.values)
    actor = serializers.CharField(allow_blank=True)
    name = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class EnvironmentShape(serializers.Serializer[Any]):
    """Where releases run."""

    id = serializers.IntegerField()
    project = ProjectRef()
    name = serializers.CharField(allow_blank=True)
    hidden = serializers.BooleanField()
    first_seen = serializers.DateTimeField()


class Point(serializers.Serializer[Any]):
    """Events of one span."""

    start = serializers.DateTimeField()
    events = serializers.IntegerField()


class Series(serializers.Serializer[Any]):
    """Events of one project over time, empty spans included."""

    project = ProjectRef()
    total = serializers.IntegerField()
    points = Point(many=True)


class Stats(serializers.Serializer[Any]):
    """Events over time."""

    interval = serializers.ChoiceField(["hour", "day"])
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    series = Series(many=True)
