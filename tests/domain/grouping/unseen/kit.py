"""Held-out bugs: a small language to write them in, and seeds that make their variants.

A bug is written as its stack, once; `variants` tells it again and again as releases, servers,
SDKs and browsers would: lines move, deploy folders and counters of compilers change, other
entries lead there, values in messages differ. Nothing here knows how grouping works.

    # name @family %flag
    ! Type: message with {slots}
    > unit | function | source line        the application's own code, outermost first
    ~ unit | function                      a library's
    ^ Type: message                        its cause, with frames of its own
"""

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct


class Line(Struct, frozen=True):
    """One frame as written."""

    app: bool
    unit: str
    function: str
    code: str = ""


class Fault(Struct):
    """One error of a chain as written."""

    type: str
    message: str
    frames: list[Line]


class Bug(Struct):
    """One bug as written."""

    language: str
    name: str
    family: str
    flags: frozenset[str]
    faults: list[Fault]
    """Outermost first."""

    @property
    def label(self) -> str:
        return f"{self.language}.{self.name}"


class Row(Struct, frozen=True):
    """One labelled event, in the form that the scorer reads."""

    id: str
    project: str
    label: str
    family: str
    variant: str
    event: dict[str, Any]


def bugs_of(language: str, text: str) -> list[Bug]:
    """Read a table."""
    found: list[Bug] = []
    for raw in text.splitlines():
        line = raw.strip()
        if not line:
            continue
        mark, _, rest = line.partition(" ")
        if mark == "#":
            words = rest.split()
            family = next((word[1:] for word in words if word[0] == "@"), "")
            flags = frozenset(word[1:] for word in words if word[0] == "%")
            found.append(Bug(language, words[0], family, flags, []))
        elif mark in ("!", "^"):
            type_, _, message = f"{rest} ".partition(": ")
            found[-1].faults.append(Fault(type_.strip(), message.strip().replace("\\n", "\n"), []))
        elif mark in (">", "~"):
            unit, function, *code = (part.strip() for part in rest.split(" | ", 2))
            frame = Line(mark == ">", unit, function, code[0] if code else "")
            found[-1].faults[-1].frames.append(frame)
        else:
            raise ValueError(f"what is {line!r}?")
    return found


def number(*parts: object) -> int:
    """A number that depends on `parts` alone."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=6).digest(), "big")


FIRST = "Anna Bela Chidi Dora Emre Farid Greta Hana Ivo Jun Kira Luca Mina Noor Olga Pia".split()
LAST = "Okafor Lindgren Marsh Novak Ueda Weiss Brandt Costa Duval Eriksen Fonseca Haddad".split()
SLUGS = (
    "amber basil cobalt delta fennel garnet hazel indigo juniper karst linden maple nettle "
    "onyx pebble quartz rowan sable tundra umber violet willow yarrow zephyr"
).split()
TITLES = "Invoice Receipt Voucher Statement Parcel Basket Newsletter Coupon Manifest Ticket".split()


class Values:
    """Fills slots; every event has values of its own."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def hex(self, digits: int) -> str:
        return f"{self.random.getrandbits(digits * 4):0{digits}x}"

    def get(self, slot: str) -> str:
        """A value for `{slot}`."""
        rnd = self.random
        pick = rnd.choice
        made = {
            "int": lambda: str(rnd.randint(2, 10 ** rnd.randint(1, 8))),
            "small": lambda: str(rnd.randint(0, 99)),
            "float": lambda: f"{rnd.uniform(0, 900):.{rnd.randint(1, 4)}f}",
            "money": lambda: pick(("{:,.2f}", "{:.2f}")).format(rnd.uniform(1, 90_000)),
            "euro": lambda: f"{rnd.randint(1, 99)}.{rnd.randint(100, 999)},{rnd.randint(10, 99)}",
            "neg": lambda: str(-rnd.randint(1, 9_000)),
            "uuid": lambda: "-".join(self.hex(n) for n in (8, 4, 4, 4, 12)),
            "hex": lambda: self.hex(pick((8, 16, 24, 32, 40))),
            "ptr": lambda: "0x" + self.hex(12),
            "oid": lambda: self.hex(24),
            "path": lambda: f"/{pick(SLUGS)}/{pick(SLUGS)}/{self.hex(6)}.{pick(('csv', 'pdf'))}",
            "win": lambda: f"C:\\Users\\{pick(FIRST)}\\AppData\\{pick(SLUGS)}-{self.hex(4)}.dat",
            "file": lambda: f"{pick(SLUGS)}-{self.hex(6)}.{pick(('csv', 'json', 'png'))}",
            "date": lambda: f"2026-{rnd.randint(1, 12):02}-{rnd.randint(1, 28):02}",
            "stamp": lambda: f"2026-0{rnd.randint(1, 9)}-11T{rnd.randint(10, 23)}:0{rnd.randint(0, 9)}:59.{rnd.randint(100, 999)}Z",
            "email": lambda: f"{pick(FIRST).lower()}.{pick(LAST).lower()}@{pick(SLUGS)}.example",
            "ip": lambda: ".".join(str(rnd.randint(1, 254)) for _ in range(4)),
            "ip6": lambda: f"2001:db8:{self.hex(4)}::{self.hex(2)}",
            "port": lambda: str(rnd.randint(30_000, 60_000)),
            "host": lambda: f"{pick(SLUGS)}-{rnd.randint(1, 40)}.internal",
            "name": lambda: f"{pick(FIRST)} {pick(LAST)}",
            "first": lambda: pick(FIRST),
            "slug": lambda: f"{pick(SLUGS)}-{rnd.randint(100, 999_999)}",
            "word": lambda: pick(SLUGS),
            "words": lambda: " ".join(rnd.sample(SLUGS, rnd.randint(1, 3))),
            "title": lambda: pick(TITLES),
            "url": lambda: f"https://{pick(SLUGS)}.example/v{rnd.randint(1, 3)}/{pick(SLUGS)}/{rnd.randint(1, 9_999)}?q={self.hex(5)}",
            "ms": lambda: str(rnd.randint(200, 60_000)),
            "sku": lambda: f"{pick('ABCDXZ')}{pick('KLMN')}-{rnd.randint(100, 9_999)}",
            "token": lambda: f"tok_{self.hex(14)}",
            "json": lambda: f'{{"id":{rnd.randint(1, 9_999)},"name":"{pick(FIRST)}"}}',
        }  # fmt: skip
        return made[slot]()

    def fill(self, text: str) -> str:
        """`text` with all its slots filled."""
        parts = text.split("{")
        kept = [parts[0]]
        for part in parts[1:]:
            slot, closed, rest = part.partition("}")
            if closed and slot in KNOWN_SLOTS:
                kept.append(self.get(slot) + rest)
            else:
                kept.append("{" + part)
        return "".join(kept)


KNOWN_SLOTS = frozenset(
    "int small float money euro neg uuid hex ptr oid path win file date stamp email ip ip6 port "
    "host name first slug word words title url ms sku token json".split()
)


class Telling(Struct):
    """How one variant is told."""

    index: int
    release: int
    """0..3; code moves between them."""
    entry: int
    values: Values
    bare: bool
    """The SDK sent no source lines."""

    def lineno(self, unit: str, function: str, code: str) -> int:
        """Functions stay together, and everything moves from release to release."""
        base = number(unit, function) % 300 + number(code) % 9
        return base + 10 + self.release * (number(unit, self.release) % 23 if self.release else 0)

    def counters(self, text: str) -> str:
        """`{n}` and `{h}`: what compilers number and hash anew in each release;
        `{m:name}`: what a minifier calls it in this one.
        """
        if "{" not in text:
            return text
        text = text.replace("{n}", str(number(text, self.release) % 30))
        text = text.replace("{h}", f"{number(text, self.release, 'h') % 16**8:08x}")
        while "{m:" in text:
            head, _, rest = text.partition("{m:")
            name, _, tail = rest.partition("}")
            letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
            value = number(name, self.release)
            short = letters[value % 52] + (letters[value // 52 % 52] if value % 3 else "")
            text = head + short + tail
        return text


def tellings(bug: Bug, seed: int, count: int) -> Iterator[Telling]:
    """The variants of a bug."""
    for index in range(count):
        at = number(bug.label, seed, index)
        yield Telling(
            index=index,
            release=index * 4 // count,
            entry=at % 97,
            values=Values(at),
            bare=index == count - 2,
        )


def event_id(*parts: object) -> str:
    """32 hex digits."""
    return hashlib.md5("\x1f".join(map(str, parts)).encode()).hexdigest()


def scored(pairs: Sequence[tuple[str, object]]) -> dict[str, float]:
    """F1, B3, precision and the share of exact bugs of (label, group) pairs."""
    cell: dict[tuple[str, object], int] = {}
    truth: dict[str, int] = {}
    predicted: dict[object, int] = {}
    for label, group in pairs:
        cell[label, group] = cell.get((label, group), 0) + 1
        truth[label] = truth.get(label, 0) + 1
        predicted[group] = predicted.get(group, 0) + 1

    def two(number: int) -> int:
        return number * (number - 1) // 2

    both = sum(map(two, cell.values()))
    right = both / max(1, sum(map(two, predicted.values())))
    found = both / max(1, sum(map(two, truth.values())))
    total = len(pairs)
    bp = sum(n * n / predicted[group] for (_, group), n in cell.items()) / total
    br = sum(n * n / truth[label] for (label, _), n in cell.items()) / total
    exact = sum(
        1 for (label, group), n in cell.items() if n == truth[label] and n == predicted[group]
    )
    return {
        "f1": 2 * right * found / max(1e-9, right + found),
        "b3": 2 * bp * br / (bp + br),
        "precision": right,
        "recall": found,
        "exact": exact / len(truth),
    }
