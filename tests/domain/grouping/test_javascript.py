"""JavaScript: three engines, bundles with maps and without."""

import pytest

from tests.domain.grouping.make import apart, error, event, groups, js, same
from tracker.domain.grouping import keys_of

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


BUNDLE = "https://shop.example/assets/main.js"


def test_a_bundle_hides_that_a_function_is_a_helper():
    """Its events look under the function alone and with its caller, as sources know it."""
    source = event(
        "javascript",
        error(
            "TypeError",
            "found is null",
            js("./src/catalog.js", "readPrice", "return parseAmount(text)"),
            js("./src/utils/money.js", "parseAmount", "return Number(found[1])"),
        ),
    )
    other = event(
        "javascript",
        error(
            "TypeError",
            "found is null",
            js("./src/catalog.js", "readStock", "return parseAmount(left)"),
            js("./src/utils/money.js", "parseAmount", "return Number(found[1])"),
        ),
    )
    frames = js(BUNDLE, "readPrice"), js(BUNDLE, "Object.parseAmount")
    bundled = event("javascript", error("TypeError", "found is null", *frames))
    assert groups(other, source, bundled) == [1, 2, 2]


def test_a_lookup_in_a_bundle_meets_its_source():
    source = js("./src/orders.js", "load", "return rows.first.id")
    mapped = error("TypeError", "x is nothing", js("./src/cart.js", "show", "load()"), source)
    bundled = error("TypeError", "x is nothing", js(BUNDLE, "show"), js(BUNDLE, "load"))
    assert same(event("javascript", mapped), event("javascript", bundled))


def test_a_verb_with_its_caller_needs_no_module():
    told = "Request failed with status 409"
    source = js("./src/api.js", "request", "throw new ApiError(reply.status)")
    mapped = error("ApiError", told, js("./src/cart.js", "reserve", "await request(path)"), source)
    bundled = error("ApiError", told, js(BUNDLE, "reserve"), js(BUNDLE, "request"))
    assert same(event("javascript", mapped), event("javascript", bundled))


def test_a_minified_twin_does_not_know_where_the_cause_was():
    inner = error(
        "SyntaxError", "Unexpected end of JSON input", js("./src/account.js", "signIn", "x = 1")
    )
    place = js("./src/account.js", "signIn", 'throw new Error("could not sign in")', lineno=12)
    mapped = event("javascript", inner, error("Error", "could not sign in", place, source="cause"))
    far = js("https://shop.example/assets/app-5ca27a0d.js", "at", colno=5_000)
    twins = (
        error("SyntaxError", "Unexpected end of JSON input", far),
        error("Error", "could not sign in", far, source="cause"),
    )
    assert same(mapped, event("javascript", *twins))


@pytest.mark.parametrize(
    "texts",
    [
        ("URI malformed", "malformed URI sequence", "URI error"),
        (
            "Invalid array length",
            "invalid array length",
            "Array size is not a small enough positive integer.",
        ),
        (
            "Invalid count value: -1",
            "repeat count must be non-negative",
            "String.prototype.repeat argument must be greater than or equal to 0",
        ),
        (
            "Converting circular structure to JSON\n --> starting at object with constructor 'A'",
            "cyclic object value",
            "JSON.stringify cannot serialize cyclic structures.",
        ),
        (
            "Illegal invocation",
            "'fetch' called on an object that does not implement interface Window.",
            "Can only call Window.fetch on instances of Window",
        ),
        (
            "Cannot convert undefined or null to object",
            "can't convert undefined to object",
        ),
        (
            "toFixed() digits argument must be between 0 and 100",
            "precision 101 out of range",
            "toFixed() argument must be between 0 and 100",
        ),
        (
            "Right-hand side of 'instanceof' is not callable",
            "invalid 'instanceof' operand t",
            "Right hand side of instanceof is not an object",
        ),
        ("e.images is not iterable", "t.images is not iterable"),
    ],
    ids=lambda texts: texts[0][:20],
)
def test_engines_words_for_one_fault_without_a_map(texts):
    far = js("https://shop.example/assets/app-5ca27a0d.js", "n", colno=5_000)
    assert same(*(event("javascript", error("TypeError", text, far)) for text in texts))


def test_what_is_iterated_tells_minified_code_apart():
    far = js("https://shop.example/assets/app-5ca27a0d.js", "n", colno=5_000)
    one = error("TypeError", "e.images is not iterable", far)
    assert apart(
        event("javascript", one),
        event("javascript", error("TypeError", "e.children is not iterable", far)),
    )


def test_a_callback_that_a_library_calls_at_once_takes_the_name_around_it():
    emit = js("node:events", "EventEmitter.emit", in_app=False)
    for file in ("/app/src/files.js", "/app/dist/server.js"):
        around = js(file, "Object.readRows", 'bus.emit("row", {})')
        inner = js(file, "EventEmitter.?", "row.cells.push(1)")
        told = event("node", error("TypeError", "x is undefined", around, emit, inner))
        assert "readRows" in keys_of(told).keys[0].why, file


def test_promise_all_is_the_languages_own():
    around = js("/app/src/orders.js", "Object.allLines", "return await Promise.all(rows)")
    inner = js("/app/src/orders.js", "?", "return row.total")
    builtin = js("index 1", "Promise.all", in_app=False)
    told = event("node", error("TypeError", "x is undefined", around, builtin, inner))
    assert "allLines" in keys_of(told).keys[0].why


def test_a_timers_callback_has_no_name_of_its_own():
    one = js("/app/src/cron.js", "Timeout._onTimeout", "rates.refresh()")
    other = js("/app/src/mail.js", "Timeout._onTimeout", "queue.flush()")
    assert apart(*(event("node", error("TypeError", "x is nothing", at)) for at in (one, other)))


def test_why_says_nothing_of_a_message_that_does_not_count():
    place = js("/app/src/cart.js", "total", lineno=3)
    told = event(
        "node", error("TypeError", "Cannot read properties of null (reading 'price')", place)
    )
    assert "“…”" not in keys_of(told).keys[0].why
