"""The outbound guard and the patience of a sender, against real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from alerts.transports import http
from alerts.transports.base import Blocked, Misconfigured, Rejected, TransportError, Unreachable
from tests.alerts.sinks import Scripted, WebhookSink, free_port
from tracker.outbound import is_public

INNER = [
    "127.0.0.1", "127.9.9.9", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.0.8", "198.18.0.1", "203.0.113.9", "224.0.0.1",
    "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fec0::1", "fc00::1",
    "fd12:3456::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::1", "100::1", "2001:db8::1", "2001::1",
    "2002:7f00:1::", "3fff::1", "5f00::1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8",
    "1.1.1.1",
    "93.184.216.34",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700:4700::1111",
]


@pytest.fixture(autouse=True)
def _nothing_allowed(settings: Any) -> None:
    settings.EMBERWATCH_OUTBOUND_ALLOW = ()


@pytest.fixture
def sink(settings: Any) -> Iterator[WebhookSink]:
    with WebhookSink() as found:
        settings.EMBERWATCH_OUTBOUND_ALLOW = (f"127.0.0.1:{found.port}",)
        yield found


@pytest.mark.parametrize("address", INNER)
def test_inner_addresses_are_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://[::ffff:127.0.0.1]/",
     "http://2130706433/", "http://0x7f.1/", "http://127.1/", "http://0/", "https://169.254.169.254/latest"],
)  # fmt: skip
def test_every_spelling_of_an_inner_address_is_blocked(url: str) -> None:
    with pytest.raises(Blocked) as caught:
        http.post(url, b"{}", {})
    assert caught.value.permanent


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "gopher://x/", "http://", "http://a b/",
     "http://user:word@example.com/", "http://example.com\\@10.0.0.1/", "http://x:99999/",
     "http://example.com/\r\nHost: evil", "http://example.com/ü", "//example.com"],
)  # fmt: skip
def test_odd_addresses_are_refused_before_resolving(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "resolve", lambda *_: pytest.fail("resolved"))
    with pytest.raises(Misconfigured):
        http.check(url)


def resolving_to(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let names resolve to these addresses, a list a look-up; returns the names asked for."""
    asked: list[str] = []

    def getaddrinfo(host: str, port: int, **_kwargs: Any) -> list[Any]:
        addresses = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_one_inner_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    resolving_to(monkeypatch, ["93.184.216.34", "10.0.0.1"])
    with pytest.raises(Blocked):
        http.check("https://hooks.example.com/")


def test_the_name_is_resolved_once_and_the_checked_address_is_called(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    """Rebinding: a second look-up would lead elsewhere, so there is none."""
    asked = resolving_to(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    called: list[Any] = []

    def create_connection(address: Any, timeout: float) -> socket.socket:
        called.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", create_connection)
    with pytest.raises(Unreachable):
        http.post("http://hooks.example.com/", b"{}", {})
    assert asked == ["hooks.example.com"]
    assert called == [("93.184.216.34", 80)]


def test_other_ports_need_to_be_allowed(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    resolving_to(monkeypatch, ["93.184.216.34"])
    with pytest.raises(Blocked, match="port 8443"):
        http.check("https://hooks.example.com:8443/")
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("hooks.example.com:8443",)
    assert http.check("https://hooks.example.com:8443/").port == 8443


@pytest.mark.parametrize(
    ("entry", "url", "passes"),
    [
        ("10.0.0.0/8", "http://10.1.2.3/", True),
        ("10.0.0.0/8", "http://10.1.2.3:9000/", True),
        ("10.1.2.3:9000", "http://10.1.2.3:9000/", True),
        ("10.1.2.3:9000", "http://10.1.2.3/", False),
        ("10.1.2.3", "http://10.1.2.4/", False),
        ("[fd00::1]:8080", "http://[fd00::1]:8080/", True),
        ("fd00::/8", "http://[fd00::1]/", True),
        ("fd00::/8", "http://10.0.0.1/", False),
        ("LOCALHOST", "http://localhost/", True),
    ],
)
def test_exceptions(entry: str, url: str, passes: bool, settings: Any) -> None:
    settings.EMBERWATCH_OUTBOUND_ALLOW = (entry,)
    if passes:
        http.check(url)
    else:
        with pytest.raises(Blocked):
            http.check(url)


def test_a_proxy_of_the_environment_is_not_used(
    sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert http.post(sink.url, b"{}", {}) == 200
    assert sink.calls[0].headers["Host"] == f"127.0.0.1:{sink.port}"


@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (410, True), (408, False), (425, False), (429, False),
     (500, False), (502, False), (503, False)],
)  # fmt: skip
def test_answers(sink: WebhookSink, status: int, permanent: bool) -> None:
    sink.answers = [Scripted(status)]
    with pytest.raises(Rejected) as caught:
        http.post(sink.url, b"{}", {})
    assert caught.value.permanent is permanent
    assert caught.value.status == str(status)


def test_redirects_are_not_followed(sink: WebhookSink) -> None:
    sink.answers = [Scripted(302, {"Location": sink.url})]
    with pytest.raises(Rejected, match="not followed") as caught:
        http.post(sink.url, b"{}", {})
    assert caught.value.permanent
    assert len(sink.calls) == 1


def test_retry_after_in_seconds_and_as_a_date(sink: WebhookSink) -> None:
    sink.answers = [Scripted(429, {"Retry-After": "17"})]
    with pytest.raises(Rejected) as caught:
        http.post(sink.url, b"{}", {})
    assert caught.value.retry_after == 17
    assert http.seconds_of("Wed, 21 Oct 2015 07:28:00 GMT", 1445412420.0) == 60
    assert http.seconds_of("Wed, 21 Oct 2015 07:28:00 GMT", 1e10) == 0
    assert http.seconds_of("soon", 0) is None


def test_an_endless_answer_is_cut(sink: WebhookSink) -> None:
    sink.answers = [Scripted(200, body=b"x" * 5_000_000)]
    assert http.post(sink.url, b"{}", {}) == 200


def test_slow_answers_and_dripping_ones_end_at_the_deadline(
    sink: WebhookSink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.4)
    for answer in (Scripted(delay=5), Scripted(body=b"x" * 100, drip=0.1)):
        sink.answers = [answer]
        started = time.monotonic()
        with pytest.raises(Unreachable, match="no answer within") as caught:
            http.post(sink.url, b"{}", {})
        assert not caught.value.permanent
        assert time.monotonic() - started < 2


def test_headers_that_drip_end_at_the_deadline(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "ANSWER_SECONDS", 0.4)
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    server = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        connection, _address = server.accept()
        try:
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            for number in range(200):
                connection.sendall(f"X-{number}: y\r\n".encode())
                time.sleep(0.05)
        except OSError:
            pass  # hung up on, as it should be

    threading.Thread(target=drip, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(Unreachable):
        http.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
    assert time.monotonic() - started < 2
    server.close()


def test_nobody_there_and_rubbish(settings: Any) -> None:
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    with pytest.raises(Unreachable):
        http.post(f"http://127.0.0.1:{free_port()}/", b"{}", {})
    server = socket.create_server(("127.0.0.1", 0))

    def rubbish() -> None:
        connection, _address = server.accept()
        connection.recv(10_000)
        connection.sendall(b"\x00\xff rubbish\r\n\r\n")
        connection.close()

    threading.Thread(target=rubbish, daemon=True).start()
    with pytest.raises(TransportError):
        http.post(f"http://127.0.0.1:{server.getsockname()[1]}/", b"{}", {})
    server.close()


def test_tls_is_checked_against_the_name(settings: Any) -> None:
    """A server that speaks no TLS, or with an unknown certificate, gets nothing."""
    settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
    with WebhookSink() as plain, pytest.raises(Unreachable):
        http.post(f"https://127.0.0.1:{plain.port}/", b"{}", {})


def test_an_answer_whose_body_comes_after_its_headers_is_read(sink: WebhookSink) -> None:
    sink.answers = [Scripted(body=b"x" * 40, drip=0.005)]
    reply = http.request("POST", sink.url, b"{}", {})
    assert (reply.status, reply.body) == (200, b"x" * 40)
