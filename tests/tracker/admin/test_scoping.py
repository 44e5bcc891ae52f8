"""Every address times every role, on one's own project and on a foreign one."""

import re

import pytest
from django.urls import reverse

from tests.tracker.admin.conftest import ROLES, Cast, ids_of
from tracker.access import Access
from tracker.models import Activity, Issue, Project, Role, Team

INSIDE = ("owner", "admin", "triager", "viewer")
ISSUE_PAGES = ("change", "event", "raw", "trace")


def issue_page(cast: Cast, issue: Issue, page: str) -> str:
    args: list[int | str] = [issue.pk]
    if page in ("event", "raw", "trace"):
        args.append(cast.event_of(issue).event_id.hex)
    return reverse(f"admin:tracker_issue_{page}", args=args)


@pytest.mark.parametrize("role", ROLES)
def test_an_issue_is_the_teams(cast: Cast, role: str):
    client = cast.client(role)
    for page in ISSUE_PAGES:
        ours, theirs = (
            client.get(issue_page(cast, issue, page)).status_code
            for issue in (cast.ours, cast.theirs)
        )
        assert ours == (200 if role in INSIDE else 404), page
        assert theirs == (200 if role in ("owner", "stranger") else 404), page


@pytest.mark.parametrize("role", ROLES)
def test_an_event_belongs_to_its_issue(cast: Cast, role: str):
    """A foreign event below one's own issue is not found, not even by the owner."""
    event = cast.event_of(cast.theirs).event_id.hex
    address = reverse("admin:tracker_issue_event", args=[cast.ours.pk, event])
    assert cast.client(role).get(address).status_code == 404


@pytest.mark.parametrize("role", ROLES)
def test_lists_show_ones_own(cast: Cast, role: str):
    client = cast.client(role)
    page = client.get(reverse("admin:tracker_issue_changelist")).content.decode()
    assert (cast.ours.short_id in page) == (role in INSIDE)
    assert (cast.theirs.short_id in page) == (role in ("owner", "stranger"))
    for model in ("projectkey", "environment", "release", "team", "project"):
        page = client.get(reverse(f"admin:tracker_{model}_changelist")).content.decode()
        words = re.findall(r"\w+", page)  # a token may well hold the letters "Red"
        assert ("Red" in words) == (role in INSIDE), model
        assert ("Blue" in words) == (role in ("owner", "stranger")), model


@pytest.mark.parametrize("role", ROLES)
def test_rows_of_other_teams_do_not_exist(cast: Cast, role: str):
    client = cast.client(role)
    red, blue = ids_of(cast.red.team, cast.red), ids_of(cast.blue.team, cast.blue)
    for model in red:
        for page in ("change", "history", "delete"):
            name = f"admin:tracker_{model}_{page}"
            ours = client.get(reverse(name, args=[red[model]])).status_code
            theirs = client.get(reverse(name, args=[blue[model]])).status_code
            changed = client.post(reverse(name, args=[blue[model]]), {"post": "yes"}).status_code
            # Nothing is deleted by the stock page, whoever asks.
            good = 403 if page == "delete" else 200
            assert ours == (good if role in INSIDE else 404), name
            assert theirs == (good if role in ("owner", "stranger") else 404), name
            assert changed in ((200, 302, 403, 405) if role in ("owner", "stranger") else (404,))


@pytest.mark.parametrize("role", ROLES)
def test_setup_is_the_teams(cast: Cast, role: str):
    client = cast.client(role)
    for page in ("setup", "waiting"):
        ours, theirs = (
            client.get(reverse(f"admin:tracker_project_{page}", args=[project.pk])).status_code
            for project in (cast.red, cast.blue)
        )
        assert ours == (200 if role in INSIDE else 404), page
        assert theirs == (200 if role in ("owner", "stranger") else 404), page


@pytest.mark.parametrize("role", ROLES)
def test_verbs_need_a_triager(cast: Cast, role: str):
    client = cast.client(role)
    before = Activity.objects.count()
    for action in ("assign", "comment", "review", "resolve"):
        form = {"action": action, "assignee": "none", "text": "seen"}
        for issue in (cast.ours, cast.theirs):
            answer = client.post(reverse("admin:tracker_issue_act", args=[issue.pk]), form)
            mine = role in INSIDE if issue == cast.ours else role in ("owner", "stranger")
            may = mine and role != "viewer"
            assert answer.status_code == (302 if may else 403 if mine else 404), action
            issue.refresh_from_db()
            if action == "resolve":
                assert (issue.status == "resolved") == may
    if role in ("viewer", "nobody"):
        assert Activity.objects.count() == before


@pytest.mark.parametrize("role", ["admin", "triager", "viewer", "stranger", "nobody"])
def test_a_bulk_post_with_a_foreign_id_changes_nothing(cast: Cast, role: str):
    ids = [cast.ours.pk, cast.theirs.pk]
    before = Activity.objects.count()
    answer = cast.client(role).post(
        reverse("admin:tracker_issue_changelist"), {"action": "resolve", "_selected_action": ids}
    )
    assert answer.status_code == 404
    assert not Issue.objects.filter(pk__in=ids, status="resolved").exists()
    assert Activity.objects.count() == before


def test_nobody_is_made_responsible_by_a_stranger_id(cast: Cast):
    """Only people and teams the user knows can be named."""
    client = cast.client("triager")
    for assignee in (
        f"user:{cast.people['stranger'].pk}",
        f"team:{cast.blue.team.pk}",
        "user:999999",
        "root",
    ):
        form = {"action": "assign", "assignee": assignee}
        answer = client.post(reverse("admin:tracker_issue_act", args=[cast.ours.pk]), form)
        assert answer.status_code == 404, assignee
    cast.ours.refresh_from_db()
    assert cast.ours.assignee is None and cast.ours.assignee_team is None


@pytest.mark.parametrize("role", ROLES)
def test_only_admins_change_what_sdks_use(cast: Cast, role: str):
    key = cast.red.keys.get()
    before = key.public_key
    answer = cast.client(role).post(reverse("admin:tracker_projectkey_rotate", args=[key.pk]))
    key.refresh_from_db()
    assert (key.public_key != before) == (role in ("owner", "admin"))
    assert answer.status_code == (302 if role in ("owner", "admin") else 404)


@pytest.mark.parametrize("role", ROLES)
def test_a_project_stays_in_teams_one_administers(cast: Cast, role: str):
    """An admin can't push a project into a team that is not theirs, nor lift all limits."""
    form = {
        "name": "Red", "slug": "red", "team": cast.blue.team.pk, "platform": "",
        "sensitive_words": "", "unlimited": "on",
    }  # fmt: skip
    cast.client(role).post(reverse("admin:tracker_project_change", args=[cast.red.pk]), form)
    project = Project.objects.get(pk=cast.red.pk)
    assert (project.team == cast.blue.team) == (role == "owner")
    assert project.unlimited == (role == "owner")


@pytest.mark.parametrize("role", ROLES)
def test_accounts_are_the_owners(cast: Cast, role: str):
    client = cast.client(role)
    other = cast.people["stranger" if role != "stranger" else "viewer"]
    assert client.get(reverse("admin:tracker_user_changelist")).status_code == (
        200 if role == "owner" else 403
    )
    for page in ("change", "history"):
        answer = client.get(reverse(f"admin:tracker_user_{page}", args=[other.pk]))
        assert answer.status_code == (200 if role == "owner" else 404)
    me = cast.people[role]
    own = reverse("admin:tracker_user_change", args=[me.pk])
    assert client.get(own).status_code == 200
    if role != "owner":
        client.post(own, {"first_name": "A", "is_superuser": "on", "username": "root"})
        me.refresh_from_db()
        assert me.first_name == "A"
        assert not me.is_superuser and me.username == role
        assert (
            client.get(reverse("admin:auth_user_password_change", args=[me.pk])).status_code == 404
        )


@pytest.mark.parametrize("role", ROLES)
def test_members_are_changed_by_admins(cast: Cast, role: str):
    address = reverse("admin:tracker_team_change", args=[cast.red.team.pk])
    form = {
        "name": "Red team", "slug": "red-team",
        "memberships-TOTAL_FORMS": "1", "memberships-INITIAL_FORMS": "0",
        "memberships-0-person": "nobody", "memberships-0-role": "viewer",
        "memberships-0-team": cast.red.team.pk,
    }  # fmt: skip
    cast.client(role).post(address, form)
    joined = cast.red.team.memberships.filter(user=cast.people["nobody"]).exists()
    assert joined == (role in ("owner", "admin"))


def test_tokens_are_ones_own(cast: Cast):
    client = cast.client("viewer")
    answer = client.post(reverse("admin:tracker_apitoken_add"), {"name": "ci", "scopes": ["read"]})
    secret = answer.context["secret"]
    assert len(secret) == 64 and secret in answer.content.decode()
    token = cast.people["viewer"].api_tokens.get()
    assert secret not in client.get(reverse("admin:tracker_apitoken_changelist")).content.decode()
    for role in ("owner", "admin"):
        address = reverse("admin:tracker_apitoken_delete", args=[token.pk])
        assert cast.client(role).post(address, {"post": "yes"}).status_code == 404
    client.post(reverse("admin:tracker_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert not cast.people["viewer"].api_tokens.exists()


@pytest.mark.parametrize("role", ROLES)
def test_access_and_visible_to_say_the_same(cast: Cast, role: str):
    user = cast.people[role]
    access = Access(user)
    assert set(access.projects) == set(
        Project.objects.visible_to(user).values_list("pk", flat=True)
    )
    for level in Role.values:
        assert set(access.issues(level)) == set(Issue.objects.visible_to(user, level)), level
    teams = set(Team.objects.visible_to(user))
    assert teams == {t for t in Team.objects.all() if access.role_in(t.pk)}


def test_strangers_are_asked_to_log_in(client, cast: Cast):
    for address in (
        reverse("admin:index"),
        reverse("admin:tracker_issue_changelist"),
        issue_page(cast, cast.ours, "change"),
        issue_page(cast, cast.ours, "raw"),
    ):
        answer = client.get(address)
        assert answer.status_code == 302 and "/login/" in answer["Location"]
