"""Languages: one small file each, found by themselves; a new one is a new file."""

from functools import cache

from tracker.domain import discover
from tracker.domain.grouping.g1.call import Language


@cache
def _by_platform() -> dict[str, Language]:
    found: list[Language] = discover.members(__name__, "LANGUAGE")
    return {platform: language for language in found for platform in language.platforms}


def language_of(platform: str) -> Language:
    """The language of a platform of the protocol; unknown ones are read as plain paths."""
    languages = _by_platform()
    return languages.get(platform) or languages["other"]
