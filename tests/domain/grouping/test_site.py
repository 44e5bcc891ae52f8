"""Steps 1 and 2: the place where it went wrong, and what of a stack does not count."""

import pytest

from tests.domain.grouping.make import apart, by_kind, error, event, java, py, python, same, site_of
from tracker.domain.event import Frame
from tracker.domain.grouping import UnknownVersionError, keys_of

VIEW = py("shop.web.views", "order_view", "result = orders.parse(request)")
TASK = py("shop.tasks", "order_task", "return orders.parse(*args)")
DJANGO = py("django.core.handlers.base", "_get_response", "response = callback()", in_app=False)
PARSE = py("shop.orders", "parse_row", "return int(text)")


def test_entry_points_do_not_count():
    assert same(
        python("ValueError", "invalid literal: 'a'", DJANGO, VIEW, PARSE),
        python("ValueError", "invalid literal: 'b'", TASK, PARSE, transaction="shop.tasks.order"),
    )


def test_another_line_of_one_function_is_another_bug():
    other = py("shop.orders", "parse", "return rates[text]")
    assert apart(python("KeyError", "'a'", PARSE), python("KeyError", "'a'", other))


def test_another_type_at_one_line_is_another_bug():
    assert apart(python("ValueError", "x", PARSE), python("TypeError", "x", PARSE))


def test_deploy_directories_and_line_numbers_do_not_count():
    old = py("shop.orders", "parse", "return int(text)", abs_path="/srv/1/shop/orders.py", lineno=3)
    new = py(
        "shop.orders", "parse", "  return  int(text)", abs_path="/srv/2/shop/orders.py", lineno=9
    )
    assert same(python("ValueError", "x", old), python("ValueError", "x", new))


def test_a_shared_helper_takes_its_caller_along():
    helper = py("shop.utils.http", "get_json", "response.raise_for_status()")
    lib = py("requests.models", "raise_for_status", "raise HTTPError(msg)", in_app=False)
    pay, stock = py("shop.billing", "pay", "get_json(a)"), py("shop.stock", "fetch", "get_json(b)")
    text = "503 Server Error: Service Unavailable for url: http://x.test/1"
    one = python("HTTPError", text, VIEW, pay, helper, lib)
    two = python("HTTPError", text, TASK, stock, helper, lib)
    assert apart(one, two)
    assert site_of(one) == "HTTPError in utils.http.get_json < shop.billing.pay, status=503"


def test_comprehensions_and_lambdas_take_the_name_of_the_code_around_them():
    comp = py("shop.orders", "<listcomp>", "return [int(x) for x in text]")
    around = py("shop.orders", "parse_all", "return [int(x) for x in text]")
    inlined = python("ValueError", "x", around)  # Python 3.12 has no frame for it
    assert same(python("ValueError", "x", around, comp), inlined)


def test_recursion_is_the_set_of_functions_in_the_cycle():
    a, b = py("shop.tree", "walk", "visit(n)"), py("shop.tree", "visit", "walk(n)")
    c = py("shop.tree", "size", "return 1")
    text = "maximum recursion depth exceeded"
    one = python("RecursionError", text, VIEW, *([a, b] * 40))
    two = python("RecursionError", text + " in comparison", TASK, *([a, b] * 40), a, c)
    assert same(one, two)
    assert "shop.tree.visit, shop.tree.walk" in site_of(one)
    assert apart(one, python("RecursionError", text, *([c] * 80)))


def test_an_sdk_that_marks_nothing_as_in_app_is_read_by_its_packages():
    one = event(
        "java",
        java(
            "CartException",
            "y",
            ("com.acme.Cart", "fee", False),
            ("org.springframework.Foo", "bar", False),
        ),
    )
    assert site_of(one) == "CartException in com.acme.Cart.fee"


def test_events_of_nothing_group_together_and_never_fail():
    assert same(event("other"), event("other"))
    assert same(event("python", error("")), event("python", error("")))


def test_versions_are_named():
    with pytest.raises(UnknownVersionError, match="g9"):
        keys_of(event("other"), "g9")
    assert keys_of(event("other")).version == "g1"


def test_why_says_what_counts_and_what_does_not():
    keys = keys_of(python("ValueError", "x", DJANGO, VIEW, PARSE))
    assert (
        keys.keys[-1].why
        == "ValueError in shop.orders.parse_row; ignored: entry point, message text"
    )
    assert list(by_kind(keys)) == ["line", "message_at_site", "site"]


def test_a_template_without_a_function_is_its_file_and_line():
    def template(line):
        frame = Frame(filename="templates/order.html", context_line=line, lineno=3, in_app=True)
        return python("TemplateSyntaxError", "Invalid block tag", DJANGO, frame)

    assert same(template("{% price %}"), template("{%  price %}"))
    assert apart(template("{% price %}"), template("{% total %}"))
