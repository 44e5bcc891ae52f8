"""Comments that mention people: only who can see the issue, always as text."""

from django.urls import reverse

from tests.tracker.admin.conftest import Cast
from tracker.models import Activity


def test_only_who_sees_the_issue_is_mentioned(cast: Cast):
    client = cast.client("triager")
    text = "@Viewer and @owner, not @stranger nor @nobody: <script>@viewer"
    client.post(
        reverse("admin:tracker_issue_act", args=[cast.ours.pk]), {"action": "comment", "text": text}
    )
    entry = Activity.objects.get(kind="commented")
    assert entry.data["mentions"] == sorted(cast.people[n].pk for n in ("viewer", "owner"))
    page = client.get(reverse("admin:tracker_issue_change", args=[cast.ours.pk])).content.decode()
    assert '<b class="mention">@Viewer</b> and <b class="mention">@owner</b>' in page
    assert "&lt;script&gt;" in page
