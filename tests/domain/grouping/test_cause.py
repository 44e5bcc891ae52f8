"""Step 3: which link of a chain is the bug, and which others count with it."""

from tests.domain.grouping.make import apart, error, event, java, py, same
from tracker.domain.grouping import keys_of

VIEW = py("shop.web.views", "order_view", "result = orders.parse(request)")
PARSE = py("shop.orders", "parse_row", "return int(text)")


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


def test_java_executors_carry_somebody_elses_error():
    inner = java("ArithmeticException", "/ by zero", ("com.acme.Cart", "fee", True))
    outer = java(
        "ExecutionException",
        "java.lang.ArithmeticException: / by zero",
        ("com.acme.Main", "run", True),
        ("java.util.concurrent.FutureTask", "get", False),
    )
    assert same(event("java", inner, outer), event("java", inner))
