"""Taking a person out of an event."""

from typing import Any

import pytest

from tracker.domain.forgetting import FORGOTTEN, forget, identities

EVENT: dict[str, Any] = {
    "user": {"id": "77", "email": "ada@example.com", "username": "ada.l", "ip_address": "203.0.113.0"},
    "message": "no invoice for ada@example.com",
    "level": "error",
    "exception": {"values": [{"type": "KeyError", "value": "ada@example.com",
                              "stacktrace": {"frames": [{"vars": {"who": "'ada.l'", "n": 77}}]}}]},
    "request": {
        "url": "https://shop.example/cart?who=ada#x", "method": "POST", "data": {"card": "1"},
        "cookies": {"s": "1"}, "env": {"REMOTE_ADDR": "203.0.113.9"}, "query_string": "who=ada",
        "headers": {"Cookie": "s=1", "Accept": "*/*", "X-Forwarded-For": "203.0.113.9"},
    },
    "breadcrumbs": {"values": [{"message": "login of ada@example.com"}]},
    "tags": [["customer", "ada@example.com"], ["tier", "gold"]],
}  # fmt: skip


def test_nothing_names_them_and_what_broke_stays():
    kept = forget(EVENT)
    text = str(kept)
    for word in ("ada@example.com", "ada.l", "203.0.113", "who=ada", "'s'", "card"):
        assert word not in text, word
    assert kept["exception"]["values"][0]["type"] == "KeyError"
    assert kept["request"] == {
        "url": "https://shop.example/cart", "method": "POST", "headers": {"Accept": "*/*"},
    }  # fmt: skip
    assert kept["tags"] == [["customer", FORGOTTEN], ["tier", "gold"]]
    assert kept["exception"]["values"][0]["stacktrace"]["frames"][0]["vars"]["n"] == 77
    assert EVENT["user"]["id"] == "77", "the given one is not touched"


def test_longer_names_go_before_the_names_within_them():
    kept = forget({"user": {"id": "grace", "email": "grace@example.com"}, "m": "grace@example.com"})
    assert kept == {"m": FORGOTTEN}


@pytest.mark.parametrize("user", [None, "x", 3, [], {}])
def test_odd_users_are_nobody(user: Any):
    assert identities({"user": user}) == ()
    assert forget({"user": user, "message": "m", "request": "odd"}) == {
        "message": "m",
        "request": "odd",
    }


def test_pairs_of_headers():
    kept = forget({"request": {"headers": [["Cookie", "a"], ["Host", "h"], "odd"]}})
    assert kept == {"request": {"headers": [["Host", "h"], "odd"]}}
