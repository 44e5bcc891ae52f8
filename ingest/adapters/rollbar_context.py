"""What surrounds a Rollbar item (person, request, server, client, notifier) in Sentry's words."""

import ipaddress
from typing import Any

from ingest.adapters.base import Context

_REMOTE = "$remote_ip"
_REMOTE_CUT = "$remote_ip_anonymize"
_BODIES = ("body", "params", "POST", "PUT", "PATCH", "DELETE")


def tell(
    raw: dict[str, Any], data: dict[str, Any], notifier: dict[str, Any], context: Context
) -> None:
    """Add to `raw` everything that is not the error itself."""
    server = _mapping(data.get("server"))
    client = _mapping(data.get("client"))
    script = _mapping(client.get("javascript"))
    raw["timestamp"] = data.get("timestamp") or client.get("timestamp")
    raw["environment"] = data.get("environment")
    raw["release"] = _release(data, server, script, notifier)
    raw["transaction"] = data.get("context") or None
    raw["server_name"] = server.get("host")
    raw["platform"] = _platform(data, notifier)
    raw["sdk"] = {
        "name": notifier.get("name"),
        "version": notifier.get("version"),
        "settings": {"infer_ip": "never"},  # Rollbar's clients ask for it by a placeholder
    }
    asked = _mapping(data.get("request"))
    address = _address(asked.get("user_ip"), context.client_ip)
    raw["request"] = _request(asked, address, script)
    raw["user"] = _user(_mapping(data.get("person")), address)
    raw["contexts"] = _contexts(data, server, client)
    custom = data.get("custom")
    extra = raw.setdefault("extra", {})
    if isinstance(custom, dict):
        for key, value in custom.items():
            extra.setdefault(key, value)
    elif custom:
        extra["custom"] = custom


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _release(
    data: dict[str, Any],
    server: dict[str, Any],
    script: dict[str, Any],
    notifier: dict[str, Any],
) -> Any:
    """The version, from whichever place this client puts it in."""
    options = _mapping(notifier.get("configured_options"))
    for value in (
        data.get("code_version"),
        script.get("code_version"),
        server.get("code_version"),
        options.get("codeVersion"),
        options.get("code_version"),
        server.get("sha"),
    ):
        if value not in (None, "", {}, []):
            return value
    return None


def _platform(data: dict[str, Any], notifier: dict[str, Any]) -> str:
    """Our word for the language, which Rollbar tells with its version."""
    language = data.get("language")
    word = language.split()[0].lower() if isinstance(language, str) and language.strip() else ""
    if word in ("javascript", "typescript"):
        server_side = notifier.get("name") == "node_rollbar" or data.get("framework") == "node-js"
        return "node" if server_side else "javascript"
    if word in ("c#", "csharp"):
        return "csharp"
    if word:
        return word
    platform = data.get("platform")
    return {"browser": "javascript", "android": "java", "ios": "cocoa"}.get(str(platform), "other")


def _address(given: Any, peer: str) -> str:
    """The user's address, where the placeholder stands for the sender's."""
    if given == _REMOTE:
        return peer
    if given == _REMOTE_CUT:
        try:
            address = ipaddress.ip_address(peer)
        except ValueError:
            return ""
        kept = 24 if address.version == 4 else 48
        return str(ipaddress.ip_network(f"{peer}/{kept}", strict=False).network_address)
    return given if isinstance(given, str) else ""


def _request(asked: dict[str, Any], address: str, script: dict[str, Any]) -> dict[str, Any]:
    request: dict[str, Any] = {
        "url": asked.get("url"),
        "method": asked.get("method"),
        "headers": asked.get("headers"),
        "query_string": asked.get("query_string") or _flat(asked.get("GET")),
        "cookies": asked.get("cookies"),
    }
    method = asked.get("method")
    names = (method, *_BODIES) if isinstance(method, str) and method != "GET" else _BODIES
    request["data"] = next((asked[name] for name in names if asked.get(name)), None)
    if address:
        request["env"] = {"REMOTE_ADDR": address}
    agent = script.get("browser")
    if isinstance(agent, str) and agent and not request["headers"]:
        request["headers"] = {"User-Agent": agent}
    return {key: value for key, value in request.items() if value}


def _flat(query: Any) -> Any:
    """Django's lists of one value as the value."""
    if not isinstance(query, dict):
        return query
    return {
        key: value[0] if isinstance(value, list) and len(value) == 1 else value
        for key, value in query.items()
    }


def _user(person: dict[str, Any], address: str) -> dict[str, Any]:
    user = {**person}
    if address:
        user["ip_address"] = address
    return user


def _contexts(
    data: dict[str, Any], server: dict[str, Any], client: dict[str, Any]
) -> dict[str, Any]:
    contexts: dict[str, Any] = {}
    language = data.get("language")
    if isinstance(language, str) and " " in language.strip():
        name, _, version = language.strip().partition(" ")
        contexts["runtime"] = {"name": name, "version": version}
    script = client.get("javascript")
    kept = {key: value for key, value in server.items() if key != "history"}
    if kept:
        contexts["server"] = kept
    if client:
        told = {key: value for key, value in client.items() if key != "javascript"}
        contexts["client"] = {**told, **_mapping(script)}
    return contexts
