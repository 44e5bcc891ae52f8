"""Taking a person out of a stored event: what names them goes, what broke stays."""

from collections.abc import Sequence
from typing import Any

FORGOTTEN = "[deleted]"
SHORTEST = 5
"""Letters from which an identifier is looked for in all texts: "7" would be found everywhere."""
_NAMING = ("id", "email", "username", "name")
_OF_REQUEST = ("cookies", "env", "data", "query_string")
_HEADERS = frozenset({
    "authorization", "cookie", "forwarded", "x-forwarded-for", "x-real-ip", "cf-connecting-ip",
    "true-client-ip", "user-agent", "referer",
})  # fmt: skip


def identities(data: dict[str, Any]) -> tuple[str, ...]:
    """The words that name the event's user, longest first."""
    user = data.get("user")
    if not isinstance(user, dict):
        return ()
    words = [user.get(key) for key in (*_NAMING, "ip_address")]
    return tuple(sorted({str(w) for w in words if w}, key=len, reverse=True))


def forget(data: dict[str, Any]) -> dict[str, Any]:
    """The event without its user, their request's contents, and their names in any text."""
    words = tuple(word for word in identities(data) if len(word) >= SHORTEST)
    kept = {key: value for key, value in data.items() if key != "user"}
    request = kept.get("request")
    if isinstance(request, dict):
        kept["request"] = _request(request)
    return {key: _blank(value, words) for key, value in kept.items()} if words else kept


def _request(request: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in request.items() if key not in _OF_REQUEST}
    headers = kept.get("headers")
    if isinstance(headers, dict):
        kept["headers"] = {k: v for k, v in headers.items() if k.lower() not in _HEADERS}
    elif isinstance(headers, list):
        kept["headers"] = [
            pair for pair in headers
            if not (isinstance(pair, list) and pair and str(pair[0]).lower() in _HEADERS)
        ]  # fmt: skip
    url = kept.get("url")
    if isinstance(url, str):
        kept["url"] = url.partition("?")[0].partition("#")[0]
    return kept


def _blank(value: Any, words: Sequence[str]) -> Any:
    """A value with the words replaced in all of its texts, keys included."""
    if isinstance(value, str):
        for word in words:
            if word in value:
                value = value.replace(word, FORGOTTEN)
        return value
    if isinstance(value, dict):
        return {_blank(key, words): _blank(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_blank(item, words) for item in value]
    return value
