"""Fingerprint rules and stack rules of a project, and the SDK's fingerprints."""

import time
from typing import Any

import pytest

from tests.domain.grouping.make import error, event, message, py
from tracker.domain.grouping import Rules, keys_of
from tracker.domain.grouping.rules import (
    MOST_RULES,
    Glob,
    RuleError,
    parse_fingerprint_rules,
    parse_stack_rules,
)

PARSE = py("shop.orders", "parse_row", "return int(text)")
VIEW = py("shop.web.views", "order_view", "orders.parse_row(x)")


def one(type_="ValueError", value="x", **more: Any):
    return event("python", error(type_, value, VIEW, PARSE), **more)


def hashes(found):
    return [key.hash for key in found.keys]


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*error", "valueerror", True),
        ("value*", "valueerror", True),
        ("*alue*rr*", "valueerror", True),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("*", "", True),
        ("", "", True),
        ("", "a", False),
        ("**/orders/**", "shop/orders/x.py", True),
        ("shop\\orders*", "shop/orders/x.py", True),
        ("a.c", "abc", False),
        ("ab*ba", "aba", False),
    ],
)
def test_globs(pattern, text, matches):
    assert Glob.of(pattern).matches(text) is matches


def test_a_fingerprint_rule_groups_and_titles():
    rules = Rules(
        parse_fingerprint_rules(
            'type:*Error path:*/orders.py tags.tenant:acme -> orders, {{ type }} title="Orders are broken"'
        )
    )
    acme = (("tenant", "acme"),)
    first = keys_of(one(tags=acme), rules=rules)
    second = keys_of(one(value="y", tags=acme), rules=rules)
    assert first.title == "Orders are broken"
    assert hashes(first) == hashes(second)
    assert first.keys[0].kind == "fingerprint"
    assert "the project's rule" in first.keys[0].why
    assert hashes(keys_of(one("TypeError", tags=acme), rules=rules)) != hashes(first)
    assert keys_of(one(), rules=rules) == keys_of(one())


def test_rules_win_over_the_sdk_and_the_sdk_over_the_algorithm():
    rules = Rules(parse_fingerprint_rules("type:ValueError -> ours"))
    theirs = one(fingerprint=("theirs",))
    assert hashes(keys_of(theirs, rules=rules)) == hashes(keys_of(one(), rules=rules))
    assert hashes(keys_of(theirs)) != hashes(keys_of(one()))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("type", "valueerror"),
        ("value", "x*"),
        ("message", "*x"),
        ("module", "shop.orders"),
        ("function", "parse_*"),
        ("path", "*shop/orders.py"),
        ("logger", "root"),
        ("level", "error"),
        ("release", "1.*"),
        ("environment", "prod"),
        ("transaction", "/pay*"),
        ("platform", "python"),
        ("error.type", "ValueError"),
        ("stack.function", "PARSE_ROW"),
        ("server", "web-*"),
    ],
)
def test_every_field_can_be_matched_and_refused(field, value):
    told = one(
        logger="root", release="1.2", environment="prod", transaction="/pay/1", server_name="web-7"
    )
    rules = Rules(parse_fingerprint_rules(f"{field}:{value} -> a"))
    refused = Rules(parse_fingerprint_rules(f"!{field}:{value} -> a"))
    assert keys_of(told, rules=rules).keys[0].kind == "fingerprint"
    assert keys_of(told, rules=refused).keys[0].kind == "line"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("\ntype:A b", "Line 2: no “ -> ”"),
        ("type:A -> ", "Line 1: no"),
        ("colour:red -> a", "there is no field “colour”; use one of type"),
        ("hello -> a", "“hello” is no matcher"),
        ("type:A -> ,", "no fingerprint after"),
        ("type:" + "a" * 600 + " -> x", "longer than 500"),
        ("type:a -> x\n" * (MOST_RULES + 1), f"Line {MOST_RULES + 1}: more than {MOST_RULES}"),
        (" ".join(["type:a"] * 11) + " -> x", "more than 10 matchers"),
    ],
)
def test_a_rule_that_cannot_be_saved_says_line_and_remedy(text, sentence):
    with pytest.raises(RuleError) as caught:
        parse_fingerprint_rules(text)
    assert sentence in str(caught.value)


def test_comments_and_empty_lines_are_left_out():
    assert len(parse_fingerprint_rules("# ours\n\n type:A -> b \n")) == 1


def test_stack_rules_change_whose_code_it_is():
    off = Rules(stack=parse_stack_rules("module:shop.orders -app"))
    assert "web.views.order_view" in keys_of(one(), rules=off).keys[-1].why
    ignored = Rules(stack=parse_stack_rules("function:parse_* ignore"))
    assert "web.views.order_view" in keys_of(one(), rules=ignored).keys[-1].why
    helper = Rules(stack=parse_stack_rules("path:*/orders.py helper"))
    assert "parse_row < web.views.order_view" in keys_of(one(), rules=helper).keys[-1].why
    lib = py("celery.app", "trace", in_app=False)
    on = Rules(stack=parse_stack_rules("module:celery.* +app"))
    assert (
        "celery.app.trace"
        in keys_of(event("python", error("A", "b", PARSE, lib)), rules=on).keys[-1].why
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("path:* nothing", "ends with “nothing”"),
        ("type:A -app", "there is no field “type”"),
        ("-app", "no matcher"),
    ],
)
def test_stack_rules_are_checked_too(text, sentence):
    with pytest.raises(RuleError, match="Line 1") as caught:
        parse_stack_rules(text)
    assert sentence in str(caught.value)


def test_matching_is_bounded_whatever_people_write():
    pattern = "*".join("a" * 60) + "b"
    lines = "\n".join(
        f"path:{pattern}* function:{pattern} !value:{pattern} -> x{n}" for n in range(100)
    )
    stack = "\n".join(f"path:{pattern}{n}* -app" for n in range(100))
    rules = Rules(parse_fingerprint_rules(lines), parse_stack_rules(stack))
    frames = [py("a" * 300 + str(n), "a" * 300 + str(n), in_app=False) for n in range(250)]
    many = event("python", *(error("A", "a" * 8000, *frames) for _ in range(50)))
    started = time.thread_time()
    keys_of(many, rules=rules)
    assert time.thread_time() - started < 0.5


@pytest.mark.parametrize("nothing", [(), ("",), ("  ",), ("{{ default }}",), ("{{default}}", "")])
def test_an_empty_or_default_fingerprint_says_nothing(nothing):
    assert keys_of(one(fingerprint=nothing)) == keys_of(one())


def test_a_fixed_fingerprint_joins_whatever_happened():
    assert hashes(keys_of(one(fingerprint=("pay",)))) == hashes(
        keys_of(message("other", fingerprint=("pay",)))
    )


def test_default_with_more_splits_what_the_algorithm_groups():
    plain, a, b = (
        one(),
        one(fingerprint=("{{ default }}", "a")),
        one(fingerprint=("{{default}}", "b")),
    )
    again = one(fingerprint=("{{ default }}", "a"), value="y")
    kinds = [[key.kind for key in keys_of(x).keys] for x in (plain, a)]
    assert kinds[0] == kinds[1]
    assert len({keys_of(x).keys[0].hash for x in (plain, a, b)}) == 3
    assert keys_of(a).keys[0].hash == keys_of(again).keys[0].hash


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("{{ type }}", "ValueError"),
        ("{{ error.type }}", "ValueError"),
        ("{{ value }}", "x"),
        ("{{ transaction }}", "/pay"),
        ("{{ function }}", "parse_row"),
        ("{{ module }}", "shop.orders"),
        ("{{ level }}", "error"),
        ("{{ logger }}", "root"),
        ("{{ message }}", "x"),
        ("{{ package }}", "<no-package>"),
        ("{{ tags.tenant }}", "acme"),
        ("{{ tags.none }}", "<no-value-for-tag-none>"),
        ("{{ unknown }}", "{{ unknown }}"),
    ],
)
def test_variables_are_filled_in(variable, value):
    told = one(
        fingerprint=(f"a {variable}",),
        transaction="/pay",
        logger="root",
        tags=(("tenant", "acme"),),
    )
    assert keys_of(told).keys[0].why == f"the SDK's fingerprint: a {value}"
