"""Whatever a stranger sent, as text: short at first, whole on demand.

Nothing here trusts a shape; what can't be read as what it should be is left out.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FILTERED = "[Filtered]"
SHORT = 600
"""Characters of a text that are shown before "show all"."""
FLAT = 180
"""The same of a structure, written on one line."""


@dataclass(frozen=True, slots=True)
class Text:
    """A value as text: a beginning, and all of it when that is more."""

    head: str
    more: str = ""
    """The whole, spread over lines; "" when `head` is the whole."""
    kind: str = "text"
    """`text`, `number`, `null`, `data` or `filtered`: how it is coloured."""

    @property
    def full(self) -> str:
        """All of it."""
        return self.more or self.head


Pairs = tuple[tuple[str, Text], ...]


def text_of(value: Any, limit: int = SHORT, *, python: bool = False) -> Text:
    """Any value as text. `python`: strings inside are already what `repr` wrote."""
    if value is None:
        return Text("None" if python else "null", kind="null")
    if isinstance(value, bool):
        return Text("true" if value else "false", kind="number")
    if isinstance(value, int | float):
        return Text(str(value), kind="number")
    if isinstance(value, str):
        kind = "filtered" if value == FILTERED else _python_kind(value) if python else "text"
        return Text(value[:limit], value if len(value) > limit else "", kind)
    flat = _written(value, python)
    if len(flat) <= FLAT:
        return Text(flat, kind="data")
    return Text(flat[:FLAT], _written(value, python, "\n"), "data")


def _written(value: Any, python: bool, lead: str = "") -> str:
    """A structure as its language writes it; `lead` (a line break and indent) spreads it."""
    deeper = lead and lead + "  "
    if isinstance(value, Mapping):
        items = (f"{key}: {_written(item, python, deeper)}" for key, item in value.items())
        return _bracketed(items, "{}", lead)
    if isinstance(value, list | tuple):
        return _bracketed((_written(item, python, deeper) for item in value), "[]", lead)
    if python and isinstance(value, str):
        return value
    if python and value is None:
        return "None"
    return json.dumps(value, ensure_ascii=False, default=str)


def _bracketed(items: Iterable[str], brackets: str, lead: str) -> str:
    texts = list(items)
    if not lead or not texts:
        return brackets[0] + ", ".join(texts) + brackets[1]
    return brackets[0] + ",".join(f"{lead}  {text}" for text in texts) + lead + brackets[1]


def _python_kind(text: str) -> str:
    if text == "None":
        return "null"
    return (
        "number"
        if text in ("True", "False") or text.lstrip("-").replace(".", "", 1).isdigit()
        else "text"
    )


def plain(value: Any) -> str:
    """One string, whatever it was; "" for nothing."""
    return "" if value is None else value if isinstance(value, str) else text_of(value).full


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listed(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects of `{"values": [...]}` or of a bare list."""
    if isinstance(value, Mapping):
        value = value.get("values")
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def pairs_of(value: Mapping[str, Any], *, python: bool = False) -> Pairs:
    """Names and values as text, in their order."""
    return tuple((str(key), text_of(item, python=python)) for key, item in value.items())


def named(value: Any) -> Iterator[tuple[str, str]]:
    """Pairs of `{k: v}` (sorted), `[[k, v]]` or `[{key, value}]`."""
    if isinstance(value, Mapping):
        yield from sorted((str(k), plain(v)) for k, v in value.items())
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, list | tuple) and len(item) == 2:
                yield str(item[0]), plain(item[1])
            elif isinstance(item, Mapping) and "key" in item:
                yield str(item["key"]), plain(item.get("value"))
