"""Who is in the shop: a header names the visitor, as a session would."""

from collections.abc import Callable

import sentry_sdk
from django.http import HttpRequest, HttpResponse

NAMES = [
    "ada", "alan", "barbara", "bjarne", "carol", "chen", "dennis", "edsger", "fatima", "grace",
    "guido", "hedy", "ines", "james", "jean", "john", "kofi", "lars", "linus", "lucia",
    "margaret", "maya", "niklaus", "noor", "olga", "omar", "paula", "priya", "radia", "rasmus",
    "rosa", "sofia", "tariq", "tim", "tomas", "uma", "vint", "wei", "yuki", "yukihiro", "zoe",
]  # fmt: skip
PLANS = ("free", "plus", "trade")


def known_visitor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Tell the SDK who asks, and on which plan."""

    def middleware(request: HttpRequest) -> HttpResponse:
        number = int(request.headers.get("X-Visitor", "0"))
        if number:
            introduce(number)
        return get_response(request)

    return middleware


def introduce(number: int) -> None:
    """Say who is concerned by what happens next."""
    name = NAMES[number % len(NAMES)]
    sentry_sdk.set_user(
        {"id": str(number), "username": f"{name}{number}", "email": f"{name}{number}@example.com"}
    )
    sentry_sdk.set_tag("plan", PLANS[number % len(PLANS)])
    sentry_sdk.set_tag("locale", ("en", "de", "fr", "pt-BR")[number % 4])
