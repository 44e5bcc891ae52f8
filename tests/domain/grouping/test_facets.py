"""Step 4: the parts of a message that name the failure, and data that does not."""

import pytest

from tests.domain.grouping.make import apart, event, java, py, python, same


def test_http_status_is_a_facet():
    helper = py("shop.utils.http", "get_json", "response.raise_for_status()")
    pay = py("shop.billing", "pay", "get_json(a)")
    assert apart(
        python("HTTPError", "401 Client Error: Unauthorized for url: http://x.test/9", pay, helper),
        python("HTTPError", "503 Server Error: Unavailable for url: http://x.test/8", pay, helper),
    )


def test_a_static_key_names_the_failure_a_value_does_not():
    static = py("shop.orders", "row", "return row['name'] + row['price']")
    assert apart(python("KeyError", "'name'", static), python("KeyError", "'price'", static))
    value = py("shop.orders", "row", "return table[sku]")
    assert same(python("KeyError", "'ember'", value), python("KeyError", "'LAG-7364'", value))


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
        ("No enum constant shop.Status.OPEN", "No enum constant shop.Status.SHUT"),
    ],
)
def test_data_in_messages_does_not_tell_bugs_apart(one, other):
    frame = py("shop.db", "save", "cursor.execute(sql)")
    assert same(python("E", one, frame), python("E", other, frame))


@pytest.mark.parametrize("line", ["importlib.import_module(name)", "return require(name)"])
def test_a_module_loaded_by_a_name_that_is_not_spelt_out_is_data(line):
    frame = py("shop.plugins", "load", line)
    one, other = "No module named 'plugins.dune'", "No module named 'plugins.ember'"
    assert same(python("ImportError", one, frame), python("ImportError", other, frame))


def test_a_module_that_the_line_spells_out_names_the_failure():
    frame = py("shop.plugins", "load", "from shop import parcels")
    one, other = "No module named 'parcels'", "No module named 'lxml'"
    assert apart(python("ImportError", one, frame), python("ImportError", other, frame))
