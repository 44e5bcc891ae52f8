"""Minutes of bytes that no client should send: the server answers or hangs up, and stays well."""

import random
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.config.test_rsgi import HOST, port, post, read_answer, said, talk  # noqa: F401 - fixture

SECONDS = 60.0
PATIENCE = 5.0
"""No connection may be left unanswered for longer (the bodies' time-out is 1 s here)."""

SEEDS = (
    post(b"/api/1/envelope/", b'{"event_id":"x"}\n{"type":"event"}\n{}', b"Content-Encoding: gzip"),
    post(b"/api/1/item/", b"{}", b"X-Rollbar-Access-Token: t"),
    b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
    b"GET /?q=1 HTTP/1.1\r\n" + HOST + b"Cookie: a=b; c=d\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 4\r\n\r\nabcd",
)


def mutate(chance: random.Random) -> bytes:
    """One of the seeds with a few bytes changed, doubled, cut or shuffled."""
    data = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1) if data else 0
        match chance.randrange(5):
            case 0:
                data[at : at + 1] = bytes([chance.randrange(256)])
            case 1:
                data[at:at] = data[at : at + chance.randint(1, 40)]
            case 2:
                del data[at : at + chance.randint(1, 20)]
            case 3:
                data[at:at] = chance.choice(
                    [b"\r\n", b"\0", b"\xff\xfe", b": ", b"%zz", b"-1", b"e9"]
                )
            case _:
                data = data[:at]
    return bytes(data)


def attack(number: int, seed: int) -> list[str]:
    """One connection with garbage; what went wrong, if anything."""
    data = mutate(random.Random(seed))
    started = time.monotonic()
    try:
        with socket.create_connection(("127.0.0.1", number), timeout=PATIENCE) as client:
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
            answer = read_answer(client)
    except TimeoutError:
        return [f"unanswered for {time.monotonic() - started:.1f} s: {data!r}"]
    except OSError:
        return []  # it hung up
    if answer and (not answer.startswith(b"HTTP/1.") or answer[9:10] not in b"1234"):
        return [f"{answer[:60]!r} for {data!r}"]
    return []


@pytest.mark.long
def test_garbage_harms_nobody(port: int):  # noqa: F811
    seed, wrong, worst = 0, [], 0.0
    ends = time.monotonic() + SECONDS
    with ThreadPoolExecutor(8) as pool:
        while time.monotonic() < ends:
            batch = [pool.submit(attack, port, seed + offset) for offset in range(64)]
            began = time.monotonic()
            assert said(talk(port, post(b"/", b"well")))["body"] == "4"
            worst = max(worst, time.monotonic() - began)
            wrong += [problem for one in batch for problem in one.result()]
            seed += len(batch)
    assert wrong == []
    assert worst < 2.0
    assert seed > 1_000
