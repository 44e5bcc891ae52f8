"""Similar issues: a suggestion, between 0 and 1."""

from tests.domain.grouping.make import error, event, message, py
from tracker.domain.grouping.similarity import features_of, similarity

A = event(
    "python",
    error(
        "ValueError",
        "bad amount 5 in order",
        py("shop.web", "view"),
        py("shop.orders", "parse_row"),
    ),
)
NEAR = event(
    "python",
    error(
        "ValueError",
        "bad amount 7 in cart",
        py("shop.tasks", "task"),
        py("shop.orders", "parse_row"),
    ),
)
FAR = event("python", error("OSError", "disk full", py("shop.files", "write_all")))


def like(one, other):
    return similarity(features_of(one), features_of(other))


def test_an_event_is_like_itself():
    assert like(A, A) == 1.0


def test_near_is_nearer_than_far_and_order_does_not_matter():
    assert 0.5 < like(A, NEAR) < 1.0
    assert like(A, NEAR) == like(NEAR, A)
    assert like(A, FAR) == 0.0


def test_messages_compare_by_their_words():
    assert like(message("disk 5 is full"), message("disk 7 is full")) == 1.0
    assert like(message(""), message("")) == 0.0
