"""Which commits are suspected, how a place is carried through history, and how sure that is."""

from datetime import UTC, datetime

import pytest

from tracker.domain.culprits import Case, Patch, Site, rank
from tracker.domain.hunks import (
    Change,
    Hunk,
    before,
    defines,
    gap,
    is_cosmetic,
    is_insertion,
    is_new_function,
    removes_check,
)
from tracker.domain.stack_sites import calls_of, place_in, plain_name, words_of
from tracker.domain.suspects import Sure

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def patch(sha: str, *hunks: Hunk, path: str = "a.py", was: str | None = None, **more: object):
    change = Change(path, path if was is None else was, hunks)
    return Patch(sha, "Ada", f"{sha}@x", NOON, sha, changes=(change,), **more)  # type: ignore[arg-type]


def hunk(old: int, removed: str, new: int, added: str, section: str = "") -> Hunk:
    gone, come = removed.split("|") if removed else [], added.split("|") if added else []
    return Hunk(old, len(gone), new, len(come), section, tuple(gone), tuple(come))


SITE = Site("a.py", 10, "total", 1.0, "    return amount / count")


def order(*patches: Patch, site: Site = SITE, **case: object) -> list[str]:
    return [one.sha for one in rank([site], patches, Case(**case))]  # type: ignore[arg-type]


def test_the_line_is_carried_back_through_what_moved_it():
    moved = patch("moved", hunk(1, "", 1, "import x|import y|import z"))
    wrote = patch("wrote", hunk(7, "return amount", 7, "return amount / count"))
    far = patch("far", hunk(10, "print(a)", 10, "print(b)"))
    assert order(moved, far, wrote)[0] == "wrote", "line 10 was line 7 before the imports"


def test_renames_are_followed():
    renamed = patch("renamed", path="a.py", was="old.py")
    wrote = patch("wrote", hunk(10, "x = 1", 10, "return amount / count"), path="old.py")
    stranger = patch("stranger", hunk(10, "y", 10, "z"), path="b.py")
    assert order(renamed, wrote, stranger) == ["wrote", "renamed"]


def test_what_only_reformats_counts_next_to_nothing():
    tidy = patch("tidy", hunk(10, "return amount/count", 10, "return (|    amount / count|)"))
    wrote = patch("wrote", hunk(10, "return amount", 10, "return amount/count"))
    found = rank([SITE], [tidy, wrote], Case())
    assert [one.sha for one in found] == ["wrote", "tidy"]
    assert "only moves or reformats code" in found[1].reasons


def test_a_deleted_guard_is_seen_though_blame_shows_nothing():
    deleted = patch("deleted", hunk(8, "if not count:|    return 0", 7, "", "def total(a):"))
    near = patch("near", hunk(9, "amount = a", 9, "amount = b"))
    found = rank([SITE], [near, deleted], Case())
    assert found[0].sha == "deleted" and found[0].reasons[0] == "removed a check from total"


def test_names_that_the_error_speaks_of_point_to_who_touched_them():
    named = patch("named", hunk(90, "  'express': 9,", 89, ""))
    near = patch("near", hunk(9, "log(a)", 9, "log(b)"))
    assert order(near, named) == ["near", "named"]
    assert order(near, named, words=frozenset({"express"})) == ["named", "near"]


def test_a_weak_signal_alone_is_never_likely():
    file_only = [patch(f"p{n}", hunk(200, "a", 200, "b")) for n in range(2)]
    assert {one.sure for one in rank([SITE], file_only, Case())} == {Sure.UNLIKELY}
    wrote = patch("wrote", hunk(10, "return amount", 10, "return amount / count"))
    assert rank([SITE], [wrote, *file_only], Case())[0].sure is Sure.POSSIBLE
    with_word = Case(words=frozenset({"count"}))
    assert rank([SITE], [wrote, *file_only], with_word)[0].sure is Sure.LIKELY
    unbounded = Case(words=frozenset({"count"}), bounded=False)
    assert rank([SITE], [wrote, *file_only], unbounded)[0].sure is Sure.POSSIBLE


def test_the_suspect_deploy_counts_where_not_everything_came_with_it():
    old = patch("old", hunk(9, "amount = a", 9, "amount = b"), release="1.1")
    new = patch("new", hunk(200, "a", 200, "b"), release="1.2")
    assert (
        "came with the suspect deploy"
        in rank([SITE], [new, old], Case(suspect_release="1.2"))[1].reasons
    )


def test_nothing_touched_nothing_suspected():
    assert rank([SITE], [patch("x", hunk(1, "a", 1, "b"), path="b.py")], Case()) == ()
    assert rank([], [patch("x", hunk(1, "a", 1, "b"))], Case()) == ()


@pytest.mark.parametrize(
    ("one", "line", "was", "wrote"),
    [
        (hunk(5, "", 6, "a|b"), 10, 8, False),
        (hunk(5, "a|b", 4, ""), 10, 12, False),
        (hunk(5, "a", 5, "b"), 5, 5, True),
        (hunk(20, "a", 20, "b"), 10, 10, False),
        (hunk(5, "a", 5, "b|c|d"), 7, 5, True),
    ],
)
def test_where_a_line_was(one: Hunk, line: int, was: int, wrote: bool):
    place, by = before([one], line)
    assert (place, by is not None) == (was, wrote)


@pytest.mark.parametrize(
    ("one", "line", "away"),
    [(hunk(5, "", 5, "a"), 5, 0), (hunk(5, "", 5, "a"), 7, 2), (hunk(5, "", 5, "a"), 3, -2),
     (hunk(5, "a", 4, ""), 5, 1), (hunk(5, "a", 4, ""), 9, 5)],
)  # fmt: skip
def test_gaps(one: Hunk, line: int, away: int):
    assert gap(one, line) == away


def test_what_a_hunk_is():
    assert is_cosmetic(Change("a.py", "a.py", (hunk(1, "", 1, "# words"),)))
    assert is_cosmetic(Change("a.js", "a.js", (hunk(1, "x = 'a'", 1, '  x = "a";'),)))
    assert is_cosmetic(Change("b.py", "a.py"))
    assert not is_cosmetic(Change("a.py", "a.py", (hunk(1, "    x = 1", 1, "  x = 1"),)))
    assert is_cosmetic(Change("a.js", "a.js", (hunk(1, "    x = 1", 1, "  x = 1"),)))
    assert is_insertion(hunk(1, "return a / b", 1, "return round(a / b, 2)"))
    assert not is_insertion(hunk(1, "return a / b", 1, "return a / c"))
    assert is_new_function(hunk(1, "", 1, "|@cached|def more():|    return 1"))
    assert removes_check(hunk(1, "if a:|  b", 1, "b")) and not removes_check(hunk(1, "b", 1, "c"))
    names = frozenset({"SIZE", "rate"})
    assert defines(hunk(1, "", 1, "const SIZE = 0;"), names) == "SIZE"
    assert defines(hunk(1, "", 1, "    rate: float = 2"), names) == "rate"
    assert defines(hunk(1, "", 1, "if rate == 2:"), names) == ""


# --- What of an event is looked at ---------------------------------------------------------------


def test_calls_are_the_applications_own_the_crash_first():
    def frame(name: str, line: int, **more: object) -> dict[str, object]:
        return {"function": name, "filename": f"{name}.py", "lineno": line, **more}

    cause = {"stacktrace": {"frames": [frame("cause", 1, in_app=True)]}}
    top = {"stacktrace": {"frames": [
        frame("main", 2, in_app=True), frame("crash", 3, in_app=True), frame("lib", 4, in_app=False),
        "odd", {"function": 3, "lineno": True},
    ]}}  # fmt: skip
    calls = calls_of({"exception": {"values": [cause, top, "odd"]}})
    assert [(one.function, one.line, one.weight) for one in calls] == [
        ("crash", 3, 1.0), ("cause", 1, 0.9), ("main", 2, 0.6),
    ]  # fmt: skip
    assert calls_of({"exception": 3}) == calls_of({}) == ()


def test_words_of_errors_leave_out_what_all_of_their_kind_say():
    data = {"exception": {"values": [{"value": "'NoneType' object has no attribute 'currency'"}]}}
    assert words_of(data) == {"currency"}
    assert words_of({"logentry": {"message": "no gateway"}}) == {"gateway"}
    assert words_of({"exception": {"values": [{"value": None}]}}) == frozenset()


@pytest.mark.parametrize(
    ("name", "plain"),
    [("shop.Cart.total", "total"), ("Cart::total()", "total"), ("async Cart.total", "total"),
     ("<lambda>", ""), ("Object.<anonymous>", ""), ("?", ""), ("total", "total")],
)  # fmt: skip
def test_plain_names(name: str, plain: str):
    assert plain_name(name) == plain


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ('File "/srv/a.py", line 12, in total', "/srv/a.py", 12),
        ("    at total (/srv/a.js:3:14)", "/srv/a.js", 3),
        ("at com.shop.Orders.find(Orders.java:42)", "Orders.java", 42),
        ("#0 /srv/a.php(12): total()", "/srv/a.php", 12),
        ("app/models/cart.rb:7:in `total'", "app/models/cart.rb", 7),
        ("src/cart.ts", "src/cart.ts", None),
        ("src/cart.ts:9", "src/cart.ts", 9),
    ],
)
def test_lines_of_traces(text: str, path: str, line: int | None):
    place, number = place_in(text)
    assert (place.filename, number) == (path, line)
