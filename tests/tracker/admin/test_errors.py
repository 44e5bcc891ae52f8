"""What is not there, not allowed or broken is said in the skin, with nothing of the inside."""

from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse

from tests.tracker.admin.conftest import Cast


def test_what_is_foreign_and_what_is_not_there_look_the_same(cast: Cast):
    client = cast.client("triager")
    foreign = client.get(reverse("admin:tracker_issue_change", args=[cast.theirs.pk]))
    nothing = client.get(reverse("admin:tracker_issue_change", args=[10**9]))
    assert foreign.status_code == nothing.status_code == 404
    assert foreign.content == nothing.content
    assert (
        "Not here" in foreign.content.decode()
        and static("tracker/app.css") in foreign.content.decode()
    )


def test_what_is_not_allowed_is_said(cast: Cast):
    act = reverse("admin:tracker_issue_act", args=[cast.ours.pk])
    answer = cast.client("viewer").post(act, {"action": "resolve"})
    assert answer.status_code == 403 and "Your role does not allow this" in answer.content.decode()


def test_the_page_of_failures_needs_nothing():
    page = render_to_string("500.html")
    assert "Something broke" in page and "style=" not in page
