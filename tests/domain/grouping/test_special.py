"""Failures with keys of their own: messages, stack overflows, hangs, CSP reports."""

from tests.domain.grouping.make import apart, error, event, message, py, same, site_of
from tracker.domain.event import Frame, Thread


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
