"""A real git history: a small shop by five people, ten planted bugs among some fifty commits.

`plant` writes it with `git fast-import`; `crashes` runs the shop as it is at the bad release
and returns the stacks of what really goes wrong.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PEOPLE = ("Ada Byron", "Bo Chen", "Cleo Díaz", "Dan Evans", "Eve Falk")
START = 1_760_000_000


@dataclass
class Writer:
    """Makes commits in memory; `stream` is what fast-import reads."""

    files: dict[str, str] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    count: int = 0
    culprits: dict[str, int] = field(default_factory=dict)
    """Number of the commit that planted each bug."""

    def commit(self, subject: str, change: Callable[[dict[str, str]], None], bug: str = "") -> None:
        before = dict(self.files)
        change(self.files)
        self.count += 1
        who = PEOPLE[self.count % len(PEOPLE)]
        mail = f"{who.split()[0].lower()}@shop.example"
        stamp = f"{who} <{mail}> {START + self.count * 7200} +0000"
        out = [f"commit refs/heads/main\nmark :{self.count}\nauthor {stamp}\ncommitter {stamp}\n"]
        out.append(f"data {len(subject.encode())}\n{subject}\n")
        out += [f"D {gone}\n" for gone in sorted(before.keys() - self.files.keys())]
        for path, text in sorted(self.files.items()):
            if before.get(path) != text:
                out.append(f"M 100644 inline {path}\ndata {len(text.encode())}\n{text}\n")
        assert len(out) > 2, f"“{subject}” changes nothing"
        self.parts.append("".join(out).encode())
        if bug:
            self.culprits[bug] = self.count

    def tag(self, name: str) -> None:
        self.parts.append(f"reset refs/tags/{name}\nfrom :{self.count}\n\n".encode())


def edit(path: str, *pairs: tuple[str, str]) -> Callable[[dict[str, str]], None]:
    """Replace texts that must be there."""

    def change(files: dict[str, str]) -> None:
        for old, new in pairs:
            assert old in files[path], (path, old)
            files[path] = files[path].replace(old, new, 1)

    return change


def add(path: str, text: str) -> Callable[[dict[str, str]], None]:
    def change(files: dict[str, str]) -> None:
        files[path] = files.get(path, "") + text

    return change


def move(old: str, new: str) -> Callable[[dict[str, str]], None]:
    def change(files: dict[str, str]) -> None:
        for path in [p for p in files if p.startswith(old)]:
            files[new + path[len(old) :]] = files.pop(path)

    return change


def everywhere(do: Callable[[str], str], only: str = "") -> Callable[[dict[str, str]], None]:
    def change(files: dict[str, str]) -> None:
        for path, text in files.items():
            if path.endswith(".py") and text and only in path:
                files[path] = do(text)

    return change


FIRST = {
    "shop/__init__.py": "",
    "shop/pricing.py": '''"""Prices."""


def discount(total, rate):
    """Take a share off."""
    return total - total * rate


def total(order):
    """What an order costs."""
    amount = sum(item["price"] * item["count"] for item in order["items"])
    amount = discount(amount, order.get("rate", 0))
    return f"{amount:.2f}"


def average(orders):
    """What an order costs on average."""
    if not orders:
        return 0
    amounts = [float(total(order)) for order in orders]
    return sum(amounts) / len(amounts)
''',
    "shop/users.py": '''"""People."""

PEOPLE = {1: {"name": "Zoe", "email": "zoe@shop.example"}}


def find(number):
    """A person by number."""
    return PEOPLE.get(number) or {"name": "guest", "email": ""}


def greeting(number):
    """How to say hello."""
    person = find(number)
    name = person["name"].title()
    return f"Hello {name}"
''',
    "shop/gateway.py": '''"""Payments."""

import json


def request(amount, card):
    """What the bank is sent."""
    return json.dumps({"amount": amount, "card": card})


def charge(amount, card):
    """Take the money."""
    body = request(amount, card)
    answer = json.loads(body)
    return answer["amount"]


def refund(amount, card):
    """Give it back."""
    return -charge(amount, card)
''',
    "shop/search.py": '''"""Search."""

PAGE_SIZE = 20
WORDS = ["lamp", "table", "chair"]


def matches(query):
    """Words that begin so."""
    return [word for word in WORDS if word.startswith(query)]


def pages(query):
    """How many pages there are."""
    found = matches(query)
    return -(-len(found) // PAGE_SIZE)
''',
    "shop/reports.py": '''"""Reports."""


def rows(orders):
    """Lines of a report."""
    return [[order["id"], order["state"]] for order in orders]


def headline(orders):
    """The first line of a report."""
    table = rows(orders)
    newest = max(table, key=lambda row: row[0]) if table else ["none", ""]
    return "Newest: " + str(newest[0])


def csv(orders):
    """A report as text."""
    return "\\n".join(",".join(map(str, row)) for row in rows(orders))
''',
    "shop/inventory.py": '''"""Stock."""

SHELF = [{"sku": "lamp", "stock": "4"}, {"sku": "table", "stock": "1"}]


def load():
    """Stock by article."""
    return {row["sku"]: int(row["stock"]) for row in SHELF}


def reserve(sku, wanted):
    """Take some off the shelf."""
    stock = load()
    left = stock[sku] - wanted
    return max(left, 0)


def articles():
    """All articles."""
    return sorted(load())
''',
    "shop/notify.py": '''"""Messages."""


def channel_for(kind):
    """Where a message goes."""
    return {"mail": "smtp", "text": "sms"}.get(kind, "log")


def send(kind, message, urgent=False):
    """Send a message."""
    if urgent:
        message = message.upper()
    channel = channel_for(kind)
    return f"{channel}: {message}"
''',
    "shop/shipping.py": '''"""Shipping."""

RATES = {
    "standard": 4,
    "express": 9,
    "pickup": 0,
}


def price(method, weight):
    """What it costs to send."""
    rate = RATES[method]
    return rate + weight // 10


def methods():
    """How things may be sent."""
    return sorted(RATES)
''',
    "shop/dates.py": '''"""Dates."""


def parse(text):
    """Year, month and day."""
    year, month, day = text.split("-")
    return int(year), int(month), int(day)


def quarter(text):
    """The quarter of a date."""
    _, month, _ = parse(text)
    return (month - 1) // 3 + 1
''',
    "web/__init__.py": "",
    "web/views.py": '''"""Pages."""

from shop import dates, gateway, inventory, notify, pricing, reports, search, shipping, users


def checkout(order):
    """Pay for an order."""
    total = pricing.total(order)
    return gateway.charge(total, order["card"])


def sale(order):
    """What is saved in a sale."""
    return pricing.discount(order["amount"], 0.2)


def profile(number):
    """A person's page."""
    return users.greeting(number)


def find(query):
    """The search page."""
    return search.pages(query)


def report(orders):
    """The report page."""
    return reports.headline(orders)


def basket(sku, count):
    """Put something into the basket."""
    return inventory.reserve(sku, count)


def tell(kind, text):
    """Send a message."""
    return notify.send(kind, text)


def ship(method, weight):
    """Say what sending costs."""
    return shipping.price(method, weight)


def season(text):
    """The quarter page."""
    return dates.quarter(text)


def mean(orders):
    """The average page."""
    return pricing.average(orders)


def payback(amount, card):
    """Give money back."""
    return gateway.refund(amount, card)
''',
}

SCENES = {
    "currency": "views.checkout({'items': [{'price': 2.5, 'count': 2}], 'card': '4'})",
    "average": "views.mean([])",
    "swapped": "views.sale({'amount': 50})",
    "page size": "views.find('la')",
    "gateway": "views.payback(5, '4')",
    "newest": "views.report([])",
    "stock": "views.basket('lamp', 1)",
    "channel": "views.tell('mail', 'hi')",
    "express": "views.ship('express', 12)",
    "guest": "views.profile(7)",
}
"""What goes wrong at the bad release, by the bug that makes it."""


def plant(folder: Path) -> dict[str, str]:
    """Write the history into a new bare repository; commits by the bug that they planted."""
    writer = Writer()
    _before(writer)
    writer.tag("v1.0.0")
    _between(writer)
    writer.tag("v1.1.0")
    for number in range(3):
        writer.commit(f"After the release {number}", add("CHANGES", f"later {number}\n"))
    return write(writer, folder)


def write(writer: Writer, folder: Path) -> dict[str, str]:
    """Make a bare repository of what was committed; commits by the bug that they planted."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(
        ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True
    )
    marks = folder / "marks"
    subprocess.run(
        ["git", "fast-import", "--quiet", f"--export-marks={marks}"],
        cwd=folder, input=b"".join(writer.parts), check=True,
    )  # fmt: skip
    shas = dict(line.split() for line in marks.read_text().splitlines())
    return {bug: shas[f":{number}"] for bug, number in writer.culprits.items()}


def _before(writer: Writer) -> None:
    writer.commit("First import", lambda files: files.update(FIRST))
    writer.commit("Say what this is", add("README", "A shop.\n"))
    writer.commit("Explain refunds", edit("shop/gateway.py", ("Give it back.", "Give money back.")))
    writer.commit("More articles", edit("shop/search.py", ('"chair"', '"chair", "shelf"')))
    writer.commit("Note the tax", add("README", "Prices are without tax.\n"))


def _between(writer: Writer) -> None:
    """Noise in the same files and functions around ten bugs."""
    do = writer.commit
    pricing, users, gateway = "shop/pricing.py", "shop/users.py", "shop/gateway.py"
    search, reports, inventory = "shop/search.py", "shop/reports.py", "shop/inventory.py"
    notify, shipping, dates = "shop/notify.py", "shop/shipping.py", "shop/dates.py"
    views = "web/views.py"
    do(
        "Round prices for shelves",
        add(
            pricing,
            '\n\ndef shelf_price(price):\n    """As the label says."""\n    return round(price, 1)\n',
        ),
    )
    do(
        "Count people",
        add(
            users,
            '\n\ndef count():\n    """How many people there are."""\n    return len(PEOPLE)\n',
        ),
    )
    do(
        "Prices name their currency",
        edit(
            pricing,
            ('return f"{amount:.2f}"', "return f\"{amount:.2f} {order['currency']}\""),
            ("float(total(order))", "float(total(order).split()[0])"),
        ),
        "currency",
    )
    do(
        "Describe totals better",
        edit(pricing, ("What an order costs.", "What an order costs, with its discount.")),
    )
    do(
        "Hints for discounts",
        edit(pricing, ("def discount(total, rate):", "def discount(total, rate=0):")),
    )
    do(
        "Search ignores case",
        edit(search, ("word.startswith(query)", "word.startswith(query.lower())")),
    )
    do(
        "Averages are simpler",
        edit(pricing, ("    if not orders:\n        return 0\n", "")),
        "average",
    )
    do(
        "Averages are rounded",
        edit(
            pricing,
            ("return sum(amounts) / len(amounts)", "return round(sum(amounts) / len(amounts), 2)"),
        ),
    )
    do(
        "Log the basket",
        edit(
            views,
            (
                '"""Put something into the basket."""',
                '"""Put something into the basket."""\n    print("basket", sku)',
            ),
        ),
    )
    do(
        "Sales take a fifth off",
        edit(views, ('pricing.discount(order["amount"], 0.2)', "pricing.discount(0.2, order)")),
        "swapped",
    )
    do(
        "Discounts never exceed the total",
        edit(pricing, ("return total - total * rate", "return max(total - total * rate, 0)")),
    )
    do("Say who is greeted", edit(users, ("How to say hello.", "How to say hello to a person.")))
    do("Page size from the design", edit(search, ("PAGE_SIZE = 20", "PAGE_SIZE = 12")))
    do("Endless scrolling", edit(search, ("PAGE_SIZE = 12", "PAGE_SIZE = 0")), "page size")
    do("Search finds lamps and shades", edit(search, ('"lamp"', '"lamp", "lampshade"')))
    do(
        "Pages are counted once",
        edit(
            search,
            (
                "    found = matches(query)\n    return -(-len(found) // PAGE_SIZE)",
                "    found = len(matches(query))\n    return -(-found // PAGE_SIZE)",
            ),
        ),
    )
    do(
        "Reports by state",
        add(
            reports,
            '\n\ndef by_state(orders, state):\n    """Orders in a state."""\n    return [order for order in orders if order["state"] == state]\n',
        ),
    )
    do(
        "The bank answers with a status",
        edit(gateway, ('    return answer["amount"]', '    return answer["status"]["amount"]')),
        "gateway",
    )
    do("Payments say what they are", edit(gateway, ('"""Payments."""', '"""Payments by card."""')))
    do(
        "Refunds are marked",
        edit(
            gateway,
            ("return -charge(amount, card)", "paid = charge(amount, card)\n    return -paid"),
        ),
    )
    do("The newest order first", edit(reports, (' if table else ["none", ""]', "")), "newest")
    do(
        "Reports name their columns",
        edit(
            reports,
            (
                'return [[order["id"], order["state"]] for order in orders]',
                'return [[order["id"], order["state"], order.get("day", "")] for order in orders]',
            ),
        ),
    )
    do("Gateway is a provider", move("shop/gateway.py", "shop/provider.py"))
    do(
        "Use the provider",
        edit(
            views,
            (
                "gateway, inventory, notify, pricing,",
                "inventory, notify, pricing, provider as gateway,",
            ),
        ),
    )
    do(
        "Stock keeps what the shelf says",
        edit(inventory, ('int(row["stock"])', 'row["stock"]')),
        "stock",
    )
    do(
        "Articles in capitals",
        edit(
            inventory, ("return sorted(load())", "return sorted(name.upper() for name in load())")
        ),
    )
    do(
        "Explain reservations",
        edit(
            inventory,
            ("Take some off the shelf.", "Take some off the shelf, never more than there are."),
        ),
    )
    do(
        "Basket of at least one",
        edit(views, ("inventory.reserve(sku, count)", "inventory.reserve(sku, max(count, 1))")),
    )
    do(
        "Urgent messages go where they belong",
        edit(
            notify,
            (
                "        message = message.upper()\n    channel = channel_for(kind)",
                "        message = message.upper()\n        channel = channel_for(kind)",
            ),
        ),
        "channel",
    )
    do("Mail has another name", edit(notify, ('"mail": "smtp"', '"mail": "mailer"')))
    do(
        "Dates may have slashes",
        edit(dates, ('text.split("-")', 'text.replace("/", "-").split("-")')),
    )
    do(
        "Weights in grams",
        edit(shipping, ("return rate + weight // 10", "return rate + weight // 10_000")),
    )
    do("No express in winter", edit(shipping, ('    "express": 9,\n', "")), "express")
    do("Pickup costs a little", edit(shipping, ('"pickup": 0', '"pickup": 1')))
    do(
        "Methods are a tuple",
        edit(shipping, ("return sorted(RATES)", "return tuple(sorted(RATES))")),
    )
    do(
        "Guests have no page",
        edit(users, ('PEOPLE.get(number) or {"name": "guest", "email": ""}', "PEOPLE.get(number)")),
        "guest",
    )
    do(
        "Find people by mail too",
        add(
            users,
            '\n\ndef by_email(email):\n    """A person by mail."""\n    return next((p for p in PEOPLE.values() if p["email"] == email), None)\n',
        ),
    )
    do(
        "Greetings are friendlier",
        edit(users, ('return f"Hello {name}"', 'return f"Hello, {name}!"')),
    )
    do(
        "License in every file",
        everywhere(lambda text: "# Copyright the shop.\n# All rights reserved.\n" + text),
    )
    do("One kind of quotes", everywhere(lambda text: re.sub(r'"(\w+)"', r"'\1'", text), "shop/"))
    do(
        "Wrap long lines",
        edit(
            "shop/reports.py",
            (
                "    newest = max(table, key=lambda row: row[0])",
                "    newest = max(\n        table,\n        key=lambda row: row[0],\n    )",
            ),
        ),
    )
    do("Pages move below site", move("web/", "site_/web/"))
    do(
        "Quarters have names",
        add(
            dates,
            '\n\ndef name(text):\n    """As people say it."""\n    return f"Q{quarter(text)}"\n',
        ),
    )


_RUN = """
import json, sys, traceback
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/site_"]
from web import views
found = {}
for name, call in json.load(sys.stdin).items():
    try:
        eval(call)
    except Exception as error:
        frames = [
            {"filename": frame.filename, "abs_path": frame.filename, "function": frame.name,
             "lineno": frame.lineno, "in_app": frame.filename.startswith(sys.argv[1])}
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        found[name] = {"type": type(error).__name__, "value": str(error), "frames": frames}
json.dump(found, sys.__stdout__)
"""


def crashes(repository: Path, commit: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Payloads of what really goes wrong at a commit, by bug; paths are those of a server."""
    said = run_at(repository, commit, folder, [sys.executable, "-I", "-c", _RUN], SCENES)
    return {bug: payload_of(error, folder, "python") for bug, error in said.items()}


def run_at(
    repository: Path, commit: str, folder: Path, program: list[str], scenes: dict[str, str]
) -> dict[str, dict[str, Any]]:
    """Run a program on the code as it is at a commit; what it says of each scene."""
    folder.mkdir(parents=True)
    archive = subprocess.run(
        ["git", f"--git-dir={repository}", "archive", commit], capture_output=True, check=True
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive, check=True)
    done = subprocess.run(
        [*program, str(folder)], input=json.dumps(scenes), capture_output=True, text=True,
        check=True, env={"PATH": os.environ.get("PATH", ""), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    said: dict[str, dict[str, Any]] = json.loads(done.stdout[done.stdout.index("{") :])
    return said


def payload_of(error: dict[str, Any], folder: Path, platform: str) -> dict[str, Any]:
    """As an SDK stores it, on a server where the code lies elsewhere."""
    frames = [
        {key: value.replace(str(folder), "/srv/releases/42") if isinstance(value, str) else value
         for key, value in frame.items()}
        for frame in error["frames"]
    ]  # fmt: skip
    link = {"type": error["type"], "value": error["value"], "stacktrace": {"frames": frames}}
    return {"platform": platform, "exception": {"values": [link]}}
