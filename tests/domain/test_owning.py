"""Rules made ready say what the plain ones say, only sooner; and what is pasted is understood."""

import random
import time

import pytest

from tracker.domain.ownership import Facts, Owner, match, parse
from tracker.domain.owning import (
    Book,
    Known,
    Pool,
    book_of,
    facts_from,
    first_known,
    shortened,
    trial,
    winner,
)  # fmt: skip

TEXT = """
path:src/checkout/* #payments
path:*.py ada
module:shop.search.* bo
url:*/Admin/* #backoffice
tag[tier]:gold #vip
codeowners:/docs/ #writers
codeowners:*.js #web
path:vendor/* none
path:/etc/? eve
"""
PATHS = ["src/checkout/cart.py", "/app/src/checkout/cart.js", "C:\\shop\\docs\\a.md", "vendor/x.rb",
         "webpack://shop/./src/a.js", "/etc/x", "docs/a.md", "nothing"]  # fmt: skip


def test_it_agrees_with_the_plain_rules():
    rules = parse(TEXT).rules
    book, dice = book_of(rules), random.Random(4)
    seen = set()
    for _ in range(500):
        facts = Facts(
            tuple(dice.sample(PATHS, dice.randint(0, 2))),
            tuple(dice.sample(["shop.search.x", "other"], dice.randint(0, 1))),
            dice.choice(["", "https://x.example/ADMIN/1", "https://x.example/"]),
            dice.choice([{}, {"tier": "gold"}, {"other": "gold"}]),
        )
        expected = match(rules, facts)
        assert winner(book, facts) == expected
        seen.add(expected.rule.line if expected else 0)
    assert len(seen) == 9  # line 2 is always overruled here


def test_five_thousand_rules_cost_milliseconds():
    book = book_of(parse("\n".join(f"path:src/part{n}/*.py ada" for n in range(5_000))).rules)
    facts = Facts(tuple(f"lib/site/module{n}/file{n}.py" for n in range(40)))
    began = time.perf_counter()
    assert winner(book, facts) is None
    assert time.perf_counter() - began < 0.25


def test_only_the_first_places_count():
    facts = Facts(tuple(f"p/{n}" for n in range(99)))
    assert len(shortened(facts).paths) == 40
    assert winner(book_of(parse("path:p/98 ada").rules), facts) is None
    assert winner(Book(), facts) is None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("#payments", "ada"), Known(team=3)),
        (("#gone", "ADA"), Known(user=7)),
        (("ada@example.org",), Known(user=7)),
        (("who",), Known()),
        ((), Known()),
    ],
)
def test_the_first_owner_who_is_there(names: tuple[str, ...], expected: Known):
    pool = Pool({"ada": 7, "ada@example.org": 7}, {"payments": 3})
    owners = tuple(Owner(name.removeprefix("#"), name.startswith("#")) for name in names)
    assert first_known(owners, pool) == expected


@pytest.mark.parametrize(
    ("pasted", "line"),
    [
        ("src/checkout/cart.txt", 2),
        ('  File "/app/src/checkout/cart.py", line 3, in pay', 3),
        ("    at pay (/app/web/src/pay.js:10:3)", 8),
        ("shop.search.index", 4),
        ("https://x.example/admin/users", 5),
        ("tier=gold", 6),
        ("tag[tier]:gold", 6),
        ("tags.tier: gold", 6),
        ("url:/admin/", 5),
        ("module: shop.search.index", 4),
        ("docs\\guide.md", 7),
        ("nothing at all", None),
        ("", None),
    ],
)
def test_the_tester_reads_what_is_pasted(pasted: str, line: int | None):
    found = trial(parse(TEXT).rules, pasted)
    assert (found[0].rule.line if found else None) == line


def test_an_address_is_a_url_and_a_file():
    facts = facts_from("https://x.example/static/app.js")
    assert facts.url == facts.paths[0] == "https://x.example/static/app.js"
