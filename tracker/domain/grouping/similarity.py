"""How alike two issues are: weighted Jaccard over type, top frames and template words.

A suggestion for people, never a reason to merge.
"""

from collections.abc import Mapping

from tracker.domain.event import Event
from tracker.domain.grouping.g1 import language_of_event, with_thread_stack
from tracker.domain.grouping.g1 import site as sites
from tracker.domain.grouping.g1.cause import type_of
from tracker.domain.grouping.g1.facets import of_message
from tracker.domain.grouping.g1.template import template_of, without_placeholders, words_in
from tracker.domain.grouping.rules import NO_RULES

TYPE_WEIGHT = 3.0
FRAME_WEIGHTS = (4.0, 2.0, 1.0, 0.5, 0.5)
"""In-app calls from the crash frame on."""
FACET_WEIGHT = 1.5
WORD_WEIGHT = 0.5
MOST_WORDS = 24
MOST_FRAMES = 60

Features = Mapping[str, float]


def features_of(event: Event) -> dict[str, float]:
    """What an event is compared by: feature -> weight. At most about 40."""
    found: dict[str, float] = {}
    text = event.template or event.message
    if event.exceptions:
        error = with_thread_stack(event)[-1]
        language = language_of_event(event)
        found[f"type:{type_of(error.type)}"] = TYPE_WEIGHT
        text = error.value
        weights = iter(FRAME_WEIGHTS)
        for frame in reversed(error.frames[-MOST_FRAMES:]):
            call = sites.read(frame, language, NO_RULES)
            if call.skip or not call.app or not call.name or f"frame:{call.label}" in found:
                continue
            weight = next(weights, 0.0)
            if not weight:
                break
            found[f"frame:{call.label}"] = weight
    return found | _of_text(text)


def features_of_words(type_: str, text: str) -> dict[str, float]:
    """The same of an issue without stored events: its type and what it says."""
    found = {f"type:{type_of(type_)}": TYPE_WEIGHT} if type_ else {}
    return found | _of_text(text)


def _of_text(text: str) -> dict[str, float]:
    hard, _ = of_message(text)
    found = {f"facet:{facet}": FACET_WEIGHT for facet in hard}
    for word in words_in(template_of(without_placeholders(text)))[:MOST_WORDS]:
        found[f"word:{word}"] = WORD_WEIGHT
    return found


def similarity(one: Features, other: Features) -> float:
    """Weighted Jaccard, 0 to 1: shared weight by all weight."""
    names = one.keys() | other.keys()
    most = sum(max(one.get(name, 0.0), other.get(name, 0.0)) for name in names)
    if not most:
        return 0.0
    least = sum(min(one.get(name, 0.0), other.get(name, 0.0)) for name in names)
    return least / most
