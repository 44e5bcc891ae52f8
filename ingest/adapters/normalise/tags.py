"""Tags: the SDK's of any shape, and those derived from the rest of the event."""

import re
from functools import lru_cache
from typing import Any

from ingest.adapters.normalise.work import Place, Work
from tracker.domain.event import ExceptionInfo
from tracker.domain.scrub import FILTERED

MAX_TAGS = 100
MAX_KEY = 200
MAX_VALUE = 200
_PLACE: Place = (None, "tags")
_NAMES = (str, int, float)
_KEY = re.compile(r"[A-Za-z0-9_.:\-]+")
_UNFIT_KEY = re.compile(r"[^A-Za-z0-9_.:\-]+")


def tags(raw: Any, work: Work) -> dict[str, str]:
    """The SDK's tags as name to value; the first of a name wins."""
    if isinstance(raw, dict):
        pairs: list[Any] = list(raw.items())
    elif isinstance(raw, list):
        pairs = [_pair(item) for item in raw]
    else:
        if raw:
            work.invalid(_PLACE, raw)
        return {}
    kept: dict[str, str] = {}
    for index, pair in enumerate(pairs):
        if pair is None or not isinstance(pair[0], _NAMES):
            work.invalid((_PLACE, index), pair)
            continue
        if pair[1] is None:
            continue
        key, value = _clean(pair[0], pair[1], work)
        if key and value and key not in kept:
            if len(kept) == MAX_TAGS:
                work.shortened(_PLACE, len(pairs))
                break
            kept[key] = value
    return kept


def _pair(item: Any) -> Any:
    if isinstance(item, list) and len(item) == 2:
        return item
    if isinstance(item, dict) and "key" in item:
        return [item["key"], item.get("value")]
    return None


def _clean(name: Any, content: Any, work: Work) -> tuple[str, str]:
    key = _fit(work.text(name, MAX_KEY, (_PLACE, "key")))
    value = work.text(content, MAX_VALUE, (_PLACE, key)).strip()
    if "\n" in value or "\r" in value:
        value = " ".join(value.split())
    if value and work.scrub and work.keys.sensitive(key):
        value = FILTERED
    return key, value


@lru_cache(maxsize=4096)
def _fit(key: str) -> str:
    """A key of the letters that keys may have."""
    key = key.strip()
    return key if _KEY.fullmatch(key) else _UNFIT_KEY.sub("-", key).strip("-")


def derived(
    contexts: dict[str, Any],
    request: dict[str, Any],
    exceptions: tuple[ExceptionInfo, ...],
    facts: dict[str, str],
) -> dict[str, str]:
    """Tags made from contexts, request, mechanism and plain attributes; at most 16."""
    made: dict[str, str] = {}
    for kind in ("browser", "os", "runtime"):
        context = contexts.get(kind)
        if isinstance(context, dict):
            name = _word(context.get("name"))
            version = _word(context.get("version"))
            if name:
                made[kind] = f"{name} {version}".strip()[:MAX_VALUE]
                made[f"{kind}.name"] = name
    device = contexts.get("device")
    if isinstance(device, dict) and (
        model := _word(device.get("model")) or _word(device.get("family"))
    ):
        made["device"] = model
    if "url" in request and (url := _word(request["url"])):
        made["url"] = url
    if exceptions:
        top = exceptions[-1]
        if top.handled is not None:
            made["handled"] = "yes" if top.handled else "no"
        if mechanism := _word(top.mechanism):
            made["mechanism"] = mechanism
    for key in ("transaction", "server_name", "logger"):
        if word := _word(facts[key]):
            made[key] = word
    return made


def _word(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if len(value) > MAX_VALUE:
        value = value[:MAX_VALUE]
    return " ".join(value.split()) if "\n" in value or "\r" in value else value
