"""Tags: the SDK's of any shape, and those derived from the rest of the event."""

import re
from typing import Any

from ingest.adapters.normalise.work import Place, Work
from tracker.domain.event import ExceptionInfo
from tracker.domain.scrub import FILTERED

MAX_TAGS = 100
MAX_KEY = 200
MAX_VALUE = 200
_PLACE: Place = (None, "tags")
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
        if pair is None or not isinstance(pair[0], str | int | float):
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
    key = work.text(name, MAX_KEY, (_PLACE, "key")).strip()
    if not _KEY.fullmatch(key):
        key = _UNFIT_KEY.sub("-", key).strip("-")
    value = work.text(content, MAX_VALUE, (_PLACE, key)).strip()
    if "\n" in value or "\r" in value:
        value = " ".join(value.split())
    if value and work.scrub and work.keys.sensitive(key):
        value = FILTERED
    return key, value


def derived(
    contexts: dict[str, Any],
    request: dict[str, Any],
    exceptions: tuple[ExceptionInfo, ...],
    named: dict[str, str],
) -> dict[str, str]:
    """Tags made from contexts, request, mechanism and `named` attributes; at most 16."""
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
    if isinstance(device, dict):
        made["device"] = _word(device.get("model")) or _word(device.get("family"))
    made["url"] = _word(request.get("url"))
    if exceptions:
        top = exceptions[-1]
        if top.handled is not None:
            made["handled"] = "yes" if top.handled else "no"
        made["mechanism"] = _word(top.mechanism)
    for key, value in named.items():
        made[key] = _word(value)
    return {key: value for key, value in made.items() if value}


def _word(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    if len(value) > MAX_VALUE:
        value = value[:MAX_VALUE]
    return " ".join(value.split()) if "\n" in value or "\r" in value else value
