"""Messages: a template, its parameters, and the text a person reads."""

import re
from typing import Any

from ingest.adapters.normalise import bags
from ingest.adapters.normalise.work import Place, Work, as_json, as_text
from tracker.domain.scrub import FILTERED

MAX_MESSAGE = 8192
_PERCENT = re.compile(r"%(?:\((\w{1,100})\))?[-+ #0]?\d{0,4}(?:\.\d{1,3})?([sdifrxXeEgGuc%])")
_BRACES = re.compile(r"\{(\w{0,100})(?:[:!][^{}]{0,20})?\}")


def message(raw: dict[str, Any], work: Work) -> tuple[str, str, dict[str, Any]]:
    """The text, the template ("" without parameters), and what of it is stored.

    Takes `logentry`, the older `sentry.interfaces.Message`, or `message` as text or object.
    """
    entry = raw.get("logentry") or raw.get("sentry.interfaces.Message")
    plain = raw.get("message")
    if isinstance(plain, dict) and not entry:
        entry, plain = plain, None
    place: Place = (None, "logentry")
    if entry is not None and not isinstance(entry, dict):
        if isinstance(entry, str):
            entry = {"formatted": entry}
        else:
            work.invalid(place, entry)
            entry = None
    plain = work.sentence(plain, MAX_MESSAGE, (None, "message"))
    stored: dict[str, Any] = {"message": plain} if plain else {}
    if not entry:
        return plain, "", stored
    template = _any_text(entry.get("message"), (place, "message"), work)
    formatted = _any_text(entry.get("formatted"), (place, "formatted"), work)
    params = entry.get("params")
    if not isinstance(params, dict | list) or not params:
        params = None
    else:
        params = bags.clean_value(params, 1024, (place, "params"), work)
        holder = {"params": params}
        bags.fit(holder, 16 * 1024, place, work)
        params = holder["params"]
    if not formatted:
        filled = fill(template, params)[:MAX_MESSAGE] if params else template
        text = work.sentence(filled, MAX_MESSAGE, place) or plain
        if filled and text != filled:
            params = [FILTERED]  # one of them is what had to be hidden
    else:
        text = formatted
    kept = {"message": template, "params": params, "formatted": formatted or text}
    kept = {key: value for key, value in kept.items() if value}
    if kept:
        stored["logentry"] = kept
    has_template = bool(template) and template != text
    return text, template if has_template else "", stored


def _any_text(value: Any, place: Place, work: Work) -> str:
    if isinstance(value, dict | list):
        value = as_json(value) if value else ""
    return work.sentence(value, MAX_MESSAGE, place)


def fill(template: str, params: Any) -> str:
    """`template` with `%s`, `%(name)s`, `{}` and `{name}` filled from `params`.

    What has no parameter stays as it is, so that a wrong template is still readable.
    """
    listed = params if isinstance(params, list) else []
    named = params if isinstance(params, dict) else {}
    if len(listed) == 1 and isinstance(listed[0], dict):
        named = listed[0]
    queue = iter(listed)

    def percent(match: re.Match[str]) -> str:
        name, kind = match.groups()
        if kind == "%":
            return "%"
        if name:
            return _shown(named[name]) if name in named else match.group()
        return _shown(next(queue, match.group()))

    def braces(match: re.Match[str]) -> str:
        name = match.group(1)
        if not name:
            return _shown(next(queue, match.group()))
        if name in named:
            return _shown(named[name])
        if name.isdecimal() and len(name) < 4 and int(name) < len(listed):
            return _shown(listed[int(name)])
        return match.group()

    if _PERCENT.search(template):
        return _PERCENT.sub(percent, template)
    return _BRACES.sub(braces, template)


def _shown(value: Any) -> str:
    if value is None:
        return "None"
    if isinstance(value, str):
        return value
    return as_text(value) if isinstance(value, bool | int | float) else as_json(value)
