"""The bridge on the wire: raw sockets against granian, as clients that misbehave would."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.env import Env
from config.run.processes import Sizes, web
from tests.stack import ROOT, free_port

BODY_SECONDS = 1.0
HOST = b"Host: localhost\r\n"


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A web server with the echo application and a short time-out for bodies."""
    number = free_port()
    sizes = Sizes.of(Env({"PORT": str(number), "WEB_WORKERS": "1"}))
    env = {
        **os.environ,
        "WEB_BODY_MS": str(int(BODY_SECONDS * 1000)),
        "WEB_BODY_MIB": "2",
        "WEB_INFLIGHT_MIB": "3",
        "WEB_THREADS": "32",
    }
    server = subprocess.Popen(web(sizes, "tests.config.bridge_app:app"), cwd=ROOT, env=env)
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", number), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield number
    finally:
        server.terminate()
        server.wait(30)


def talk(port: int, data: bytes, *, half_close: bool = False, seconds: float = 10) -> bytes:
    """Send bytes, read until the server closes or has nothing more to say."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as client:
        client.sendall(data)
        if half_close:
            client.shutdown(socket.SHUT_WR)
        return read_answer(client)


def read_answer(client: socket.socket) -> bytes:
    """One whole response: head, and as much body as it announces."""
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(65536)
        if not block:
            return data
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    if not lengths:
        while block := client.recv(65536):
            body += block
        return head + b"\r\n\r\n" + body
    length = int(lengths[0].split(b":")[1])
    while len(body) < length:
        block = client.recv(65536)
        if not block:
            break
        body += block
    return head + b"\r\n\r\n" + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def said(answer: bytes) -> dict[str, str]:
    parsed: dict[str, str] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return parsed


def post(path: bytes, body: bytes, *lines: bytes) -> bytes:
    head = b"".join(line + b"\r\n" for line in lines)
    length = b"Content-Length: %d\r\n" % len(body)
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + length + head + b"\r\n" + body


class TestEnviron:
    def test_a_request_arrives_as_wsgi_wants_it(self, port: int):
        got = said(
            talk(
                port,
                post(
                    b"/a%C3%A9/b?x=%41+b",
                    b"hello",
                    b"Content-Type: text/plain",
                    b"X-Sentry-Auth: Sentry sentry_key=k",
                    b"X-Sentry-Auth: two",
                    b"X_Sentry_Auth: forged",
                ),
            )
        )
        assert got["PATH_INFO"].encode("latin-1").decode() == "/aé/b"
        assert got["QUERY_STRING"] == "x=%41+b"
        assert got["CONTENT_TYPE"] == "text/plain"
        assert got["CONTENT_LENGTH"] == "5"
        assert got["HTTP_X_SENTRY_AUTH"] == "Sentry sentry_key=k,two"
        assert got["SERVER_PORT"] == str(port)
        assert got["body"] == "5"

    def test_a_trusted_neighbour_says_who_asks_and_how(self, port: int):
        lines = (b"X-Forwarded-For: 6.6.6.6, 203.0.113.9, 127.0.0.5", b"X-Forwarded-Proto: https")
        got = said(talk(port, post(b"/", b"", *lines)))
        assert got["REMOTE_ADDR"] == "203.0.113.9"
        assert got["wsgi.url_scheme"] == "https"
        assert "HTTP_X_FORWARDED_FOR" not in got

    def test_repeated_answer_headers_are_all_sent(self, port: int):
        assert talk(port, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n").lower().count(b"x-twice:") == 2

    def test_head_has_the_length_and_no_body(self, port: int):
        head, _, body = talk(
            port, b"HEAD / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"
        ).partition(b"\r\n\r\n")
        assert b"content-length: " in head
        assert body == b""

    def test_streamed_answers_arrive_whole(self, port: int):
        answer = talk(port, b"GET /stream HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        assert all(word in answer for word in (b"one ", b"two ", b"three"))


class TestBodies:
    def test_a_chunked_body_without_length_arrives(self, port: int):
        chunks = b"4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n"
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + chunks
        assert said(talk(port, data))["body"] == "7"

    def test_a_connection_is_used_again(self, port: int):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            for size in (1, 70_000, 0, 3):
                client.sendall(post(b"/", b"x" * size))
                assert said(read_answer(client))["body"] == str(size)

    def test_a_body_cut_short_is_refused(self, port: int):
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc"
        assert status(talk(port, data, half_close=True)) == 400

    def test_a_chunked_body_that_stops_is_refused(self, port: int):
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
        assert status(talk(port, data, half_close=True)) == 400

    @pytest.mark.parametrize(
        "chunk", [b"zz\r\nabc\r\n0\r\n\r\n", b"3\r\nabcX\r\n0\r\n\r\n", b"-1\r\n"]
    )
    def test_a_bad_chunk_is_refused_and_the_connection_closed(self, port: int, chunk: bytes):
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk
        answer = talk(port, data)
        assert status(answer) == 400
        assert b"connection: close" in answer.lower()

    def test_other_transfer_codings_are_refused(self, port: int):
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"
        assert status(talk(port, data)) == 400

    @pytest.mark.parametrize("value", [b"-1", b"abc", b"3, 4", b"99999999999999999999999"])
    def test_a_nonsense_length_is_refused(self, port: int, value: bytes):
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: " + value + b"\r\n\r\nabc"
        assert status(talk(port, data, half_close=True)) in {400, 413}

    def test_an_announced_body_over_the_cap_is_refused_unread(self, port: int):
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 3000000\r\n\r\n"
        answer = talk(port, data)
        assert status(answer) == 413
        assert b"access-control-allow-origin: *" in answer.lower()
        assert list(said(answer)) == ["detail"]

    def test_a_chunked_body_is_refused_at_the_byte_that_crosses_the_cap(self, port: int):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"POST /api/1/item/ HTTP/1.1\r\n" + HOST)
            client.sendall(b"Transfer-Encoding: chunked\r\n\r\n")
            block = b"%x\r\n" % 65536 + b"x" * 65536 + b"\r\n"
            for _ in range(32):
                client.sendall(block)
            client.sendall(b"1\r\nx\r\n")  # no end: the server may not wait for one
            answer = read_answer(client)
        assert status(answer) == 413
        assert said(answer)["err"] == 1

    def test_a_slow_body_is_given_up_in_time(self, port: int):
        started = time.monotonic()
        data = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc"
        assert status(talk(port, data)) == 408
        assert BODY_SECONDS - 0.2 < time.monotonic() - started < BODY_SECONDS + 1.5

    def test_bodies_beyond_the_memory_for_them_are_put_off(self, port: int):
        opening = b"POST /api/1/envelope/ HTTP/1.1\r\n" + HOST + b"Content-Length: 1500000\r\n\r\nx"
        held = [socket.create_connection(("127.0.0.1", port), timeout=5) for _ in range(2)]
        try:
            for client in held:
                client.sendall(opening)
            time.sleep(0.2)
            answer = talk(port, opening)
            assert status(answer) == 429
            assert b"retry-after: " in answer.lower()
            assert status(talk(port, post(b"/admin/", b"x" * 100))) == 200
        finally:
            for client in held:
                client.close()
        time.sleep(0.3)
        assert status(talk(port, post(b"/api/1/envelope/", b"x" * 1_500_000))) == 200


class TestHeads:
    def test_a_long_url_is_refused(self, port: int):
        assert status(talk(port, b"GET /" + b"u" * 9000 + b" HTTP/1.1\r\n" + HOST + b"\r\n")) == 414

    def test_large_headers_are_refused(self, port: int):
        data = b"GET / HTTP/1.1\r\n" + HOST + b"X-Big: " + b"a" * 70_000 + b"\r\n\r\n"
        assert status(talk(port, data)) == 431

    def test_many_headers_are_refused(self, port: int):
        many = b"".join(b"X-%d: 1\r\n" % number for number in range(150))
        assert status(talk(port, b"GET / HTTP/1.1\r\n" + HOST + many + b"\r\n")) == 431

    def test_garbage_is_refused(self, port: int):
        assert status(talk(port, b"GARBAGE\r\n\r\n")) == 400


def test_stalled_bodies_do_not_slow_a_good_request(port: int):
    stalled = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(50)]
    try:
        for client in stalled:
            client.sendall(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 10\r\n\r\nabc")
        took = []
        for _ in range(5):
            started = time.monotonic()
            assert status(talk(port, post(b"/", b"hello"))) == 200
            took.append(time.monotonic() - started)
        assert min(took) < 0.1
        with ThreadPoolExecutor(50) as pool:
            assert {status(answer) for answer in pool.map(read_answer, stalled)} == {408}
    finally:
        for client in stalled:
            client.close()
