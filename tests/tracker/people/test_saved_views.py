"""Saved views: tabs of one's own and of one's teams, counted with the others."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.tracker.admin.conftest import Cast
from tracker.actions.views import ViewError, save_view
from tracker.models import Issue, SavedView


def save(cast: Cast, role: str, **form: str):
    data = {"name": "Mine", "q": "is:unresolved env:production", "sort": "events", "whose": "me"}
    return cast.client(role).post(reverse("admin:tracker_savedview_save"), {**data, **form})


def listed(cast: Cast, role: str, query: str = "?q=") -> str:
    page = cast.client(role).get(reverse("admin:tracker_issue_changelist") + query)
    assert page.status_code == 200
    return page.content.decode()


def test_a_view_holds_query_and_order_and_is_ones_own(cast: Cast):
    answer = save(cast, "triager")
    assert answer["Location"].endswith("?q=is%3Aunresolved+env%3Aproduction&sort=events")
    page = listed(cast, "triager")
    assert "?q=is%3Aunresolved+env%3Aproduction&amp;sort=events" in page
    assert '>Mine <span class="count">1</span>' in page
    assert "sort=events" not in listed(cast, "admin").split("</nav>")[1]


def test_a_teams_view_is_seen_by_the_team_and_saved_by_triagers(cast: Cast):
    red = f"team:{cast.red.team.pk}"
    assert save(cast, "triager", name="Ours", whose=red).status_code == 302
    assert ">Ours <" in listed(cast, "viewer")
    assert ">Ours <" not in listed(cast, "stranger")
    for role in ("viewer", "stranger", "nobody"):
        assert save(cast, role, name="Theirs", whose=red).status_code == 404
    assert SavedView.objects.count() == 1


def test_the_list_opens_with_the_default_and_says_so_in_the_address(cast: Cast):
    save(cast, "triager", name="Ours", whose=f"team:{cast.red.team.pk}", default="1", q="is:new")
    bare = cast.client("viewer").get(reverse("admin:tracker_issue_changelist"))
    assert bare.status_code == 302 and "q=is%3Anew" in bare["Location"]
    save(cast, "viewer", name="Own", default="1", q="is:resolved", sort="last_seen")
    bare = cast.client("viewer").get(reverse("admin:tracker_issue_changelist"))
    assert bare["Location"].endswith("?q=is%3Aresolved"), "one's own choice comes first"


def test_six_views_cost_no_query_more(cast: Cast, more_issues: Callable[..., list[Issue]]):
    more_issues(5)
    for number in range(6):
        save(cast, "triager", name=f"V{number}", q=f"is:unresolved events:>{number}")
    save(cast, "triager", name="Gone", q="assigned:who-has-left")
    client = cast.client("triager")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("admin:tracker_issue_changelist") + "?q=is:new").content.decode()
    assert len(queries) <= 8, queries.captured_queries
    assert page.count('class="saved"') == 7


def test_the_same_name_replaces_and_there_are_not_too_many(cast: Cast):
    me = cast.people["viewer"]
    for number in range(12):
        save_view(me, f"V{number}", "is:new", "last_seen", as_default=False)
    save_view(me, "V1", "is:resolved", "users", as_default=True)
    assert SavedView.objects.get(name="V1").query == "is:resolved"
    for name in ("one more", "", "x" * 41):
        with pytest.raises(ViewError):
            save_view(me, name, "", "last_seen", as_default=False)


def test_views_of_others_are_not_found(cast: Cast):
    view = save_view(cast.people["admin"], "Secret", "is:new", "last_seen", as_default=False)
    address = reverse("admin:tracker_savedview_delete", args=[view.pk])
    for role in ("triager", "stranger", "owner"):
        assert cast.client(role).post(address, {"post": "yes"}).status_code == 404
    cast.client("admin").post(address, {"post": "yes"})
    assert not SavedView.objects.exists()
