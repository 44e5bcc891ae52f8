"""What the terms of the search grammar find, on a real PostgreSQL."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest

from tests.factories.events import python_event, send
from tests.factories.projects import make_project
from tracker.actions import triage
from tracker.domain.search import KEYS, SearchError, parse
from tracker.models import Issue, Membership, Project, Role, Team, User
from tracker.search import bounded_count, condition, find, jump

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime.now(UTC)


@pytest.fixture
def project() -> Project:
    return make_project("Shop")


@pytest.fixture
def user(project: Project) -> User:
    person = User.objects.create_user("ada", "ada@example.org")
    Membership.objects.create(user=person, team=project.team, role=Role.TRIAGER)
    return person


def put(project: Project, number: int = 1, **more: object) -> Issue:
    """One event through the real digest; its issue."""
    before = set(Issue.objects.values_list("pk", flat=True))
    send(project, python_event(number, **more))
    fresh = Issue.objects.exclude(pk__in=before)
    return fresh.get()


def found(text: str, user: User) -> set[int]:
    return set(find(parse(text), user, datetime.now(UTC)).values_list("pk", flat=True))


def test_every_key_has_a_meaning(user: User) -> None:
    for key in KEYS.values():
        if key.name == "priority":
            continue
        list(find(parse(key.example), user, NOW)[:1])
        list(find(parse("!" + key.example), user, NOW)[:1])


def test_words_tags_users_releases(project: Project, user: User) -> None:
    a = put(project, 1, user={"id": "7"}, release="1.0", environment="production", level="fatal",
            tags={"tier": "gold", "shop": "a*b"})  # fmt: skip
    b = put(project, 2, user={"email": "bo@example.org"}, release="1.1", environment="staging",
            tags={"tier": "silver"})  # fmt: skip
    c = put(project, 3, exception={"values": [{"type": "KeyError", "value": "100% of a_b\nline"}]})
    asks = {
        "is:unresolved": {a, b, c},
        "is:new": {a, b, c},
        "is:resolved": set(),
        "valueerror": {a, b},
        "VALUEERR*": {a, b},
        "!valueerror": {c},
        '"100%"': {c},
        '"100_"': set(),
        "a_b": {c},
        "aab": set(),
        '"a_b line"': set(),
        "type:KeyError": {c},
        "type:keyerror": {c},
        "type:Key": set(),
        "type:K*r": {c},
        "type:[KeyError,ValueError]": {a, b, c},
        'message:"100% of"': {c},
        "message:no": {a, b},
        "culprit:orders1": {a},
        "culprit:*fail_2": {b},
        "culprit:orders*": set(),
        "file:orders.py": {a, b},
        "file:shop/*.py": {a, b},
        "file:rders.py": set(),
        "function:fail_2": {b},
        "function:fail_*": {a, b},
        "function:[fail_1,fail_2]": {a, b},
        "tag[tier]:gold": {a},
        "tag[tier]:[gold,silver]": {a, b},
        "!tag[tier]:gold": {b, c},
        "tag[tier]:g*": {a},
        "tag[tier]:Gold": set(),
        'tag[shop]:"a*b"': {a},
        "has:tier": {a, b},
        "!has:tier": {c},
        "has:user": {a, b},
        "env:production": {a},
        "env:[production,staging]": {a, b},
        "env:prod*": {a},
        "!env:production": {b, c},
        "release:1.0": {a},
        "release:1*": {a, b},
        "release:latest": {b},
        "first_release:1.1": {b},
        "!first_release:1.1": {a, c},
        "user.id:7": {a},
        "user.email:bo@example.org": {b},
        "!user.id:7": {b, c},
        "user.id:8": set(),
        "level:fatal": {a},
        "level:>=error": {a, b, c},
        "level:<fatal": {b, c},
        "events:1": {a, b, c},
        "events:>1": set(),
        "users:>=1": {a, b},
        "age:-1h": {a, b, c},
        "age:+1h": set(),
        "seen:-1h type:KeyError": {c},
        "project:shop": {a, b, c},
        "project:s*": {a, b, c},
        "!project:shop": set(),
        "is:for_review": {a, b, c},
        "is:[new,resolved] level:fatal": {a},
        f"id:{a.short_id}": {a},
    }  # fmt: skip
    for text, wanted in asks.items():
        assert found(text, user) == {issue.pk for issue in wanted}, text


def test_people_and_teams(project: Project, user: User) -> None:
    a, b, c = put(project, 1), put(project, 2), put(project, 3)
    bo = User.objects.create_user("bo")
    Membership.objects.create(user=bo, team=project.team)
    issues = Issue.objects.all()
    triage.assign(issues.filter(pk=a.pk), user, user, NOW)
    triage.assign(issues.filter(pk=b.pk), user, project.team, NOW)
    team = f"#{project.team.slug}"
    asks = {
        "assigned:me": {a},
        "assigned:ada": {a},
        "assigned:@Ada": {a},
        "assigned:bo": set(),
        "assigned:none": {c},
        f"assigned:{team}": {b},
        "assigned:[me,none]": {a, c},
        "!assigned:none": {a, b},
        "is:assigned": {a, b},
        "is:unassigned": {c},
        "owner:me": {a, b},
        "owner:bo": {b},
        f"owner:{team}": {b, c},
    }
    for text, wanted in asks.items():
        assert found(text, user) == {issue.pk for issue in wanted}, text


def test_others_projects_stay_out_of_sight(project: Project, user: User) -> None:
    other = make_project("Other", team="Others")
    theirs = put(other, 1, user={"id": "7"}, release="9", tags={"tier": "gold"})
    shown = python_event(2)
    send(other, shown)
    for text in ("is:new", "valueerror", "tag[tier]:gold", "user.id:7", "release:[9,latest]",
                 "project:other", f"event_id:{shown['event_id']}", f"id:{theirs.short_id}"):  # fmt: skip
        assert found(text, user) == set(), text
        assert jump(parse(text), user) is None
    owner = User.objects.create_superuser("root", "", "x")
    assert theirs.pk in found("user.id:7", owner)


def test_ids_jump(project: Project, user: User) -> None:
    shown = python_event(1)
    send(project, shown)
    issue = Issue.objects.get()
    event_id = uuid.UUID(str(shown["event_id"]))
    for text in (f"event_id:{event_id.hex}", str(event_id), event_id.hex.upper()):
        leap = jump(parse(text), user)
        assert leap is not None and (leap.issue_id, leap.event_id) == (issue.pk, event_id)
    for text in (issue.short_id, issue.short_id.lower(), f"id:{issue.short_id}"):
        leap = jump(parse(text), user)
        assert leap is not None and (leap.issue_id, leap.event_id) == (issue.pk, None)
    assert found(f"event_id:{event_id.hex}", user) == {issue.pk}
    for text in ("", "is:new", "SHOP-ZZZZ", "UTF-8", uuid.uuid4().hex, f"!{issue.short_id}"):
        assert jump(parse(text), user) is None, text


def test_traces(project: Project, user: User) -> None:
    trace = uuid.uuid4()
    a = put(project, 1, contexts={"trace": {"trace_id": trace.hex, "span_id": "a" * 16}})
    b = put(project, 2, contexts={"trace": {"trace_id": trace.hex, "span_id": "b" * 16}})
    put(project, 3, contexts={"trace": {"trace_id": "x"}})
    other = make_project("Other", team="Others")
    put(other, 4, contexts={"trace": {"trace_id": trace.hex}})
    assert found(f"trace_id:{trace.hex}", user) == {a.pk, b.pk}
    assert found(f"trace_id:{trace}", user) == {a.pk, b.pk}
    assert found(f"trace_id:{uuid.uuid4().hex}", user) == set()


def test_words_follow_the_issue(project: Project, user: User) -> None:
    issue = put(project, 1)
    Issue.objects.filter(pk=issue.pk).update(message="quite other words")
    assert found('"quite other"', user) == {issue.pk}
    Issue.objects.filter(pk=issue.pk).delete()
    assert found("other", user) == set()


def test_what_cannot_be_searched_is_said(user: User) -> None:
    with pytest.raises(SearchError, match="short id"):
        condition(parse("id:x"), user, NOW)


def test_counts_are_bounded(project: Project, user: User) -> None:
    send(project, *(python_event(number) for number in range(5)))
    issues = find(parse("is:new"), user, NOW + timedelta(hours=1))
    assert bounded_count(issues) == (5, False)
    assert bounded_count(issues, limit=3) == (3, True)
    assert Team.objects.count() == 1
