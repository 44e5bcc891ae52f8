"""Titles and culprits that people recognise."""

import pytest

from tests.domain.grouping.make import error, event, js, message, py
from tracker.domain.event import Frame, Thread
from tracker.domain.titles import MOST_TITLE, UNLABELED, title_of, without_snippet

PARSE = py("shop.orders", "parse_row", "return int(text)")
LIB = py("json.decoder", "decode", in_app=False)


def test_type_value_and_the_in_app_function_that_crashed():
    found = title_of(event("python", error("ValueError", "bad row", PARSE, LIB)))
    assert (found.title, found.culprit) == ("ValueError: bad row", "shop.orders.parse_row")


@pytest.mark.parametrize(
    ("one", "title"),
    [
        (event("python", error("KeyError", "")), "KeyError"),
        (event("python", error("", "went wrong")), "went wrong"),
        (event("python", error("A", "first\nsecond")), "A: first"),
        (event("python", error("A", "\n\n  deep\n")), "A: deep"),
        (event("python", error("Inner", "x"), error("Outer", "y")), "Outer: y"),
        (message("Disk full"), "Disk full"),
        (
            event("node", error("ZodError", '[\n {\n "code": "x"\n }\n]')),
            'ZodError: [ { "code": "x" } ]',
        ),
        (event("node", error("A", "Expected equal:\n\n1 !== 2\n")), "A: Expected equal: 1 !== 2"),
        (
            event(
                "node", error("PrismaError", "\nInvalid `prisma.user.create()` in\n\nUnique failed")
            ),
            "PrismaError: Unique failed",
        ),
        (event("dart", error("FormatException", "FormatException: bad")), "FormatException: bad"),
        (
            event("dart", error("DioException", "DioException [bad response]: 404")),
            "DioException [bad response]: 404",
        ),
        (event("python", error("A", "b"), title="Theirs"), "Theirs"),
        (message("", template="Disk %s full"), "Disk %s full"),
        (event("other"), UNLABELED),
        (
            event("javascript", type="csp", csp=("script-src 'self'", "evil.test")),
            "Blocked script-src from evil.test",
        ),
        (event("javascript", type="csp", csp=("script-src", "")), "Blocked script-src from inline"),
        (
            event("other", type="check_in", data={"monitor_slug": "nightly"}),
            "Check-in of nightly failed",
        ),
        (
            event("java", error("ApplicationNotResponding", "ANR for at least 5000 ms.")),
            "ApplicationNotResponding: ANR for at least 5000 ms.",
        ),
        (
            event(
                "native",
                error("SIGABRT", "", Frame(function="Job::finish()", in_app=True), synthetic=True),
            ),
            "SIGABRT: Job::finish()",
        ),
    ],
)
def test_titles(one, title):
    assert title_of(one).title == title


def test_a_title_is_one_line_of_bounded_length():
    title = title_of(message("word \n" * 500)).title
    assert len(title) <= MOST_TITLE
    assert title.endswith("…")
    assert "\n" not in title


@pytest.mark.parametrize(
    ("one", "culprit"),
    [
        (event("python", error("A", "b", LIB)), "json.decoder.decode"),
        (event("python", error("A", "b"), transaction="/pay"), "/pay"),
        (message("hello", logger="shop.mail"), "shop.mail"),
        (event("node", error("A", "b", js("/srv/src/cart.js", "Object.total"))), "src/cart.total"),
        (
            event(
                "php",
                error(
                    "A",
                    "b",
                    Frame(function="App\\Cart::half", filename="/src/Shop.php", in_app=True),
                ),
            ),
            "App\\Cart::half",
        ),
        (
            event(
                "java",
                error("ANR", "x"),
                threads=(
                    Thread(
                        current=True,
                        frames=(Frame(function="load", module="com.acme.Feed", in_app=True),),
                    ),
                ),
            ),
            "com.acme.Feed.load",
        ),
        (event("javascript", error("A", "b", js("https://x.test/a.js", "?"))), "a.js"),
    ],
)
def test_culprits(one, culprit):
    assert title_of(one).culprit == culprit


def test_a_comprehension_is_told_by_the_function_around_it():
    frames = py("shop.daily", "build", "x = [f(y)]"), py("shop.daily", "<listcomp>", "x = [f(y)]")
    assert title_of(event("python", error("E", "", *frames))).culprit == "shop.daily.build"


@pytest.mark.parametrize(
    ("platform", "module", "function", "culprit"),
    [
        ("java", "com.acme.Report$$SpringCGLIB$$0", "monthly", "com.acme.Report.monthly"),
        ("java", "com.acme.Sync$all$2$job$1", "invokeSuspend", "com.acme.Sync.all"),
        ("csharp", "Acme.Repository`1", "GetAsync", "Acme.Repository.GetAsync"),
        ("csharp", "Enemy+<Follow>d__4", "MoveNext", "Enemy.Follow"),
    ],
)
def test_culprits_are_free_of_what_compilers_add(platform, module, function, culprit):
    frame = Frame(function=function, module=module, filename="A.x", in_app=True)
    assert title_of(event(platform, error("E", "", frame))).culprit == culprit


def test_a_minifiers_name_and_a_library_tell_less_than_the_transaction():
    minified = js("https://x.test/main.js", "aB", colno=9_000)
    library = py("json.decoder", "decode", in_app=False)
    for platform, frame in (("javascript", minified), ("python", library)):
        one = event(platform, error("E", "", frame), transaction="/cart")
        assert title_of(one).culprit == "/cart"
        assert title_of(event(platform, error("E", "", frame))).culprit


@pytest.mark.parametrize(
    ("message", "told"),
    [
        (
            "undefined method `city' for nil\n\n    order.city\n         ^^^^^",
            "undefined method `city' for nil",
        ),
        ("no b\n\n  a.b\n   ^^\nDid you mean?  c", "no b\nDid you mean?  c"),
        ("2 ^ 3 is no power", "2 ^ 3 is no power"),
        ("first\n\nsecond", "first\n\nsecond"),
    ],
)
def test_the_code_under_a_message_is_not_told(message, told):
    assert without_snippet(message) == told


def test_a_message_of_carets_takes_no_time():
    assert without_snippet("\n\n a\n ^^" * 20_000) is not None
