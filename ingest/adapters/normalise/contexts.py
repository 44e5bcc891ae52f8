"""Contexts, extra, modules, sdk, debug images: what surrounds an error."""

from typing import Any

from ingest.adapters.normalise import bags, useragent
from ingest.adapters.normalise.work import Place, Work
from tracker.domain.scrub import FILTERED

CONTEXTS_BYTES = 64 * 1024
EXTRA_BYTES = 256 * 1024
EXTRA_VALUE = 16 * 1024
MAX_MODULES = 500
MODULES_BYTES = 64 * 1024
MAX_IMAGES = 200
_BOXES = frozenset({dict, list})


def contexts(raw: Any, work: Work) -> dict[str, Any]:
    """Contexts by name; each an object with a `type`."""
    place: Place = (None, "contexts")
    if not isinstance(raw, dict):
        if raw:
            work.invalid(place, raw)
        return {}
    kept: dict[str, Any] = {}
    for name, value in raw.items():
        if value is None or value == {}:
            continue
        name = name[:200]
        if not isinstance(value, dict):
            value = {"value": value}
        here = (place, name)
        bags.clean(value, 8192, here, work)
        if work.scrub and name not in _OWN_NAMES and work.keys.sensitive(name):
            value = dict.fromkeys(value, FILTERED)
        if type(value.get("type")) is not str:
            value["type"] = name
        kept[name] = value
    bags.fit(kept, CONTEXTS_BYTES, place, work)
    return {name: value for name, value in kept.items() if isinstance(value, dict)}


_OWN_NAMES = frozenset({"trace", "runtime", "os", "browser", "device", "app", "response"})


def add_client(contexts: dict[str, Any], user_agent: str) -> None:
    """Fill in browser and system from a User-Agent where the SDK left them to us."""
    if not user_agent or ("browser" in contexts and "os" in contexts):
        return
    browser, system = useragent.read(user_agent)
    if browser and "browser" not in contexts and "runtime" not in contexts:
        contexts["browser"] = {"name": browser[0], "version": browser[1], "type": "browser"}
    if system and "os" not in contexts:
        contexts["os"] = {"name": system[0], "version": system[1], "type": "os"}


def own_data(raw: Any, work: Work) -> dict[str, Any]:
    """The client's own data."""
    place: Place = (None, "extra")
    if raw is None or raw in ("", []):
        return {}
    data: dict[str, Any] = raw if isinstance(raw, dict) else {"value": raw}
    bags.clean(data, EXTRA_VALUE, place, work)
    bags.fit(data, EXTRA_BYTES, place, work)
    return data


def modules(raw: Any, work: Work) -> dict[str, str]:
    """Packages by name; their names are never secrets."""
    place: Place = (None, "modules")
    if isinstance(raw, list):
        pairs = [item if isinstance(item, list) else [item, ""] for item in raw]
        raw = {pair[0]: pair[1] for pair in pairs if len(pair) == 2 and isinstance(pair[0], str)}
    if not isinstance(raw, dict):
        if raw:
            work.invalid(place, raw)
        return {}
    if len(raw) > MAX_MODULES:
        work.shortened(place, len(raw))
        raw = dict(list(raw.items())[:MAX_MODULES])
    if not work.deep:
        try:
            told = len("".join(raw.values()))  # all are texts
        except TypeError:
            told = -1
        if 0 <= told <= 40 * len(raw):
            bags.fit(raw, MODULES_BYTES, place, work)
            names: dict[str, str] = raw
            return names
    return {
        name[:200]: work.text(version, 200, (place, name[:200])) for name, version in raw.items()
    }


def sdk(raw: Any, work: Work) -> tuple[dict[str, Any], str]:
    """The SDK as stored and as `name/version`."""
    if isinstance(raw, str):
        name, _, version = raw.partition("/")
        raw = {"name": name, "version": version}
    if not isinstance(raw, dict):
        return {}, ""
    place: Place = (None, "sdk")
    kept: dict[str, Any] = {}
    for key in ("name", "version"):
        if text := work.text(raw.get(key), 64, (place, key)):
            kept[key] = text
    for key in ("integrations", "packages", "features", "settings"):
        value = raw.get(key)
        if value and type(value) in _BOXES:
            holder = {key: value}
            bags.clean(holder, 200, place, work, depth=3)
            bags.fit(holder, 4096, place, work)
            kept[key] = holder[key]
    label = f"{kept.get('name', '')}/{kept.get('version', '')}".strip("/")
    return kept, label


def images(raw: Any, work: Work) -> list[dict[str, Any]]:
    """Debug images: source maps and native libraries."""
    place: Place = ((None, "debug_meta"), "images")
    listed = raw.get("images") if isinstance(raw, dict) else None
    if not isinstance(listed, list):
        return []
    kept = [image for image in listed if isinstance(image, dict) and image]
    if len(kept) > MAX_IMAGES:
        work.shortened(place, len(kept))
        kept = kept[:MAX_IMAGES]
    for index, image in enumerate(kept):
        bags.clean_mapping(image, 2048, (place, index), work, depth=2)
        if len(image) > 20:
            bags.fit(image, 4096, (place, index), work)
    return kept
