"""Stories of each runtime, as its SDK tells them."""

from tests.domain.grouping.make import apart, error, event, java, same, site_of
from tracker.domain.event import Frame
from tracker.domain.grouping import keys_of


def ruby(function, line, lineno):
    return Frame(
        function=function, filename="app/shop.rb", context_line=line, lineno=lineno, in_app=True
    )


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


def test_android_blames_the_activity_not_the_system():
    inner = java("NullPointerException", "x", ("com.acme.Home", "onResume", True))
    outer = java(
        "RuntimeException",
        "Unable to resume activity {com.acme/Home}: x",
        ("android.app.ActivityThread", "performResume", False),
    )
    assert site_of(event("java", inner, outer)).startswith("NullPointerException in com.acme.Home")


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
