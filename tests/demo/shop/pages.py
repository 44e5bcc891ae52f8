"""The shop's pages. Each is a place where something goes wrong."""

import json
import logging

import sentry_sdk
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import Context, Engine
from django.urls import path

from tests.demo.shop import payments, store

log = logging.getLogger("shop.pages")


def home(request: HttpRequest) -> HttpResponse:
    """What is for sale."""
    log.info("catalogue shown to %s", request.headers.get("X-Visitor"))
    return JsonResponse({"lamps": sorted(store.LAMPS)})


def lamp(request: HttpRequest, slug: str) -> HttpResponse:
    """One lamp. An unknown one is a KeyError that nobody catches."""
    name, price, left = store.LAMPS[slug]
    return JsonResponse({"name": name, "price": price, "left": left})


def sign_in(request: HttpRequest) -> HttpResponse:
    """Check a password. Accounts that were never confirmed have no profile."""
    profiles = {"ada": {"language": "en"}}
    profile = profiles.get(request.POST["username"])
    return JsonResponse({"language": profile["language"]})  # type: ignore[index]


def checkout(request: HttpRequest) -> HttpResponse:
    """Buy what is in the basket: the coupon of an empty basket divides by zero."""
    wanted = json.loads(request.body)
    basket = store.Basket(wanted["buyer"], wanted["lines"], wanted.get("coupon", ""))
    log.info("checkout of %d lines", len(basket.lines))
    if basket.coupon:
        wanted["saved"] = store.discount_per_item(basket, 10)
    store.reserve(basket)
    return JsonResponse({"receipt": payments.charge(basket.total(), wanted["card_number"])})


def search(request: HttpRequest) -> HttpResponse:
    """Find lamps. A price that is no number is our fault, but the visitor need not know."""
    found = sorted(store.LAMPS)
    try:
        dearest = int(request.GET["up_to"])
        found = [slug for slug in found if store.LAMPS[slug][1] <= dearest]
    except ValueError as error:
        sentry_sdk.capture_exception(error)
    return JsonResponse({"found": found})


def buy_again(request: HttpRequest) -> HttpResponse:
    """Buy a lamp one has already: the database objects."""
    buyer = int(request.headers["X-Visitor"])
    for _ in range(2):
        store.remember_purchase("wick", buyer)
    return HttpResponse()


def browse(request: HttpRequest, category: str) -> HttpResponse:
    """Where a category is: inside itself, for ever."""
    return JsonResponse({"path": store.path_of(category)})


def newsletter(request: HttpRequest) -> HttpResponse:
    """Sign up for news. An address that bounces is logged as an error."""
    address = request.GET["address"]
    if address.endswith("@example.invalid"):
        log.error("newsletter for %s bounced: no such host", address, extra={"list": "spring"})
    return HttpResponse()


def invoice(request: HttpRequest, number: int) -> HttpResponse:
    """An invoice whose template asks for a tag that does not exist."""
    page = Engine().from_string("Invoice {{ number }}\n{% if total %}\n{% barcode number %}\n")
    return HttpResponse(page.render(Context({"number": number})))


urlpatterns = [
    path("", home),
    path("lamps/<slug:slug>/", lamp),
    path("sign-in/", sign_in),
    path("checkout/", checkout),
    path("search/", search),
    path("buy-again/", buy_again),
    path("browse/<slug:category>/", browse),
    path("newsletter/", newsletter),
    path("invoices/<int:number>/", invoice),
]
