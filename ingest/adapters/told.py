"""The common way of protocols that are told over in Sentry's words: decode, tell, normalise."""

from typing import Any

from ingest.adapters import jsontext
from ingest.adapters.base import MAX_EVENT, Context, Malformed, TooLarge
from ingest.adapters.normalise import event
from ingest.adapters.normalise.work import Work
from tracker.domain.event import Event
from tracker.domain.rawlook import look


class Told:
    """A decoded object and the work of normalising what is made of it."""

    def __init__(self, text: bytes, context: Context, what: str) -> None:
        decoded = read_object(text, what)
        seen = look(text)
        self.context = context
        self.work = Work(
            words=context.sensitive_words,
            scrub=context.scrub,
            keep_ip=context.keep_ip,
            deep=seen.deep or not decoded.strict,
            told=seen.told,
            size=len(text),
        )
        self.value: dict[str, Any] = decoded.value
        for kind in decoded.repaired:
            self.work.invalid(None, kind, kind)
        if seen.nul or not decoded.strict:
            self.value, bad = jsontext.without_nul(self.value)
            if bad:
                self.work.invalid(None, "U+0000 or a lone surrogate", "bad_text")

    def event(self, raw: dict[str, Any]) -> Event:
        """The event of what was told."""
        return event.build(raw, self.context, self.work)


def read_object(text: bytes, what: str) -> jsontext.Decoded:
    """The JSON object of a body. Raises Malformed or TooLarge, naming it `what`."""
    if len(text) > MAX_EVENT:
        raise TooLarge(f"The {what} is larger than {MAX_EVENT} bytes.")
    try:
        decoded = jsontext.decode(text)
    except jsontext.NotJson:
        raise Malformed(f"The {what} is not JSON.") from None
    if not isinstance(decoded.value, dict):
        raise Malformed(f"The {what} is not a JSON object.")
    return decoded


def mapping(value: Any) -> dict[str, Any]:
    """`value` when it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}
