"""What the shop does at night."""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.asyncio import enable_asyncio_integration

from tests.demo.shop import store

log = logging.getLogger("shop.jobs")


class BadRow(ValueError):
    """A row of the supplier's price list cannot be read."""


class WarehouseClosed(ConnectionError):
    """Nobody answers at the warehouse."""


def run(job: Callable[[int], Any], number: int) -> None:
    """Run a job as a scheduler does: what it raises is told, and the next one runs."""
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        scope.set_transaction_name(f"shop.jobs.{job.__name__}")
        scope.set_tag("queue", "nightly")
        sentry_sdk.add_breadcrumb(category="job", message=f"{job.__name__} starts", level="info")
        try:
            job(number)
        except Exception as error:
            sentry_sdk.capture_exception(error)


def send_reminders(number: int) -> None:
    """KeyError: a customer was deleted while their reminder waited."""
    customers = {1: "ada@example.com", 2: "alan@example.com"}
    reminders = [{"customer": 1}, {"customer": 700 + number}]
    for reminder in reminders:
        log.info("reminding %s", customers[reminder["customer"]])


def import_prices(number: int) -> None:
    """Several rows are bad, and each is told: an exception group."""
    faults: list[Exception] = []
    for row in (f"ember;{number}", "beacon;twelve", "wick;", "comet;100"):
        slug, _, price = row.partition(";")
        try:
            store.LAMPS[slug]
            if not price.isdigit():
                raise BadRow(f"no price in row {row!r}")
        except (KeyError, BadRow) as error:
            faults.append(error)
    raise ExceptionGroup(f"{len(faults)} rows of the price list were refused", faults)


def sync_warehouse(number: int) -> None:
    """An exception while another was being handled, and its cause below."""
    try:
        try:
            raise ConnectionRefusedError(111, "Connection refused")
        except OSError as error:
            raise WarehouseClosed("warehouse north did not answer") from error
    except WarehouseClosed:
        backup: dict[str, str] = {}
        backup["warehouse south"]


def low_stock(number: int) -> None:
    """A message for people, not an error."""
    for slug, (_name, _price, left) in store.LAMPS.items():
        if left < 3:
            sentry_sdk.capture_message(f"Only {left} left of {slug}", level="info")
    sentry_sdk.set_context("stock", {"checked": len(store.LAMPS), "warehouse": "north"})
    sentry_sdk.capture_message("Price list is older than a week", level="warning")


def resize_pictures(number: int) -> None:
    """A thread of ours dies, and nobody waits for it."""

    def resize(width: int) -> float:
        return number / (width - 640)

    thread = threading.Thread(target=resize, args=(640,), name=f"resizer-{number}")
    thread.start()
    thread.join()


def watch_prices(number: int) -> None:
    """A task of an event loop fails."""

    async def fetch(shop: str) -> int:
        await asyncio.sleep(0.001)
        return int({"lampland": "4900", "glow": "n/a"}[shop])

    async def both() -> None:
        enable_asyncio_integration()
        tasks = [asyncio.create_task(fetch(shop)) for shop in ("lampland", "glow")]
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(both())


def newsletter_opens(number: int) -> None:
    """New in the second release: somebody renamed a column."""
    opened = [{"address": "ada@example.com", "opened_at": "2026-11-22"}]
    for row in opened:
        log.info("opened %s", row["opened"])


ALL: tuple[Callable[[int], Any], ...] = (
    send_reminders,
    import_prices,
    sync_warehouse,
    low_stock,
    resize_pictures,
    watch_prices,
)
SINCE_SECOND_RELEASE = newsletter_opens
