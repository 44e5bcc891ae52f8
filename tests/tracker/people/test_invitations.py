"""A link into a team: once, for a while, never above what its giver may give."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from tests.tracker.admin.conftest import Cast
from tracker.actions import invitations
from tracker.models import Invitation, Membership, User

NOW = datetime(2026, 5, 4, tzinfo=UTC)
PASSWORD = "a long enough secret"


def link_of(secret: str) -> str:
    return reverse("account_invitation", args=[secret])


@pytest.fixture
def secret(cast: Cast) -> str:
    made, secret = invitations.invite(
        cast.people["admin"], cast.red.team, "triager", datetime.now(UTC), email="new@example.com"
    )
    assert secret not in str(vars(made)), "only its hash is kept"
    return secret


def test_an_admin_makes_a_link_and_a_stranger_joins_with_it(cast: Cast):
    page = cast.client("admin").post(
        reverse("admin:tracker_invitation_add"),
        {"team": cast.red.team.pk, "role": "viewer", "email": ""},
    )
    assert "no-store" in page["Cache-Control"]
    link = re.search(r"/accounts/invitation/[\w-]{43}/", page.content.decode())
    assert link
    client = Client()
    offer = client.get(link[0]).content.decode()
    assert "#red-team" in offer and "viewer" in offer
    assert not Membership.objects.filter(user__username="linus").exists(), "looking grants nothing"
    client.post(link[0], {"username": "linus", "password": PASSWORD})
    member = Membership.objects.get(user__username="linus")
    assert (member.team, member.role) == (cast.red.team, "viewer")
    listed = client.get(reverse("admin:tracker_issue_changelist")).content.decode()
    assert cast.ours.short_id in listed and cast.theirs.short_id not in listed
    again = Client()
    assert again.get(link[0]).status_code == 404
    assert again.post(link[0], {"username": "eve", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(username="eve").exists()


def test_who_has_an_account_joins_with_it_and_never_falls(cast: Cast, secret: str):
    client = cast.client("nobody")
    client.post(link_of(secret))
    assert Membership.objects.get(user=cast.people["nobody"]).role == "triager"
    _, other = invitations.invite(cast.people["owner"], cast.red.team, "viewer", datetime.now(UTC))
    cast.client("admin").post(link_of(other))
    assert Membership.objects.get(user=cast.people["admin"], team=cast.red.team).role == "admin"


@pytest.mark.parametrize("role", ["triager", "viewer", "stranger", "nobody"])
def test_who_is_no_admin_of_the_team_invites_nobody(cast: Cast, role: str):
    with pytest.raises(invitations.NotYours):
        invitations.invite(cast.people[role], cast.red.team, "viewer", NOW)
    answer = cast.client(role).post(
        reverse("admin:tracker_invitation_add"), {"team": cast.red.team.pk, "role": "viewer"}
    )
    assert answer.status_code in (200, 403)
    assert not Invitation.objects.exists()


def test_a_link_ends_with_its_time_and_with_its_givers_rights(cast: Cast, secret: str):
    user = cast.people["nobody"]
    with pytest.raises(invitations.Gone):
        invitations.accept(secret, user, datetime.now(UTC) + timedelta(days=8))
    Membership.objects.filter(user=cast.people["admin"]).update(role="triager")
    with pytest.raises(invitations.Gone):
        invitations.accept(secret, user, datetime.now(UTC))
    assert not user.memberships.exists()


def test_addresses_that_providers_trust_are_the_owners_to_give(cast: Cast, secret: str):
    new = invitations.accept_as_new(secret, "linus", PASSWORD, datetime.now(UTC))
    assert (new.email, new.alert_email) == ("", "new@example.com")
    _, other = invitations.invite(
        cast.people["owner"], cast.red.team, "viewer", datetime.now(UTC), email="ok@example.com"
    )
    assert (
        invitations.accept_as_new(other, "ok", PASSWORD, datetime.now(UTC)).email
        == "ok@example.com"
    )


def test_weak_passwords_and_taken_names_are_refused(cast: Cast, secret: str):
    client = Client()
    for form in (
        {"username": "new", "password": "short"},
        {"username": "ADMIN", "password": PASSWORD},
    ):
        page = client.post(link_of(secret), form)
        assert page.status_code == 200 and "errorlist" in page.content.decode()
    assert Invitation.objects.get().accepted_at is None


def test_invitations_are_seen_and_withdrawn_by_admins_of_their_team(cast: Cast, secret: str):
    row = Invitation.objects.get()
    address = reverse("admin:tracker_invitation_delete", args=[row.pk])
    assert cast.client("stranger").post(address, {"post": "yes"}).status_code == 404
    assert (
        "new@example.com"
        not in cast.client("stranger")
        .get(reverse("admin:tracker_invitation_changelist"))
        .content.decode()
    )
    assert (
        "new@example.com"
        in cast.client("admin").get(reverse("admin:tracker_invitation_changelist")).content.decode()
    )
    cast.client("admin").post(address, {"post": "yes"})
    assert Client().get(link_of(secret)).status_code == 404
