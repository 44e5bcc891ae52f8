"""The page of ownership rules: who may, what it says, what it saves."""

from typing import Any

import pytest
from django.urls import reverse

from tests.tracker.admin.conftest import ROLES, Cast
from tests.tracker.admin.test_budgets import ask
from tracker.models import OwnershipRules, Project


def page_of(project: Project) -> str:
    return reverse("admin:tracker_ownershiprules_project", args=[project.pk])


def post(cast: Cast, role: str, project: Project, **data: Any) -> tuple[int, str]:
    answer = cast.client(role).post(page_of(project), data, follow=True)
    return answer.status_code, answer.content.decode()


@pytest.mark.parametrize("role", ROLES)
def test_the_team_sees_it_and_its_admins_save(cast: Cast, role: str):
    sees = role in ("owner", "admin", "triager", "viewer")
    assert cast.client(role).get(page_of(cast.red)).status_code == (200 if sees else 404)
    code, _ = post(cast, role, cast.red, action="save", text="path:a/* none", base="0")
    saved = OwnershipRules.objects.filter(project=cast.red).exists()
    assert saved == (role in ("owner", "admin"))
    assert code == (200 if saved else 403 if sees else 404)
    for action in ("import", "restore"):
        code, _ = post(cast, role, cast.red, action=action, number="0", codeowners="* @a")
        assert code == (200 if role in ("owner", "admin") else 403 if sees else 404), action


def test_problems_are_told_by_line(cast: Cast):
    text = "path:a/* triager\npath:b/* strangr\nnonsense"
    _, page = post(cast, "admin", cast.red, action="save", text=text, base="0")
    assert "Line 2: There is no person of the team strangr." in page
    assert "Line 3:" in page and "Line 1:" not in page
    assert "stranger?" not in page, "people of other teams are nobody's business"


def test_the_tester_says_which_line_wins(cast: Cast):
    text = "path:src/* triager\npath:src/pay/* #red-team"
    code, page = post(cast, "admin", cast.red, action="try", text=text, pasted="src/pay/cart.py")
    assert code == 200 and "→ #red-team by line 2 (src/pay/cart.py)" in page
    assert "→ triager by line 1" in page
    assert not OwnershipRules.objects.exists()
    _, page = post(cast, "viewer", cast.red, action="try", text=text, pasted="src/pay/cart.py")
    assert "no rule matches" in page, "what a viewer posts is not tried, what is saved is"


def test_codeowners_are_appended_and_not_saved(cast: Cast):
    given = "* @triager\n/docs/ @org/red-team\n!negated @x"
    _, page = post(
        cast, "admin", cast.red, action="import", text="path:a/* viewer", codeowners=given
    )
    assert "path:a/* viewer\n\ncodeowners:* triager\ncodeowners:/docs/ #red-team" in page
    assert "Line 3 of the file" in page
    assert not OwnershipRules.objects.exists()


def test_history_restores_and_stale_saves_are_refused(cast: Cast):
    post(cast, "admin", cast.red, action="save", text="path:a/* none", base="0", assign="on")
    _, page = post(cast, "admin", cast.red, action="save", text="path:b/* none", base="0")
    assert "Somebody saved other rules meanwhile" in page and "path:b/* none" in page
    post(cast, "admin", cast.red, action="save", text="path:b/* none", base="1", assign="on")
    post(cast, "admin", cast.red, action="restore", number="1")
    last = OwnershipRules.objects.order_by("-number")[0]
    assert (last.number, last.text, last.assign) == (3, "path:a/* none", True)
    _, page = post(cast, "admin", cast.red, action="restore", number="77")
    assert "never had this revision" in page
    assert (
        "path:b/* none"
        in cast.client("viewer")
        .get(page_of(cast.red) + "?revision=2")
        .content.decode()
        .partition("</textarea>")[0]
    )


def test_its_cost_does_not_grow(cast: Cast):
    post(cast, "admin", cast.red, action="save", text="path:a/* none", base="0")
    _, few = ask(cast.client("admin"), page_of(cast.red))
    for number in range(1, 6):
        text = f"path:a{number}/* none"
        post(cast, "admin", cast.red, action="save", text=text, base=str(number))
    _, many = ask(cast.client("admin"), page_of(cast.red))
    assert len(many) == len(few) <= 9, many
