"""Real Python: a small shop that really fails, from real entries, through the real SDK.

Each variant is written to a deploy folder of its own with its lines moved, imported afresh and
run; whatever it raises becomes an event as sentry-sdk makes it. Frames, chains, groups,
generators and comprehensions are the interpreter's, not ours.
"""

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from sentry_sdk.utils import event_from_exception

from tests.domain.grouping.unseen.kit import Row, Values, event_id, number

MODULES = {
    "stock.py": """
import asyncio
import json
import struct
import zipfile
import io
from contextlib import contextmanager
from dataclasses import dataclass


class StockError(Exception):
    pass


class Missing(StockError, LookupError):
    pass


@dataclass
class Level:
    sku: str
    count: int

    def __post_init__(self):
        if self.count < 0:
            raise ValueError(f"count of {self.sku} is {self.count}")


class Shelf:
    def __init__(self, rows):
        self.rows = rows

    def __getitem__(self, sku):
        return self.rows[sku]

    @property
    def heaviest(self):
        return max(self.rows.values(), key=lambda row: row["weight"] * 2)

    def __iter__(self):
        for sku in self.rows:
            yield Level(sku, self.rows[sku]["count"])

    def walk(self, depth):
        return self.walk(depth + 1) + 1


@contextmanager
def locked(name):
    try:
        yield name
    except KeyError as error:
        raise Missing(f"no {name} while locked") from error


def by_shelf(value):
    return Shelf({})[value]


def heaviest(value):
    return Shelf({value: {"mass": 1}}).heaviest


def levels(value):
    return [level.count for level in Shelf({value: {"count": -3}})]


def level_total(value):
    return sum(level.count for level in Shelf({value: {"total": 4}}))


def walk(value):
    return Shelf({}).walk(0)


def with_lock(value):
    with locked(value):
        return {}[value]


def with_lock_two(value):
    with locked(value):
        found = {"a": 1}
        return found["b" + value]


def unpack(value):
    return struct.unpack("<IH", value.encode()[:3])


def unzip(value):
    return zipfile.ZipFile(io.BytesIO(value.encode()))


def feed(value):
    return json.loads("{" + value)


def encode(value):
    return json.dumps({"x": object(), "y": value})


async def pull(value):
    await asyncio.sleep(0)
    raise StockError(f"depot {value} closed")


async def push(value):
    await asyncio.sleep(0)
    return value["x"]


async def both(value):
    async with asyncio.TaskGroup() as group:
        group.create_task(pull(value))
        group.create_task(push(value))


async def one_of_two(value):
    async with asyncio.TaskGroup() as group:
        group.create_task(pull(value))
        group.create_task(asyncio.sleep(0))


async def gathered(value):
    return await asyncio.gather(push(value), asyncio.sleep(0))


async def timed(value):
    async with asyncio.timeout(0.0001):
        await asyncio.sleep(1)


async def timed_wait(value):
    return await asyncio.wait_for(asyncio.sleep(1), 0.0001)
""",
    "books.py": """
import subprocess
import decimal
import re
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial, reduce, wraps
from .common.checks import ensure, to_int


class BookError(RuntimeError):
    pass


def audited(fn):
    @wraps(fn)
    def wrapper(*args, **kwargs):
        try:
            return fn(*args, **kwargs)
        except ZeroDivisionError as error:
            raise BookError(f"{fn.__name__} failed") from error
    return wrapper


def cents(value):
    return decimal.Decimal(value) * 100


def pages(value):
    return to_int(value) + 1


def lines(value):
    return to_int(value + "x") - 1


def opened(value):
    ensure(value.startswith("#"), f"{value} is no book")


def closed(value):
    ensure(len(value) > 99, f"{value} is still open")


@audited
def ratio(value):
    return len(value) / 0


@audited
def margin(value):
    return len(value) % 0


def tool(value):
    return subprocess.run([sys.executable, "-c", "raise SystemExit(3)"], check=True)


def tool_killed(value):
    code = "import os; os.kill(os.getpid(), 9)"
    return subprocess.run([sys.executable, "-c", code], check=True)


def no_table(value):
    return sqlite3.connect(":memory:").execute("select * from books where name = ?", [value])


def no_column(value):
    base = sqlite3.connect(":memory:")
    base.execute("create table books (id int unique)")
    return base.execute("select pages from books")


def twice(value):
    base = sqlite3.connect(":memory:")
    base.execute("create table books (id int unique)")
    return base.executemany("insert into books values (?)", [[1], [1]])


def pooled(value):
    with ThreadPoolExecutor(1) as pool:
        return list(pool.map(lambda text: text.missing, [value]))


def folded(value):
    return reduce(lambda left, right: left + right, [1, value])


def mapped(value):
    return list(map(partial(int, base=2), ["1", value]))


@lru_cache
def cached(value):
    return {"known": 1}[value]


def pattern(value):
    return re.match("(" + "[", value)


def handler(value):
    try:
        return int(value)
    except ValueError:
        return value.rollback()


def unbound(value):
    if not value:
        found = 1
    return found


def keyword(value):
    return cents(amount=value)


def gone(value):
    from . import nowhere
    return nowhere
""",
    "common/checks.py": """
def ensure(condition, text):
    if not condition:
        raise AssertionError(text)


def to_int(text):
    return int(text)
""",
    "entries.py": """
import asyncio
import inspect
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def call(fn, value):
    if inspect.iscoroutinefunction(fn):
        return asyncio.run(fn(value))
    return fn(value)


def view(fn, value):
    response = call(fn, value)
    return response


class Command:
    def handle(self, fn, value):
        for _ in range(1):
            call(fn, value)


def retrying(fn, value, attempts=2):
    for attempt in range(attempts):
        try:
            return call(fn, value)
        except Exception:
            if attempt + 1 == attempts:
                raise


def threaded(fn, value):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call, fn, value).result()


def awaited(fn, value):
    async def main():
        if inspect.iscoroutinefunction(fn):
            return await asyncio.create_task(fn(value))
        return await asyncio.to_thread(fn, value)
    return asyncio.run(main())


ENTRIES = [view, Command().handle, retrying, threaded, awaited, lambda fn, value: call(fn, value)]
""",
}

FAMILIES = {
    "with_lock": "locked", "with_lock_two": "locked", "pages": "to_int", "lines": "to_int",
    "opened": "ensure", "closed": "ensure", "ratio": "audited", "margin": "audited",
    "tool": "subprocess", "tool_killed": "subprocess", "no_table": "sqlite", "no_column": "sqlite",
    "both": "group", "one_of_two": "group", "timed": "timeout", "timed_wait": "timeout",
}  # fmt: skip
SKIPPED = {"ensure", "to_int", "audited", "locked", "pull", "push"}
"""What the others call."""
SDK_OPTIONS: dict[str, Any] = {
    "include_local_variables": False, "include_source_context": True, "max_value_length": 2_000,
}  # fmt: skip


def real_rows(folder: Path, seed: int = 1, variants: int = 6) -> list[Row]:
    """Events of every function of the shop, told `variants` times."""
    found: list[Row] = []
    for index in range(variants):
        name = f"wareshop_{seed}_{index}"
        root = folder / ("srv", "app", "releases")[index % 3] / f"20260{index + 1}11"
        _deploy(root / name, random.Random(seed * 100 + index))
        sys.path.insert(0, str(root))
        try:
            for label, fn, entries in _functions(name):
                found.append(_failed(label, fn, entries, name, index, seed))
        finally:
            sys.path.remove(str(root))
            for module in [one for one in sys.modules if one.startswith(name)]:
                del sys.modules[module]
    return found


def _deploy(target: Path, rnd: random.Random) -> None:
    """The modules with their lines moved."""
    for path, text in MODULES.items():
        file = target / path
        file.parent.mkdir(parents=True, exist_ok=True)
        parts = text.split("\n\n\n")
        moved = [part + "\n" * rnd.randint(0, 4) + f"\n# note {rnd.random()}" for part in parts]
        file.write_text("\n\n\n".join(moved))
        (file.parent / "__init__.py").touch()


def _functions(name: str) -> Iterator[tuple[str, Any, ModuleType]]:
    import importlib

    entries = importlib.import_module(f"{name}.entries")
    for module in ("stock", "books"):
        loaded = importlib.import_module(f"{name}.{module}")
        for label, fn in list(vars(loaded).items()):
            own = getattr(fn, "__module__", "") == loaded.__name__ and callable(fn)
            if not own or isinstance(fn, type) or label.startswith("_"):
                continue
            if label in SKIPPED:
                continue
            yield f"{module}.{label}", fn, entries


def _failed(label: str, fn: Any, entries: ModuleType, name: str, index: int, seed: int) -> Row:
    at = number(label, seed, index)
    value = Values(at).get(("slug", "uuid", "name", "path")[at % 4])
    entry = entries.ENTRIES[at % len(entries.ENTRIES)]
    try:
        entry(fn, value)
    except BaseException:
        event, _ = event_from_exception(sys.exc_info(), client_options=SDK_OPTIONS)
    else:
        raise AssertionError(f"{label} did not fail")
    text = _without(event, name)
    text |= {"event_id": event_id(label, seed, index), "platform": "python"}
    short = label.split(".")[1]
    return Row(text["event_id"], "real", label, FAMILIES.get(short, ""), f"v{index}", text)


def _without(event: Any, name: str) -> Any:
    """The package is imported under another name each time; the shop has one name."""
    if isinstance(event, dict):
        return {key: _without(value, name) for key, value in event.items()}
    if isinstance(event, list):
        return [_without(value, name) for value in event]
    return event.replace(name, "wareshop") if isinstance(event, str) else event
