"""What a change of rules would do, told before it is saved."""

from tests.domain.grouping.make import error, event, py
from tracker.domain.grouping import keys_of
from tracker.domain.grouping.preview import preview, regroup
from tracker.domain.grouping.rules import (
    NO_RULES,
    Rules,
    parse_fingerprint_rules,
    parse_stack_rules,
)


def failed(function, release="1", caller="view"):
    frames = py("shop.web", caller), py("shop.orders", function, f"{function}(1)")
    return event("python", error("ValueError", "x", *frames), release=release)


EVENTS = [failed("load_row"), failed("load_row", "2"), failed("save_row"), failed("load_row")]


def test_nothing_changes_without_rules():
    found = preview(EVENTS, NO_RULES, NO_RULES)
    assert (found.events, found.before, found.after, found.moved) == (4, 2, 2, 0)
    assert found.splits == found.joins == ()


def test_a_rule_that_splits_says_into_what():
    rules = Rules(parse_fingerprint_rules("release:2 -> {{ default }}, two"))
    found = preview(EVENTS, NO_RULES, rules)
    assert (found.before, found.after, found.moved) == (2, 3, 3)
    assert [change.sizes for change in found.splits] == [(2, 1)]
    assert found.joins == ()


def test_a_rule_that_joins_says_what():
    rules = Rules(parse_fingerprint_rules("type:ValueError -> all"))
    found = preview(EVENTS, NO_RULES, rules)
    assert (found.before, found.after, found.moved) == (2, 1, 4)
    assert [change.sizes for change in found.joins] == [(3, 1)]
    assert found.joins[0].titles == ("ValueError: x", "ValueError: x")


def test_stack_rules_are_previewed_too():
    events = [failed("load_row", caller="a_view"), failed("load_row", caller="b_view")]
    found = preview(events, NO_RULES, Rules(stack=parse_stack_rules("function:load_* helper")))
    assert (found.before, found.after) == (1, 2)


def test_regroup_numbers_groups_in_order_of_arrival():
    assert regroup(keys_of(event) for event in EVENTS) == [1, 1, 2, 1]
