"""Read and write tokens for Rollbar's tools are made on a key's page and shown once."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from ingest.auth import TOKENS
from tests.tracker.admin.conftest import Cast


def make(cast: Cast, role: str, expect: int) -> list[str]:
    """The tokens that the page shows."""
    key = cast.red.keys.get()
    answer = cast.client(role).post(reverse("admin:tracker_projectkey_rollbar", args=[key.pk]))
    assert answer.status_code == expect
    return re.findall(r"<code[^>]*>([0-9a-f]{32})</code>", answer.content.decode())


def test_they_work_until_they_are_replaced(cast: Cast):
    TOKENS.forget()
    read, write = make(cast, "admin", 200)
    assert (TOKENS.find(read).scope, TOKENS.find(write).scope) == ("read", "write")
    client = Client()
    assert client.get("/api/1/items/", headers={"X-Rollbar-Access-Token": read}).status_code == 200
    make(cast, "owner", 200)
    TOKENS.forget()
    assert TOKENS.find(read) is None and TOKENS.find(write) is None
    TOKENS.forget()


@pytest.mark.parametrize("role", ["triager", "viewer", "stranger", "nobody"])
def test_only_admins_of_the_team_make_them(cast: Cast, role: str):
    before = cast.red.keys.get().rollbar_read_hash
    assert make(cast, role, 404) == []
    assert cast.red.keys.get().rollbar_read_hash == before


def test_reading_the_address_makes_nothing(cast: Cast):
    address = reverse("admin:tracker_projectkey_rollbar", args=[cast.red.keys.get().pk])
    assert cast.client("admin").get(address).status_code == 405
