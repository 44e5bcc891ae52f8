"""One deployment of the shop: serve, let visitors in, run the jobs, go.

python -m tests.demo.shop --dsn DSN --release shop@1.4.0 --environment staging --visits 40
"""

import argparse
import json
import logging
import os
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import sentry_sdk
from sentry_sdk.scrubber import EventScrubber

SECOND = "lamp-shop@2.0.0"


def main() -> None:
    """Run until all visitors have been."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--dsn", "--release", "--environment"):
        parser.add_argument(name, required=True)
    parser.add_argument("--visits", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    watch(wanted.dsn, wanted.release, wanted.environment)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.demo.shop.settings"
    import django

    django.setup()
    from tests.demo.shop import store

    store.prepare()
    rng = random.Random(wanted.seed)
    with serving() as url:
        for number in range(wanted.visits):
            visit(url, rng, wanted.release, number)
            if number % 20 == 19:
                sentry_sdk.flush(10)  # the SDK keeps a hundred events at most
    work(wanted.release, max(1, wanted.visits // 20))
    sentry_sdk.flush(15)


def watch(dsn: str, release: str, environment: str) -> None:
    """Start the SDK as any shop would. Its own scrubber is off: the server's must do."""
    logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
    sentry_sdk.init(
        dsn=dsn,
        release=release,
        environment=environment,
        server_name=f"web-{environment[:4]}-1",
        send_default_pii=True,
        max_request_body_size="always",
        in_app_include=["tests.demo"],
        event_scrubber=EventScrubber(denylist=[]),
    )


@contextmanager
def serving() -> Iterator[str]:
    """The shop on a free port of this machine."""
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_words: Any) -> None:
            pass

    class Silent:
        def write(self, _text: str) -> None: ...
        def flush(self) -> None: ...

    Quiet.get_stderr = lambda _self: Silent()  # type: ignore[method-assign,assignment,return-value]
    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def visit(url: str, rng: random.Random, release: str, number: int) -> None:
    """One visitor looks around; most visits end well, some do not."""
    visitor = rng.randrange(1, 400)
    ask(url, "/", visitor)
    card = {"card_number": "4111 1111 1111 1111", "password": "hunter2-is-my-password"}
    baskets: list[dict[str, Any]] = [
        {"lines": {"halo": 1}},
        {"lines": {"wick": 1 + number % 3}},
        *([{"lines": {}, "coupon": f"SPRING-{number}"}] if release != SECOND else []),
    ]
    basket = {"buyer": visitor, **rng.choice(baskets), **card}
    errands = [
        ("/checkout/", json.dumps(basket).encode(), "application/json"),
        ("/checkout/", json.dumps(basket).encode(), "application/json"),
        ("/sign-in/", b"username=user%d&password=hunter2-is-my-password" % visitor, FORM),
        (f"/lamps/comet-{number}/", None, ""),
        ("/search/?up_to=cheap", None, ""),
        ("/buy-again/", None, ""),
        ("/browse/lamps/" if number % 4 == 0 else "/browse/garden/", None, ""),
        (f"/newsletter/?address=visitor{number}@example.invalid", None, ""),
        (f"/invoices/{1000 + number}/", None, ""),
    ]
    # The first visitors meet everything once; the others what chance has for them.
    ask(url, *_for(errands[number] if number < len(errands) else rng.choice(errands), visitor))


FORM = "application/x-www-form-urlencoded"


def _for(errand: tuple[str, bytes | None, str], visitor: int) -> tuple[str, int, bytes | None, str]:
    path, body, kind = errand
    return path, visitor, body, kind


def ask(url: str, path: str, visitor: int, body: bytes | None = None, kind: str = "") -> None:
    """A real request; that the answer may be 500 is the point."""
    headers = {
        "X-Visitor": str(visitor),
        "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Referer": f"{url}/",
        **({"Content-Type": kind} if kind else {}),
    }
    try:
        with urllib.request.urlopen(urllib.request.Request(url + path, body, headers), timeout=10):
            pass
    except urllib.error.HTTPError:
        pass


def work(release: str, rounds: int) -> None:
    """The jobs of some nights."""
    from tests.demo.shop import jobs

    every = (*jobs.ALL, *([jobs.SINCE_SECOND_RELEASE] if release == SECOND else []))
    for number in range(rounds):
        for job in every:
            jobs.run(job, number)


if __name__ == "__main__":
    main()
