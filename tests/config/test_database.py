"""The test database itself: migrated, private, and reachable from other processes."""

import psycopg
import pytest
from django.contrib.auth import get_user_model


@pytest.mark.django_db
def test_the_database_is_migrated_and_empty():
    assert get_user_model().objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_other_connections_see_what_was_committed(database_url):
    get_user_model().objects.create_user("alice")
    with psycopg.connect(database_url) as other:
        row = other.execute("SELECT username FROM tracker_user").fetchone()
    assert row == ("alice",)


@pytest.mark.django_db
def test_a_transaction_before_left_nothing():
    assert get_user_model().objects.count() == 0
