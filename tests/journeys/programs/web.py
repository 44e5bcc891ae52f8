"""A Django site with one page that fails, asked once over real HTTP."""

import os
import sys
import threading
import urllib.error
import urllib.request
from typing import Any
from wsgiref.simple_server import make_server

import django
import sentry_sdk
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path
from sentry_sdk.scrubber import EventScrubber

BODY = b'{"basket": 7, "password": "correct-horse-2", "card_number": "4111 1111 1111 1111"}'


def order(request: HttpRequest, number: int) -> HttpResponse:
    prices: dict[str, Any] = {"lamp": 49}
    sentry_sdk.set_user({"id": "7", "email": "ada@example.com"})
    return HttpResponse(prices["lamp"] / (number - 5))


urlpatterns = [path("orders/<int:number>/", order)]


def main() -> None:
    sentry_sdk.init(
        dsn=os.environ["SENTRY_DSN"],
        release="shop@1.0.0",
        environment="production",
        send_default_pii=True,
        max_request_body_size="always",
        event_scrubber=EventScrubber(denylist=[]),  # the server's own scrubber must do
    )
    settings.configure(
        SECRET_KEY="for this test",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1"],
        MIDDLEWARE=[],
    )
    django.setup()
    with make_server("127.0.0.1", 0, get_wsgi_application()) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/orders/5/?coupon=SPRING"
        headers = {"Content-Type": "application/json", "Cookie": "sessionid=correct-horse-3"}
        try:
            urllib.request.urlopen(urllib.request.Request(url, BODY, headers))
        except urllib.error.HTTPError as error:
            status = error.code
        else:
            status = 200
        server.shutdown()
    sentry_sdk.flush(10)
    sys.exit(status != 500)


main()
