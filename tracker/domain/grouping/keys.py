"""Key and Keys: what a grouping version says about one event."""

from hashlib import blake2b

from msgspec import Struct

LINE, LINE_IN_FILE, MESSAGE_AT_SITE, SITE, WEAK, FINGERPRINT, SLOT, PLAIN_SLOT, VARYING = (
    "line",
    "line_in_file",
    "message_at_site",
    "site",
    "weak",
    "fingerprint",
    "slot",
    "plain_slot",
    "varying",
)

LEVELS: dict[str, int] = {
    FINGERPRINT: 0,
    LINE: 0,
    LINE_IN_FILE: 1,
    MESSAGE_AT_SITE: 2,
    SITE: 2,
    WEAK: 3,
    SLOT: 4,
    PLAIN_SLOT: 4,
    VARYING: 4,
}
"""How precise a kind is; smaller is more precise."""

SLOTS = frozenset((SLOT, PLAIN_SLOT))
"""Kinds that find no issue yet: of a word that looks like data, and of one that does not."""


class Key(Struct, frozen=True, gc=False):
    """One grouping key."""

    kind: str
    """One of `LEVELS`."""
    hash: bytes
    """16 bytes."""
    why: str
    """For people: what the key is made of and what was ignored."""

    @property
    def level(self) -> int:
        """How precise the key is; smaller is more precise."""
        return LEVELS[self.kind]


class Keys(Struct, frozen=True):
    """All keys of one event, most precise first."""

    version: str
    keys: tuple[Key, ...]
    slots: tuple[Key, ...] = ()
    """The message's template with one word left open each. Until a word has proved to vary
    (`resolve`) they find no issue; then the slot's kind turns to `varying`."""
    title: str = ""
    """Set by a fingerprint rule of the project; "" leaves the event's own."""

    @property
    def level(self) -> int:
        """How precise the most precise key is."""
        return self.keys[0].level


def digest(*parts: str) -> bytes:
    """16 bytes that stand for `parts`; no two lists of parts share their bytes."""
    text = "\x1f".join(parts)
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
