"""Key and Keys: what a grouping version says about one event."""

from hashlib import blake2b

from msgspec import Struct

LINE, LINE_IN_FILE, MESSAGE_AT_SITE, SITE, WEAK, FINGERPRINT = (
    "line",
    "line_in_file",
    "message_at_site",
    "site",
    "weak",
    "fingerprint",
)

LEVELS: dict[str, int] = {
    FINGERPRINT: 0,
    LINE: 0,
    LINE_IN_FILE: 1,
    MESSAGE_AT_SITE: 2,
    SITE: 2,
    WEAK: 3,
}
"""How precise a kind is; smaller is more precise."""


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
