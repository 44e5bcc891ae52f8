"""Ownership rules: the last line that matches, told with its number."""

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.event import Event, ExceptionInfo, Frame
from tracker.domain.globs import glob, segments
from tracker.domain.ownership import (
    Facts,
    Kind,
    Owner,
    facts_of,
    from_codeowners,
    match,
    matches,
    parse,
    unknown_owners,
)

TEXT = """\
# who pays
path:src/checkout/*       #payments
module:shop.search.*      ada bo@example.org
url:*/admin/*             #backoffice   # they built it
tag[tier]:gold            #vip ada

codeowners:/docs/         #writers
path:src/checkout/vendor/* none
path:"with blank/*"       @Ada
"""
RULES = parse(TEXT).rules


def owners(**facts: Any) -> str | None:
    found = match(RULES, Facts(**facts))
    return None if found is None else f"{found.rule.line}: {' '.join(map(str, found.rule.owners))}"


def test_reads_every_kind() -> None:
    parsed = parse(TEXT)
    assert not parsed.problems
    assert [rule.line for rule in parsed.rules] == [2, 3, 4, 5, 7, 8, 9]
    assert [rule.kind for rule in parsed.rules] == [
        Kind.PATH, Kind.MODULE, Kind.URL, Kind.TAG, Kind.CODEOWNERS, Kind.PATH, Kind.PATH,
    ]  # fmt: skip
    assert parsed.rules[1].owners == (Owner("ada"), Owner("bo@example.org"))
    again = parse("\n".join(map(str, parsed.rules)))
    assert [(r.kind, r.pattern, r.owners, r.tag) for r in again.rules] == [
        (r.kind, r.pattern, r.owners, r.tag) for r in parsed.rules
    ]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"paths": ("src/checkout/pay.py",)}, "2: #payments"),
        ({"paths": ("/app/src/checkout/deep/pay.py",)}, "2: #payments"),
        ({"paths": (r"C:\app\src\checkout\pay.py",)}, "2: #payments"),
        ({"paths": ("app:///src/checkout/pay.js",)}, "2: #payments"),
        ({"paths": ("http://shop.example/src/checkout/pay.js",)}, "2: #payments"),
        ({"paths": ("mysrc/checkout/pay.py",)}, None),
        ({"paths": ("src/checkout/vendor/x.py",)}, "8: "),
        ({"paths": ("lib/a.py", "src/checkout/pay.py")}, "2: #payments"),
        ({"modules": ("shop.search.index",)}, "3: ada bo@example.org"),
        ({"modules": ("shop.searching",)}, None),
        ({"url": "https://shop.example/ADMIN/users"}, "4: #backoffice"),
        ({"tags": {"tier": "gold"}}, "5: #vip ada"),
        ({"tags": {"tier": "golden"}}, None),
        ({"paths": ("docs/a/b.md",), "tags": {"tier": "gold"}}, "7: #writers"),
        ({"paths": ("with blank/x.py",)}, "9: Ada"),
        ({}, None),
    ],
)
def test_the_last_match_wins(facts: dict[str, Any], expected: str | None) -> None:
    assert owners(**facts) == expected


def test_the_tester_shows_all_and_says_which_line() -> None:
    facts = Facts(paths=("src/checkout/pay.py",), tags={"tier": "gold"})
    found = matches(RULES, facts)
    assert [one.rule.line for one in found] == [2, 5]
    assert str(found[-1]) == "→ #vip ada by line 5 (gold)"
    assert match(RULES, facts) == found[-1]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("src/* #a", "A rule is written"),
        ("pth:src/* #a", "Did you mean “path:”?"),
        ("colour:red #a", "Use path, module"),
        ("path: #a", "needs a pattern"),
        ("path:src/*", "No owner is named"),
        ("path:src/* # only a remark", "No owner is named"),
        ("tag:x #a", "with its name"),
        ("tag[a b]:x #a", "with its name"),
        ("path[x]:y #a", "takes no [x]"),
        ("path:x #No!team", "is no team"),
        ("path:x a@b@c", "neither a user name"),
        (f"path:{'x' * 201} #a", "at most 200"),
        (f"path:x {' '.join(f'u{n}' for n in range(21))}", "at most 20 owners"),
    ],
)
def test_wrong_lines_are_told_by_number(line: str, says: str) -> None:
    parsed = parse(f"path:a #ok\n\n{line}\npath:b #ok\n")
    assert [rule.line for rule in parsed.rules] == [1, 4]
    (problem,) = parsed.problems
    assert problem.line == 3
    assert says in str(problem)


def test_unknown_owners_are_told() -> None:
    problems = unknown_owners(RULES, ["Ada", "bo@example.org"], ["payments", "vip", "writers"])
    assert [str(p) for p in problems] == ["line 4: There is no team #backoffice."]
    near = unknown_owners(parse("path:x #paymnts adda").rules, ["ada"], ["payments"])
    assert [p.text.partition(" Did you mean ")[2] for p in near] == ["#payments?", "ada?"]


def test_facts_of_an_event() -> None:
    own = Frame(module="shop.pay", filename="shop/pay.py", abs_path="/app/shop/pay.py", in_app=True)
    lib = Frame(module="lib", filename="lib.py", in_app=False)
    event = Event("a" * 32, 0.0, 0.0, exceptions=(ExceptionInfo("E", frames=(own, lib)),),
                  tags=(("tier", "gold"),), data={"request": {"url": "https://x/y"}})  # fmt: skip
    assert facts_of(event) == Facts(
        ("shop/pay.py", "/app/shop/pay.py"), ("shop.pay",), "https://x/y", {"tier": "gold"}
    )


# --- CODEOWNERS --------------------------------------------------------------------------------

CODEOWNERS = r"""
# everything else
*                   @org/Core-Team
*.js                @jane
/build/logs/        @doctocat
docs/*              docs@example.com
apps/               @octocat
/scripts/**/x.sh    @org/ops
with\ blank/        @jane
/apps/github
[Payments] @org/pay
/pay/
/pay/tests/         @org/qa
^[Optional][2] @bo
**/legacy           @old   # remark
!no.txt             @jane
"""


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("main.c", "#core-team"),
        ("src/deep/main.c", "#core-team"),
        ("src/app.js", "jane"),
        ("build/logs/a/b.log", "doctocat"),
        ("/srv/app/build/logs/a.log", "doctocat"),
        ("x/build/logs/a.log", "#core-team"),
        ("docs/readme.md", "docs@example.com"),
        ("docs/deep/readme.md", "#core-team"),
        ("apps/x/y.c", "octocat"),
        ("lib/apps/y.c", "octocat"),
        ("scripts/x.sh", "#ops"),
        ("scripts/a/b/x.sh", "#ops"),
        ("with blank/y.c", "jane"),
        ("apps/github/x.c", ""),
        ("pay/card.c", "#pay"),
        ("pay/tests/card.c", "#qa"),
        ("a/legacy/b.c", "old"),
    ],
)
def test_codeowners_keep_their_meaning(path: str, owner: str) -> None:
    imported = from_codeowners(CODEOWNERS)
    assert [problem.line for problem in imported.problems] == [16]
    parsed = parse(imported.text)
    assert not parsed.problems
    found = match(parsed.rules, Facts(paths=(path,)))
    assert found is not None
    assert " ".join(map(str, found.rule.owners)) == owner


def test_codeowners_names_can_be_mapped() -> None:
    names = {"@org/core": "#platform", "@jane": "jane.doe"}
    text = from_codeowners("* @org/core @jane @x/y.z", names).text
    assert text == "codeowners:* #platform jane.doe #y-z\n"


# --- Globs -------------------------------------------------------------------------------------


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=10))
@settings(max_examples=500, deadline=None)
def test_globs_agree_with_regular_expressions(pattern: str, text: str) -> None:
    regex = "".join({"*": "(?s:.*)", "?": "(?s:.)"}.get(c, re.escape(c)) for c in pattern)
    assert glob(pattern, text) == (re.fullmatch(regex, text) is not None)


def test_segments() -> None:
    assert segments(["**"], [])
    assert segments(["a", "**", "b"], ["a", "b"])
    assert segments(["a", "**", "b"], ["a", "x", "y", "b"])
    assert not segments(["a", "*", "b"], ["a", "x", "y", "b"])
    assert not segments(["a"], ["a", "b"])


def test_no_pattern_is_dear() -> None:
    started = time.perf_counter()
    glob("*a" * 100, "a" * 99 + "b" * 2000)
    segments(["**", "a*a*a*a*b"] * 20, ["a" * 50] * 40)
    assert time.perf_counter() - started < 0.5


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_nothing_raises(text: str) -> None:
    parsed = parse(text)
    match(parsed.rules, Facts((text,), (text,), text, {"a": text}))
    imported = from_codeowners(text)
    again = parse(imported.text)
    match(again.rules, Facts((text,)))
