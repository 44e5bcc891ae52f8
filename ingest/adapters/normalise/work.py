"""The state of one normalisation: what to hide, and the notes on what was changed.

Places in the event are linked pairs `(parent, key)`, which cost nothing until a note
needs their text.
"""

from typing import Any

from ingest.adapters import jsontext
from tracker.domain.scrub import FILTERED, KeyWords, cut_ip, key_words, says, scrub_said, scrub_text

Place = tuple[Any, Any] | None
"""Where something is: (place of the parent, key or index); None is the event itself."""

MAX_NOTES = 100
SAFE_INTEGER = 2**53


def steps(place: Place) -> list[str]:
    """The keys from the event down to `place`."""
    keys: list[str] = []
    while place is not None:
        place, key = place
        keys.append(str(key)[:200])
    return keys[::-1]


def shown(value: Any) -> str:
    """A short text of an odd value, for the notes."""
    text = value if isinstance(value, str) else type(value).__name__
    if isinstance(value, bool | int | float):
        text = str(value) if not isinstance(value, int) or abs(value) < 10**30 else "integer"
    return text[:100]


class Work:
    """Rules and notes while one event is normalised."""

    __slots__ = (
        *("_notes", "changed", "deep", "errors", "keep_ip", "keys", "meta", "scrub", "size"),
        *("said", "told"),
    )

    def __init__(
        self,
        *,
        words: frozenset[str] = frozenset(),
        scrub: bool = True,
        keep_ip: bool = False,
        deep: bool = True,
        told: bool = True,
        said: bool = True,
        size: int = 1 << 30,
    ) -> None:
        self.keys: KeyWords = key_words(words)
        self.scrub = scrub
        self.keep_ip = keep_ip
        self.deep = deep and scrub
        """Texts must be looked through for secrets by shape."""
        self.told = scrub and (told or deep)
        """Texts must be looked through for names and values."""
        self.said = self.told or (scrub and said)
        """Sentences must be looked through for names and values."""
        self.size = size
        """Bytes of the event as sent: no part of it can be larger."""
        self.errors: list[dict[str, Any]] = []
        self.meta: dict[str, Any] = {}
        self.changed = False
        self._notes = 0

    # --- notes ---

    def invalid(self, place: Place, value: Any, kind: str = "invalid_data") -> None:
        """Note a value that could not be used."""
        self.changed = True
        if len(self.errors) < MAX_NOTES:
            text = shown(value)
            if self.scrub:
                name = place[1] if place is not None else ""
                hide = isinstance(name, str) and self.keys.sensitive(name)
                text = FILTERED if hide else scrub_text(text)
            self.errors.append({"type": kind, "name": ".".join(steps(place)), "value": text})

    def shortened(self, place: Place, length: int) -> None:
        """Note that something at `place` had `length` characters or members."""
        self.changed = True
        self._notes += 1
        if self._notes > MAX_NOTES:
            return
        node = self.meta
        for key in steps(place):
            node = node.setdefault(key, {})
        node[""] = {"len": length}

    # --- texts ---

    def text(self, value: Any, limit: int, place: Place) -> str:
        """`value` as text of at most `limit` characters; "" for nothing or nonsense."""
        if value is None:
            return ""
        if not isinstance(value, str):
            if isinstance(value, bool | int | float):
                value = as_text(value)
            else:
                if value:
                    self.invalid(place, value)
                return ""
        if self.deep:
            value = scrub_text(value)
        return value if len(value) <= limit else self.cut(value, limit, place)

    def sentence(self, value: Any, limit: int, place: Place) -> str:
        """The same of what people or programs say: a message, the value of an exception."""
        if self.said and isinstance(value, str) and says(value, self.keys):
            value = scrub_said(value, self.keys)
        return self.text(value, limit, place)

    def cut(self, text: str, limit: int, place: Place) -> str:
        """`text` cut to `limit` characters, with a mark and a note."""
        self.shortened(place, len(text))
        return text[: limit - 3] + "..."

    def address(self, text: str) -> str:
        """An IP address as the project wants it kept."""
        if self.keep_ip or not self.scrub:
            return text[:64]
        return cut_ip(text)


def as_text(value: bool | float) -> str:
    """A scalar as text: `True`, `12`, `0.5`; never fails on huge integers."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10**400:
        return "integer"
    return str(value)


def as_json(value: Any) -> str:
    """Any decoded value as JSON text."""
    return jsontext.encode(value)


# --- lists --------------------------------------------------------------------------------------


def as_list(value: Any, place: Place, work: Work) -> list[Any]:
    """The members of `{"values": [...]}`, a bare list, or a single object."""
    if isinstance(value, dict):
        inner = value.get("values")
        if isinstance(inner, list):
            return inner
        if isinstance(inner, dict):
            return [inner]
        return [] if (inner is None and "values" in value) or not value else [value]
    if isinstance(value, list):
        return value
    if value is not None:
        work.invalid(place, value)
    return []


def halves(items: list[Any], limit: int, place: Place, work: Work) -> list[Any]:
    """At most `limit` members: the first and the last halves."""
    if len(items) <= limit:
        return items
    work.shortened(place, len(items))
    return items[: limit // 2] + items[-(limit - limit // 2) :]
