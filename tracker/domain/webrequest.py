"""The HTTP request of an event, and the curl command that repeats it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tracker.domain.texts import FILTERED, Pairs, Text, mapping, named, pairs_of, plain, text_of


@dataclass(frozen=True, slots=True)
class RequestView:
    """The HTTP request that failed."""

    method: str
    url: str
    link: str
    """The URL when it is http(s), else ""."""
    query: Text | None
    headers: Pairs
    cookies: Pairs
    body: Text | None
    env: Pairs
    curl: str


def request_of(item: Mapping[str, Any]) -> RequestView | None:
    """Read a `request`; None when there is none."""
    if not item:
        return None
    url, method = plain(item.get("url")), plain(item.get("method"))
    query = item.get("query_string")
    if isinstance(query, Mapping):
        query = "&".join(f"{key}={plain(value)}" for key, value in query.items())
    elif isinstance(query, list):
        query = "&".join(f"{key}={value}" for key, value in named(query))
    headers = tuple((key, text_of(value)) for key, value in named(item.get("headers")))
    body = item.get("data")
    cookies = item.get("cookies")
    return RequestView(
        method=method, url=url, link=web_link(url),
        query=text_of(query) if query else None,
        headers=headers,
        cookies=pairs_of(cookies) if isinstance(cookies, Mapping)
        else tuple((k, text_of(v)) for k, v in named(cookies)) if isinstance(cookies, list)
        else (("cookies", text_of(cookies)),) if cookies else (),
        body=text_of(body) if body not in (None, "", {}, []) else None,
        env=pairs_of(mapping(item.get("env"))),
        curl=as_curl(method, url, plain(query), headers, body),
    )  # fmt: skip


def web_link(url: str) -> str:
    """The URL when a browser may follow it: http(s) alone, without blanks or controls."""
    ok = url.lower().startswith(("http://", "https://")) and url.isprintable() and " " not in url
    return url if ok else ""


_UNSENT = {"host", "content-length", "connection", "cookie", "authorization", "accept-encoding"}


def as_curl(method: str, url: str, query: str, headers: Pairs, body: Any) -> str:
    """A command that repeats the request, without cookies, credentials and what was filtered."""
    target = url + (f"?{query.lstrip('?')}" if query and "?" not in url else "")
    parts = ["curl"] if method in ("", "GET") else ["curl", "-X", _shell(method)]
    parts.append(_shell(target))
    for key, value in headers:
        if key.lower() not in _UNSENT and FILTERED not in value.full:
            parts += ["\\\n  -H", _shell(f"{key}: {value.full}")]
    if body not in (None, "", {}, []) and method not in ("", "GET"):
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
        parts += ["\\\n  --data-raw", _shell(text)]
    return " ".join(parts)


def _shell(text: str) -> str:
    """One word of a POSIX shell, control characters taken out."""
    clean = "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)
    return "'" + clean.replace("'", "'\"'\"'") + "'"
