"""The HTTP request of an event: address, headers, cookies, body, without their secrets."""

from typing import Any

from ingest.adapters import jsontext
from ingest.adapters.normalise import bags, scalars
from ingest.adapters.normalise.work import Place, Work, as_text
from tracker.domain.scrub import FILTERED, scrub_pairs, scrub_query

URL_LENGTH = 2048
BODY_BYTES = 8 * 1024
MAX_HEADERS = 100
HEADER_LENGTH = 1024
_ADDRESS_HEADERS = frozenset(
    "x-forwarded-for x-real-ip forwarded x-client-ip x-cluster-client-ip cf-connecting-ip"
    " true-client-ip fastly-client-ip remote-addr".split()
)
_USUAL = frozenset("url method query_string fragment headers cookies data env".split())
_PLACE: Place = (None, "request")


def request(raw: Any, work: Work) -> dict[str, Any]:
    """The request as stored; empty when there is none."""
    if isinstance(raw, str):
        raw = {"url": raw}
    if not isinstance(raw, dict):
        if raw:
            work.invalid(_PLACE, raw)
        return {}
    stored = _address_line(raw, work)
    get = raw.get
    if (told := get("headers")) and (headers := _headers(told, work)):
        stored["headers"] = headers
    if (told := get("cookies")) and (cookies := _cookies(told, work)):
        stored["cookies"] = cookies
    if (body := get("data")) not in (None, "", {}, []):
        stored["data"] = _body(body, work)
    if (told := get("env")) and (env := _environment(told, work)):
        stored["env"] = env
    if _USUAL.issuperset(raw):
        return stored
    if (size := scalars.integer(get("body_size"), 2**53)) is not None:
        stored["body_size"] = size
    for key in ("inferred_content_type", "api_target"):
        if kept := work.text(get(key), 128, (_PLACE, key)):
            stored[key] = kept
    return stored


def _address_line(raw: dict[str, Any], work: Work) -> dict[str, Any]:
    """Method and URL; query and fragment apart, from the URL when they are not given."""
    stored: dict[str, Any] = {}
    get = raw.get
    url, query, fragment = _split(work.text(get("url"), URL_LENGTH, (_PLACE, "url")))
    if url:
        stored["url"] = url
    if method := work.text(get("method"), 32, (_PLACE, "method")):
        stored["method"] = method
    told = get("query_string")
    given = "" if told is None else _pairs_or_text(told, "query_string", work)
    if given:
        stored["query_string"] = given
    elif query:
        stored["query_string"] = _hide(query, work)
    if fragment := work.text(get("fragment"), 1024, (_PLACE, "fragment")) or fragment:
        stored["fragment"] = _hide(fragment, work)
    return stored


def _split(url: str) -> tuple[str, str, str]:
    url, _, fragment = url.partition("#")
    url, _, query = url.partition("?")
    return url, query, fragment


def _hide(query: str, work: Work) -> str:
    return scrub_query(query, work.keys) if work.scrub else query


def _pairs_or_text(value: Any, key: str, work: Work) -> Any:
    """A query: text without its `?`, or pairs; secrets hidden."""
    place: Place = (_PLACE, key)
    if isinstance(value, dict) and value:
        value = [[name, inner] for name, inner in value.items()]
    if isinstance(value, list):
        return [list(pair) for pair in _pairs(value, 100, URL_LENGTH, place, work)]
    return _hide(work.text(value, URL_LENGTH, place).lstrip("?"), work)


def _pairs(
    value: list[Any], most: int, limit: int, place: Place, work: Work
) -> list[tuple[str, str]]:
    """`[[name, value], ...]` of any odd shape as clean pairs of text."""
    if len(value) > most:
        work.shortened(place, len(value))
    pairs: list[tuple[str, str]] = []
    for index, item in enumerate(value[:most]):
        if isinstance(item, dict) and "name" in item:
            item = [item.get("name"), item.get("value")]
        if not isinstance(item, list) or len(item) != 2 or item[0] is None:
            work.invalid((place, index), item)
            continue
        name = work.text(item[0], 200, (place, index))
        content = item[1]
        if isinstance(content, list):
            content = ", ".join(as_text(part) if _scalar(part) else "" for part in content[:50])
        text = work.text(content, limit, (place, name))
        if work.scrub and text and work.keys.sensitive(name):
            text = FILTERED
        if name:
            pairs.append((name, text))
    return pairs


def _scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)


def _headers(value: Any, work: Work) -> dict[str, str]:
    """Headers by name; one that comes twice is joined, cookies are hidden, addresses cut."""
    pairs: Any = ()
    if isinstance(value, dict):
        pairs = value.items()
        if work.deep or len(value) > MAX_HEADERS or not _plain(value, work):
            value = [[name, inner] for name, inner in pairs]
    elif not isinstance(value, list):
        if value:
            work.invalid((_PLACE, "headers"), value)
        return {}
    if isinstance(value, list):
        pairs = _pairs(value, MAX_HEADERS, HEADER_LENGTH, (_PLACE, "headers"), work)
    kept: dict[str, str] = {}
    for name, text in pairs:
        lowered = name.lower()
        if lowered in _ADDRESS_HEADERS:
            text = _addresses(text, work)
        elif "?" in text and lowered in ("referer", "referrer", "location"):
            text = _hide(text, work)
        kept[name] = f"{kept[name]}, {text}" if name in kept else text
    return kept


def _plain(headers: dict[str, Any], work: Work) -> bool:
    """Whether all headers are short texts under harmless names."""
    if not work.keys.clean.issuperset(headers):
        return False
    return all(type(text) is str and len(text) <= HEADER_LENGTH for text in headers.values())


def _addresses(text: str, work: Work) -> str:
    if work.keep_ip or not work.scrub:
        return text
    return ", ".join(work.address(part) or FILTERED for part in text.split(",")[:20])


def _cookies(value: Any, work: Work) -> Any:
    """Cookies by name. Their values are secrets; the names help."""
    if isinstance(value, str):
        parts = (part.partition("=") for part in value[:URL_LENGTH].split(";"))
        value = [[name.strip(), inner] for name, _, inner in parts if name.strip()]
    if isinstance(value, dict):
        value = [[name, inner] for name, inner in value.items()]
    if not isinstance(value, list):
        if value:
            work.invalid((_PLACE, "cookies"), value)
        return {}
    pairs = _pairs(value, 50, 1024, (_PLACE, "cookies"), work)
    return {name: FILTERED if work.scrub else text for name, text in pairs}


def _body(value: Any, work: Work) -> Any:
    """The body as an object where it is one, cut to its budget."""
    place: Place = (_PLACE, "data")
    if isinstance(value, str):
        value = _text_body(value, place, work)
    value = bags.clean_value(value, BODY_BYTES, place, work)
    holder = {"data": value}
    if isinstance(value, dict):
        bags.fit(value, BODY_BYTES, place, work)
    elif isinstance(value, list):
        bags.fit(holder, BODY_BYTES, _PLACE, work)
    return holder["data"]


def _text_body(text: str, place: Place, work: Work) -> Any:
    """A body sent as text: the object that it holds, or the text without secrets."""
    if len(text) > 4 * BODY_BYTES:
        text = work.text(text, BODY_BYTES, place)
    if text[:1] in "{[":
        try:
            decoded = jsontext.decode(text.encode("utf-8", "replace")).value
        except jsontext.NotJson:
            return scrub_pairs(text, work.keys) if work.scrub else text
        return decoded if isinstance(decoded, dict | list) else text
    return scrub_query(text, work.keys) if work.scrub else text


def _environment(value: Any, work: Work) -> dict[str, Any]:
    place: Place = (_PLACE, "env")
    if not isinstance(value, dict):
        if value:
            work.invalid(place, value)
        return {}
    bags.clean(value, 1024, place, work)
    for key in ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP"):
        if isinstance(value.get(key), str):
            value[key] = _addresses(value[key], work)
    bags.fit(value, BODY_BYTES, place, work)
    return value
