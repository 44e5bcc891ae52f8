"""From a frame's path to a file of the repository."""

import pytest

from tracker.domain.code_paths import Place, Tree, apply, bare, locate, place_of, read_rules

TREE = Tree(
    """README.md main.py backend/shop/cart.py backend/shop/__init__.py backend/api/__init__.py
    web/src/cart.ts web/src/index.ts admin/src/index.ts java/com/shop/Orders.java
    go/pkg/store/store.go a/util.py b/util.py setup.py""".split()
)


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (Place("shop/cart.py", "/srv/app/shop/cart.py"), "backend/shop/cart.py"),
        (Place("backend/shop/cart.py"), "backend/shop/cart.py"),
        (Place("", "C:\\app\\shop\\cart.py"), "backend/shop/cart.py"),
        (Place("main.py", "/srv/app/main.py"), "main.py"),
        (Place("", "webpack:///./src/cart.ts?x=1"), "web/src/cart.ts"),
        (Place("", "webpack-internal:///(rsc)/./src/cart.ts"), "web/src/cart.ts"),
        (Place("https://cdn.example/static/src/cart.ts"), "web/src/cart.ts"),
        (Place("app:///src/cart.ts"), "web/src/cart.ts"),
        (Place("Orders.java", "", "com.shop.Orders$1"), "java/com/shop/Orders.java"),
        (Place("github.com/team/x/pkg/store/store.go"), "go/pkg/store/store.go"),
        (Place("", "", "shop.cart"), "backend/shop/cart.py"),
        (Place("src/index.ts"), ""),
        (Place("/srv/app/lib/util.py"), ""),
        (Place("/usr/lib/python3/json/setup.py"), "setup.py"),
        (Place("cart.js"), ""),
        (Place("<anonymous>"), ""),
        (Place("/other/cart.ts"), ""),
        (Place(), ""),
    ],
)
def test_where_a_frame_lies(place: Place, path: str):
    found = locate(place, TREE, ())
    assert (found.path if found else "") == path


def test_the_first_mapping_that_leads_to_a_file_wins():
    rules, problems = read_rules(
        "# ours\n/srv/app/ => nowhere/\n\n/srv/app => b\nsrc/ => admin/src/\n"
    )
    assert not problems and len(rules) == 3
    found = locate(Place("/srv/app/util.py"), TREE, rules)
    assert found is not None and (found.path, found.how) == ("b/util.py", "by /srv/app => b")
    mapped = locate(Place("src/index.ts"), TREE, rules)
    assert mapped is not None and mapped.path == "admin/src/index.ts"


def test_a_prefix_ends_where_a_folder_does_and_nothing_climbs_out():
    [rule], _ = read_rules("/srv/app => src")
    assert apply(rule, "/srv/application/x.py") == ""
    assert apply(rule, "/srv/app/x.py") == "src/x.py"
    assert apply(rule, "/srv/app/../../etc/passwd") == ""
    rules, problems = read_rules("/srv/app\n=> x\n/a => ../b\n")
    assert rules == () and [line for line, _ in problems] == [1, 2, 3]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("./a/../b.py", "a/b.py"), ("~/static/a.js", "static/a.js"), ("/a//b.py", "a/b.py"),
        ("https://host/x/y.js?z#1", "x/y.js"), ("https://host", ""), ("file:///srv/x.py", "srv/x.py"),
    ],
)  # fmt: skip
def test_bare(path: str, text: str):
    assert bare(path) == text


def test_frames_of_any_shape_are_read():
    assert place_of({"filename": 3, "abs_path": None, "module": "m"}) == Place("", "", "m")
