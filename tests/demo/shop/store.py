"""What the shop sells and at which price."""

from dataclasses import dataclass

from django.db import connection

LAMPS = {
    "ember": ("Ember desk lamp", 4900, 3),
    "beacon": ("Beacon floor lamp", 12900, 1),
    "wick": ("Wick table lamp", 3200, 12),
    "halo": ("Halo pendant", 18900, 0),
}
CATEGORIES = {"lamps": "indoor", "indoor": "bright", "bright": "lamps", "garden": ""}
"""Category -> the one above it. Somebody put a category inside itself."""


class OutOfStock(Exception):
    """Fewer are left than somebody wants."""


@dataclass
class Basket:
    """What somebody is about to buy."""

    owner: int
    lines: dict[str, int]
    coupon: str = ""

    def total(self) -> int:
        """Price in cents."""
        return sum(LAMPS[lamp][1] * count for lamp, count in self.lines.items())


def prepare() -> None:
    """Make the tables."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE lamp (slug text PRIMARY KEY, name text, price integer, left_over integer)"
        )
        cursor.execute("CREATE TABLE purchase (lamp text, buyer integer, UNIQUE (lamp, buyer))")
        for slug, (name, price, left) in LAMPS.items():
            cursor.execute("INSERT INTO lamp VALUES (%s, %s, %s, %s)", [slug, name, price, left])


def reserve(basket: Basket) -> None:
    """Put the lamps aside. Raises OutOfStock."""
    for slug, count in basket.lines.items():
        with connection.cursor() as cursor:
            cursor.execute("SELECT left_over FROM lamp WHERE slug = %s", [slug])
            left = cursor.fetchone()[0]
        if left < count:
            raise OutOfStock(f"{count} of {slug} are wanted, {left} are left")


def remember_purchase(lamp: str, buyer: int) -> None:
    """Write it down; nobody is meant to buy the same lamp twice."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO purchase VALUES (%s, %s)", [lamp, buyer])


def discount_per_item(basket: Basket, percent: int) -> int:
    """Cents off each item of a basket."""
    items = sum(basket.lines.values())
    saved = basket.total() * percent // 100
    return saved // items


def path_of(category: str) -> list[str]:
    """From the top category down to this one."""
    above = CATEGORIES[category]
    return [*(path_of(above) if above else []), category]
