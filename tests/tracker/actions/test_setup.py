"""First start and new projects."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tracker.actions import setup
from tracker.models import ApiToken, Membership, Project, ProjectKey, Team, User

pytestmark = pytest.mark.django_db


def test_first_start_makes_all_that_is_needed_once() -> None:
    first = setup.bootstrap(None)
    again = setup.bootstrap("another password")
    assert first.admin_created
    assert len(first.password) >= 16
    assert not again.admin_created
    assert again.password == ""
    assert (again.project_id, again.public_key) == (first.project_id, first.public_key)
    admin = User.objects.get(username="admin")
    assert admin.check_password(first.password)
    assert Membership.objects.get(user=admin).role == "admin"
    assert (Team.objects.count(), Project.objects.count()) == (1, 1)


def test_create_project_prints_all_credentials_as_json() -> None:
    out = StringIO()
    call_command(
        "create_project", "Shop", "--team", "Payments", "--unlimited", "--json", stdout=out
    )
    made = json.loads(out.getvalue())
    key = ProjectKey.objects.get(project_id=made["id"])
    assert made["slug"] == "shop"
    assert made["public_key"] == key.public_key
    assert f"//{key.public_key}@" in made["dsn"]
    assert made["dsn"].endswith(f"/{made['id']}")
    assert set(made["rollbar_tokens"]) == {"post_server", "post_client", "read", "write"}
    assert made["rollbar_tokens"]["post_server"] == key.rollbar_post_server
    assert key.project.unlimited
    assert key.project.team.slug == "payments"


def test_same_name_twice_gets_another_slug() -> None:
    team = setup.create_team("Team")
    assert [setup.create_project("Shop", team).slug for _ in range(3)] == [
        "shop",
        "shop-2",
        "shop-3",
    ]


def test_token_is_printed_once_and_kept_as_a_hash() -> None:
    User.objects.create_user("ana")
    out = StringIO()
    call_command("create_token", "--user", "ana", "--scope", "read,write", stdout=out)
    secret = out.getvalue().splitlines()[-1]
    token = ApiToken.objects.get()
    assert secret.encode() not in bytes(token.hash)
    assert ApiToken.objects.for_secret(secret, timezone.now()) == token
    assert ApiToken.objects.for_secret(secret[:-1], timezone.now()) is None
    User.objects.update(is_active=False)
    assert ApiToken.objects.for_secret(secret, timezone.now()) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--user", "nobody", "--scope", "read"], "no user"),
        (["--user", "ana", "--scope", "fly"], "fly"),
    ],
)
def test_wrong_arguments_are_a_sentence(arguments: list[str], says: str) -> None:
    User.objects.create_user("ana")
    with pytest.raises(CommandError, match=says):
        call_command("create_token", *arguments)
