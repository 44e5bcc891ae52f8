"""A script that somebody runs by hand, and that crashes."""

import logging
import os

import sentry_sdk


class BillingError(Exception):
    """An invoice cannot be written."""


def tax_rate(country: str) -> float:
    rates = {"de": 0.19, "fr": 0.2}
    return rates[country]


def write_invoice(number: int, country: str, password: str) -> float:
    net = 12.5 * number
    try:
        return net * (1 + tax_rate(country))
    except KeyError as error:
        raise BillingError(f"invoice {number} has no tax rate") from error


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    sentry_sdk.init(
        dsn=os.environ["SENTRY_DSN"],
        release="billing@3.1.0",
        environment="staging",
        server_name="desk-7",
        send_default_pii=True,
    )
    sentry_sdk.set_user({"id": "42", "email": "grace@example.com", "username": "grace"})
    sentry_sdk.set_tag("tenant", "north")
    sentry_sdk.set_context("batch", {"size": 17})
    logging.getLogger("billing").info("writing %d invoices", 17)
    # Backwards, so that the secret stands in no source line.
    write_invoice(1007, "atlantis", "1-esroh-tcerroc"[::-1])


main()
