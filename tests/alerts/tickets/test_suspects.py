"""A ticket says which commits may have brought its issue; what strangers wrote calls nobody."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from alerts.actions.ticket_draft import draft_of
from alerts.models import TicketLink
from alerts.tickets import text
from tests.alerts.conftest import NOW, Cast
from tests.alerts.tickets.conftest import connect
from tests.alerts.tickets.sites import Site
from tracker import suspected
from tracker.domain.culprits import Culprit, Found, Touched
from tracker.domain.suspects import Sure
from tracker.models import Issue, Project, Repository
from tracker.suspected import Arrival

pytestmark = pytest.mark.django_db
AT = datetime(2026, 3, 4, tzinfo=UTC)


def culprit(sha: str, sure: Sure, **more: Any) -> Culprit:
    given: dict[str, Any] = {
        "author": "Grace @all", "email": "g@example.org", "at": AT, "subject": f"Pay {sha}",
        "score": 5.0, "reasons": ("it changed the crashing line",), **more,
    }  # fmt: skip
    return Culprit(sha=sha * 40, sure=sure, **given)


def told(issue: Issue, site: Site, *culprits: Culprit, **more: Any) -> str:
    """The ticket's body as Markdown."""
    activity = Cast(issue.project).letter(issue)
    found = msgspec.structs.replace(
        Found(good="1.0", bad="1.1", looked=3), culprits=culprits, **more
    )
    arrival = Arrival(issue.project_id, issue.pk, activity.pk, "first_seen", {}, NOW, 0)
    suspected.put(arrival, found, NOW, None)
    link = TicketLink.objects.create(
        project=issue.project, issue=issue, connection=connect(site, issue.project)
    )
    return text.markdown(draft_of(link, NOW).body)


def test_the_likely_and_possible_ones_are_named(github: Site, project: Project, cast: Cast) -> None:
    repository = Repository.objects.create(
        project=project, name="team/shop", url="https://github.com/team/shop.git",
        provider="github", web_url="https://github.com/team/shop", created_at=NOW, due_at=NOW,
    )  # fmt: skip
    touched = Touched("shop/cart.py", 7, "c" * 40, "Ada", "a@example.org", AT, "Round")
    said = told(
        cast.issue(), github, culprit("a", Sure.LIKELY), culprit("b", Sure.UNLIKELY),
        touched=(touched,), repository=repository.pk,
    )  # fmt: skip
    assert "**Suspect commits** between `1.0` and `1.1`" in said
    commit = f"[aaaaaaaaaa](https://github.com/team/shop/commit/{'a' * 40})"
    assert f"- likely: {commit} `Pay a` by `Grace @all`, which `it changed" in said
    assert "bbbbbbbbbb" not in said, "that it lies in a file of the stack alone says little"
    assert "**Last touched**: `shop/cart.py:7` by `Ada` on 2026\\-03\\-04" in said.replace(
        "2026-03-04", "2026\\-03\\-04"
    )


def test_nothing_is_said_where_nothing_is_known(github: Site, project: Project, cast: Cast) -> None:
    assert "uspect" not in told(cast.issue(), github, culprit("b", Sure.UNLIKELY))


def test_words_of_strangers_stay_code(github: Site, project: Project, cast: Cast) -> None:
    subject = "` @team [x](https://evil.example) ![](x)"
    said = told(cast.issue(), github, culprit("a", Sure.POSSIBLE, subject=subject))
    assert "`` ` @team [x](https://evil.example) ![](x) ``" in said
    assert "possible: `aaaaaaaaaa`" in said, "without a repository there is no link"
