"""What groups with what: one story each, as SDKs of the field tell them."""

from typing import Any

import pytest

from tests.domain.grouping.make import by_kind, error, event, groups, js, message, py, site_of
from tracker.domain.event import Event, Frame, Thread
from tracker.domain.grouping import UnknownVersionError, keys_of

VIEW = py("shop.web.views", "order_view", "result = orders.parse(request)")
TASK = py("shop.tasks", "order_task", "return orders.parse(*args)")
DJANGO = py("django.core.handlers.base", "_get_response", "response = callback()", in_app=False)
PARSE = py("shop.orders", "parse_row", "return int(text)")


def python(type_, value, *frames: Frame, **more: Any):
    return event("python", error(type_, value, *frames), **more)


def same(*events: Event) -> bool:
    return len(set(groups(*events))) == 1


def apart(*events: Event) -> bool:
    return len(set(groups(*events))) == len(events)


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


def test_http_status_is_a_facet():
    helper = py("shop.utils.http", "get_json", "response.raise_for_status()")
    pay = py("shop.billing", "pay", "get_json(a)")
    assert apart(
        python("HTTPError", "401 Client Error: Unauthorized for url: http://x.test/9", pay, helper),
        python("HTTPError", "503 Server Error: Unavailable for url: http://x.test/8", pay, helper),
    )


def test_comprehensions_and_lambdas_take_the_name_of_the_code_around_them():
    comp = py("shop.orders", "<listcomp>", "return [int(x) for x in text]")
    around = py("shop.orders", "parse_all", "return [int(x) for x in text]")
    inlined = python("ValueError", "x", around)  # Python 3.12 has no frame for it
    assert same(python("ValueError", "x", around, comp), inlined)


def test_a_static_key_names_the_failure_a_value_does_not():
    static = py("shop.orders", "row", "return row['name'] + row['price']")
    assert apart(python("KeyError", "'name'", static), python("KeyError", "'price'", static))
    value = py("shop.orders", "row", "return table[sku]")
    assert same(python("KeyError", "'ember'", value), python("KeyError", "'LAG-7364'", value))


def test_recursion_is_the_set_of_functions_in_the_cycle():
    a, b = py("shop.tree", "walk", "visit(n)"), py("shop.tree", "visit", "walk(n)")
    c = py("shop.tree", "size", "return 1")
    text = "maximum recursion depth exceeded"
    one = python("RecursionError", text, VIEW, *([a, b] * 40))
    two = python("RecursionError", text + " in comparison", TASK, *([a, b] * 40), a, c)
    assert same(one, two)
    assert "shop.tree.visit, shop.tree.walk" in site_of(one)
    assert apart(one, python("RecursionError", text, *([c] * 80)))


def test_an_error_wrapped_by_the_application_counts_with_its_cause():
    raised = py("shop.billing", "charge", "raise PaymentError('failed') from exc")
    tried = py("shop.billing", "charge", "fee(order)")
    fee, token = py("shop.billing", "fee", "a / b"), py("shop.billing", "token", "d['t']")
    outer = error("PaymentError", "failed", VIEW, raised, source="")
    by_zero = error("ZeroDivisionError", "division by zero", tried, fee, source="__cause__")
    no_token = error("KeyError", "'t'", tried, token, source="__cause__")
    assert apart(event("python", by_zero, outer), event("python", no_token, outer))


def test_a_library_that_wraps_adds_nothing():
    lib = py("sqlalchemy.engine.base", "_execute", "raise x from e", in_app=False)
    inner = error("OperationalError", "no such table: a", lib)
    outer = error("OperationalError", "(sqlite3.OperationalError) no such table: a", PARSE, lib)
    bare = event("python", outer)
    assert keys_of(event("python", inner, outer)) == keys_of(bare)


def test_a_bug_in_the_handler_is_not_what_it_handled():
    rollback = py("shop.billing", "rollback", "ledger.revert()")
    outer = error("AttributeError", "'NoneType' object has no attribute 'revert'", rollback)
    first = error("IndexError", "x", py("shop.billing", "settle", "a[3]"), source="__context__")
    second = error("OSError", "y", py("shop.billing", "settle", "open(p)"), source="__context__")
    assert same(event("python", first, outer), event("python", second, outer))


def test_an_exception_group_is_the_set_of_its_children():
    def group(*children: tuple[str, str, str]):
        inner = [
            error(type_, "x", py("shop.jobs", function, line), exception_id=n, parent_id=0)
            for n, (type_, function, line) in enumerate(children, 1)
        ]
        outer = error(
            "ExceptionGroup", f"{len(inner)} sub-exceptions", exception_id=0, is_group=True
        )
        return event("python", *reversed(inner), outer)

    a, b = ("KeyError", "load", "t[k]"), ("OSError", "save", "open(p)")
    assert same(group(a, b), group(b, a, a))
    assert apart(group(a, b), group(a))


def test_messages_lose_what_varies():
    assert same(
        message("Tenant jetty-55 over quota: 1697 of 1000 MB"),
        message("Tenant ember-98 over quota: 5848 of 1000 MB"),
    )
    assert apart(message("License expires in 17 days"), message("Disk full in 3 days"))


def test_a_log_is_its_template_and_meets_the_same_words_without_one():
    assert same(
        message("order 5 of ember failed", template="order %s of %s failed"),
        message("order 7 of dune failed", template="order %s of %s failed"),
    )
    assert same(message("order 5 failed", template="order %d failed"), message("order 6 failed"))


def test_a_message_that_says_nothing_takes_its_place():
    stack = (py("shop.a", "f"),)
    assert apart(message("42", stack=stack), message("42", stack=(py("shop.b", "g"),)))


def test_csp_is_directive_and_host():
    def report(directive, host):
        return event("javascript", type="csp", csp=(directive, host), message="blocked")

    assert same(report("script-src", "evil.test"), report("script-src", "evil.test"))
    assert apart(report("script-src", "evil.test"), report("img-src", "evil.test"))


def test_a_hang_is_its_place_whatever_it_lasted():
    def hang(value, *frames: Frame, type_="App Hanging"):
        return event("cocoa", error(type_, value, *frames, mechanism="AppHang"))

    app = Frame(function="Store.saveSync()", in_app=True, package="/x/Shop.app/Shop")
    write, fsync = (Frame(function=name, in_app=False) for name in ("write", "fsync"))
    assert same(hang("at least 2080 ms", app, write), hang("between 2.3 and 3.7 s", app, fsync))
    other = Frame(function="Feed.decode()", in_app=True, package="/x/Shop.app/Shop")
    assert apart(hang("at least 2080 ms", app), hang("at least 2080 ms", other))


def test_an_anr_takes_the_stack_of_its_thread():
    frame = Frame(function="load", module="com.acme.Feed", in_app=True)
    thread = Thread(id="1", main=True, current=True, frames=(frame,))
    one = event(
        "java",
        error("ApplicationNotResponding", "for at least 5000 ms", mechanism="ANR"),
        threads=(thread,),
    )
    assert site_of(one) == "hang in com.acme.Feed.load"


CHROME = "Cannot read properties of null (reading 'percent')"
FIREFOX = 'can\'t access property "percent", cart.coupon is null'
SAFARI = "null is not an object (evaluating 'cart.coupon.percent')"


def test_three_browsers_word_one_error():
    frame = js("./src/cart.js", "applyCoupon", "return cart.coupon.percent / 100;")
    events = [
        event("javascript", error("TypeError", text, frame)) for text in (CHROME, FIREFOX, SAFARI)
    ]
    assert same(*events)
    assert len({keys_of(one) for one in events}) == 1


@pytest.mark.parametrize(
    "texts",
    [
        (
            "x.total is not a function",
            "x.total is not a function. (In 'x.total()', 'x.total' is undefined)",
        ),
        ("legacy is not defined", "Can't find variable: legacy"),
        ("Failed to fetch", "NetworkError when attempting to fetch resource.", "Load failed"),
        (
            "Unexpected token '<', \"<html>\" is not valid JSON",
            "JSON Parse error: Unrecognized token '<'",
            "JSON.parse: unexpected character at line 1 column 1 of the JSON data",
        ),
        (
            "Cannot access 'a' before initialization",
            "can't access lexical declaration 'a' before initialization",
        ),
        (
            "Loading chunk 12 failed.",
            "Failed to fetch dynamically imported module: https://x.test/a.js",
            "Importing a module script failed.",
        ),
    ],
)
def test_browsers_agree_without_a_stack_too(texts):
    assert same(*(event("javascript", error("TypeError", text)) for text in texts))


def test_a_bundle_keeps_the_function_and_renumbers_clashing_names():
    plain = js(
        "/app/src/cart.js", "Object.discount", "return cart.coupon.percent;", module="src:cart"
    )
    bundle = js(
        "/app/dist/server.js",
        "Object.discount",
        "return cart2.coupon.percent;",
        module="dist:server",
    )
    assert same(
        event("node", error("TypeError", CHROME, plain)),
        event("node", error("TypeError", CHROME, bundle)),
    )


def test_an_anonymous_callback_is_its_file_and_line():
    one = js("./src/ui.js", "?", "input.addEventListener('x');")
    other = js("./src/ui.js", "t/<", "input.addEventListener('x');")
    named = js("./src/ui.js", "mountSearch", "input.addEventListener('x');")
    events = [
        event("javascript", error("TypeError", CHROME, frame)) for frame in (one, other, named)
    ]
    assert same(*events)
    assert same(*reversed(events))


def java(type_, value, *frames: tuple[str, str, bool], **more: Any):
    stack = [
        Frame(module=module, function=function, in_app=flag) for module, function, flag in frames
    ]
    return error(type_, value, *stack, **more)


def test_java_lambdas_proxies_and_reflection_do_not_count():
    one = java(
        "IllegalStateException",
        "x",
        ("jdk.internal.reflect.M12", "invoke", False),
        ("com.acme.Cart$$EnhancerBySpringCGLIB$$1f", "lambda$total$1", True),
    )
    two = java("IllegalStateException", "x", ("com.acme.Cart", "total", True))
    three = java(
        "IllegalStateException",
        "x",
        ("com.acme.Cart", "lambda$total$7", True),
        ("java.util.stream.ReferencePipeline", "forEach", False),
    )
    events = [event("java", link) for link in (two, three)]
    assert same(*events)
    assert len(keys_of(event("java", one)).keys) >= 1


def test_java_executors_carry_somebody_elses_error():
    inner = java("ArithmeticException", "/ by zero", ("com.acme.Cart", "fee", True))
    outer = java(
        "ExecutionException",
        "java.lang.ArithmeticException: / by zero",
        ("com.acme.Main", "run", True),
        ("java.util.concurrent.FutureTask", "get", False),
    )
    assert same(event("java", inner, outer), event("java", inner))


def test_android_blames_the_activity_not_the_system():
    inner = java("NullPointerException", "x", ("com.acme.Home", "onResume", True))
    outer = java(
        "RuntimeException",
        "Unable to resume activity {com.acme/Home}: x",
        ("android.app.ActivityThread", "performResume", False),
    )
    assert site_of(event("java", inner, outer)).startswith("NullPointerException in com.acme.Home")


def test_lateinit_properties_are_told_apart():
    def unset(name):
        return event(
            "java",
            java(
                "UninitializedPropertyAccessException",
                f"lateinit property {name} has not been initialized",
                ("com.acme.Home", "onResume", True),
            ),
        )

    assert apart(unset("adapter"), unset("player"))


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


def ruby(function, line, lineno):
    return Frame(
        function=function, filename="app/shop.rb", context_line=line, lineno=lineno, in_app=True
    )


def test_ruby_core_methods_stand_on_their_callers_line():
    line = "lines.sum { |l| l[:price] }"
    old = [ruby("total", line, 5), ruby("sum", line, 5), ruby("block in total", line, 5)]
    new = [
        ruby("Shop::Cart#total", line, 9),
        ruby("Array#sum", line, 9),
        ruby("block in Shop::Cart#total", line, 9),
    ]
    assert same(
        event("ruby", error("NoMethodError", "undefined method `[]' for nil:NilClass", *old)),
        event("ruby", error("NoMethodError", "undefined method '[]' for nil", *new)),
    )


def test_php_internals_stand_on_their_callers_line():
    line = "return intdiv($a, $b);"

    def frame(function, lineno):
        return Frame(
            function=function,
            filename="/src/Shop.php",
            context_line=line,
            lineno=lineno,
            in_app=True,
        )

    one = event(
        "php",
        error(
            "DivisionByZeroError",
            "Division by zero",
            frame("App\\Cart::ratio", 50),
            frame("intdiv", 50),
        ),
    )
    assert site_of(one) == "DivisionByZeroError in App\\Cart.ratio"


def test_go_error_values_are_what_they_say_without_retries():
    def failed(*values: str):
        links = [error("*fmt.wrapError", value) for value in values[:-1]]
        here = Frame(module="main", function="report", in_app=True)
        return event("go", *links, error("*fmt.wrapError", values[-1], here))

    assert same(
        failed("sql: no rows", "load order 5: sql: no rows"),
        failed(
            "sql: no rows",
            "load order 7: sql: no rows",
            "after 2 attempts: load order 7: sql: no rows",
        ),
    )
    assert apart(failed("load order 5: no rows"), failed("load user 5: no rows"))


def test_a_go_panic_has_a_place():
    panic = error(
        "*runtime.TypeAssertionError",
        "interface conversion: any is int, not string",
        Frame(module="main", function="kind", in_app=True, context_line="return v.(string)"),
        Frame(
            module="main",
            function="recovered",
            in_app=True,
            context_line="sentry.CurrentHub().Recover(r)",
        ),
    )
    assert site_of(event("go", panic)).startswith("TypeAssertionError in main.kind")


def test_dotnet_state_machines_are_their_methods():
    old = Frame(module="Shop.Core.Cart+<LoadAsync>d__3", function="MoveNext", in_app=True)
    new = Frame(
        module="Shop.Core.Cart", function="async Task<Item> Cart.LoadAsync(Guid id)", in_app=True
    )
    assert same(
        *(
            event("csharp", error("System.InvalidOperationException", "x", frame))
            for frame in (old, new)
        )
    )


def test_native_crashes_in_libraries_only_are_told_apart_by_their_top():
    def crash(*names: str):
        return event(
            "native",
            error(
                "SIGSEGV",
                "Segfault",
                *(
                    Frame(function=name, package="/usr/lib/libGL.so", in_app=False)
                    for name in names
                ),
            ),
        )

    assert apart(crash("main_loop", "glDraw"), crash("main_loop", "eglSwap"))


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


def test_a_minified_class_of_errors_is_an_error():
    frame = js("https://x.test/a-1b2c3d4e.js", "Object.ga", colno=900)
    assert same(
        *(event("javascript", error(name, "card was declined", frame)) for name in ("e", "Ut"))
    )


def test_a_known_line_needs_no_wording():
    frame = js("./src/cart.js", "pay", "const { card } = order.payment;")
    assert same(
        event(
            "javascript",
            error(
                "TypeError",
                "Cannot destructure property 'card' of 'order.payment' as it is undefined.",
                frame,
            ),
        ),
        event(
            "javascript",
            error("TypeError", "Right side of assignment cannot be destructured", frame),
        ),
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("undefined method `price' for nil:NilClass", "undefined method 'price' for nil"),
        ("Undefined index: price", 'Undefined array key "price"'),
        (
            "Trying to get property 'price' of non-object",
            'Attempt to read property "price" on null',
        ),
        (
            "local variable 'price' referenced before assignment",
            "cannot access local variable 'price' where it is not associated with a value",
        ),
        (
            "Cannot read property 'price' of null",
            "Cannot read properties of null (reading 'price')",
        ),
    ],
)
def test_two_versions_of_a_runtime_word_one_error(old, new):
    frame = py("shop.orders", "total", "price(x['price'])")
    assert same(python("E", old, frame), python("E", new, frame))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            'duplicate key value violates unique constraint "orders_code"',
            'duplicate key value violates unique constraint "users_mail"',
        ),
        ("UNIQUE constraint failed: orders.code", "UNIQUE constraint failed: users.mail"),
        ("no such table: a", "no such table: b"),
        ('relation "a" does not exist', 'relation "b" does not exist'),
        ("Unknown column 'a' in 'field list'", "Unknown column 'b' in 'field list'"),
        ("SQLSTATE[42S02]: x", "SQLSTATE[23000]: x"),
        ("connect ECONNREFUSED 127.0.0.1:1", "connect ETIMEDOUT 127.0.0.1:1"),
        ("[Errno 2] No such file", "[Errno 13] Permission denied"),
        (
            "Command '['a']' returned non-zero exit status 1.",
            "Command '['a']' returned non-zero exit status 2.",
        ),
        (
            "Command 'a' died with <Signals.SIGKILL: 9>.",
            "Command 'a' died with <Signals.SIGTERM: 15>.",
        ),
        ("Request failed with status code 404", "Request failed with status code 500"),
        ("No module named 'a'", "No module named 'b'"),
        ("name 'a' is not defined", "name 'b' is not defined"),
        ("'X' object has no attribute 'a'", "'X' object has no attribute 'b'"),
        (
            "f() missing 1 required positional argument: 'a'",
            "f() missing 1 required positional argument: 'b'",
        ),
        ("uninitialized constant Shop::A", "uninitialized constant Shop::B"),
        ("Call to undefined method App\\A::x()", "Call to undefined method App\\A::y()"),
        ("Call to a member function x() on null", "Call to a member function y() on null"),
        ('Class "A" not found', 'Class "B" not found'),
        ("Order matching query does not exist.", "User matching query does not exist."),
        ("Missing setting mail.host", "Missing setting db.url"),
        (
            "-[Cart pay]: unrecognized selector sent to instance 0x1",
            "-[Cart buy]: unrecognized selector sent",
        ),
        (
            "Response status code does not indicate success: 404 (Not Found).",
            "Response status code does not indicate success: 503 (Service Unavailable).",
        ),
        (
            "Client error '404 Not Found' for url 'x'",
            "Server error '500 Internal Server Error' for url 'x'",
        ),
        (
            "type 'Null' is not a subtype of type 'String'",
            "type 'int' is not a subtype of type 'String'",
        ),
        ("expired (Code: 1)", "emptyCart (Code: 2)"),
    ],
)
def test_facets_tell_bugs_of_one_line_apart(one, other):
    frame = py("shop.db", "save", "cursor.execute(sql)")
    assert apart(python("E", one, frame), python("E", other, frame))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("order ember-5 not found", "order dune-7 not found"),
        ("could not parse 'a' as date", "could not parse 'b' as date"),
        (
            "[Errno 2] No such file or directory: '/a'",
            "[Errno 2] No such file or directory: '/b/c'",
        ),
        (
            'duplicate key value violates unique constraint "u" DETAIL: (a)=(1)',
            'duplicate key value violates unique constraint "u" DETAIL: (a)=(2)',
        ),
        ("503 Server Error: x for url: http://a/1", "503 Server Error: y for url: http://b/2"),
        ('Undefined array key "LAG-77"', 'Undefined array key "ember"'),
        ("Missing key DUN-1", "Missing key LAG-2"),
    ],
)
def test_data_in_messages_does_not_tell_bugs_apart(one, other):
    frame = py("shop.db", "save", "cursor.execute(sql)")
    assert same(python("E", one, frame), python("E", other, frame))
