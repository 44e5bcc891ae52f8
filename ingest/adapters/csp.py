"""Security reports that browsers send: CSP, Expect-CT, Expect-Staple, HPKP, Reporting API."""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ingest.adapters import jsontext
from ingest.adapters.base import MAX_EVENT, Context, Malformed, Parsed, Receipt, TooLarge
from ingest.adapters.normalise import event
from ingest.adapters.normalise.work import Work
from tracker.domain.event import Event
from tracker.domain.rawlook import may_hold_secrets

MAX_REPORTS = 50
CONTENT_TYPES = frozenset(
    {
        "application/csp-report",
        "application/json",
        "application/reports+json",
        "application/expect-ct-report",
        "application/expect-ct-report+json",
        "application/expect-staple-report",
    }
)
"""Any other type is answered with 415."""

_EXTENSIONS = ("chrome-extension", "moz-extension", "safari-extension", "safari-web-extension")
_KEYWORDS = frozenset(
    {"inline", "eval", "data", "blob", "self", "wasm-eval", "about", "filesystem"}
)
_FLAT = {
    "expect-ct-report": ("expectct", "Expect-CT failed for '{host}'"),
    "expect-staple-report": ("expectstaple", "Expect-Staple failed for '{host}'"),
}


class SecurityAdapter:
    """`POST /api/<id>/security/` and `csp-report/`."""

    name = "security"
    most = MAX_EVENT

    def check(self, body: bytes, event_id: str) -> Receipt:
        """Whether there is a known report. Raises Malformed."""
        reports, noise = _reports(body)
        skipped = {"extension": noise} if noise else {}
        return Receipt(event_id if reports else "", len(reports), skipped)

    def parse(self, body: bytes, context: Context) -> Parsed:
        """An event per report. Raises Malformed as `check` does."""
        reports, noise = _reports(body)
        deep = may_hold_secrets(body)
        made = []
        for index, raw in enumerate(reports):
            work = Work(
                words=context.sensitive_words,
                scrub=context.scrub,
                keep_ip=context.keep_ip,
                deep=deep or b"\\u" in body,
                size=len(body),
            )
            made.append(_event(raw, index, context, work))
        return Parsed(events=tuple(made), dropped={"extension": noise} if noise else {})


def _reports(body: bytes) -> tuple[list[dict[str, Any]], int]:
    """The reports as Sentry events, and how many were noise of browser extensions."""
    if len(body) > MAX_EVENT:
        raise TooLarge(f"The report is larger than {MAX_EVENT} bytes.")
    try:
        value, _ = jsontext.without_nul(jsontext.decode(body).value)
    except jsontext.NotJson:
        raise Malformed("The report is not JSON.") from None
    listed = value if isinstance(value, list) else [value]
    known = [made for item in listed[:MAX_REPORTS] if (made := _report(item)) is not None]
    if not known:
        raise Malformed("There is no known security report.")
    wanted = [raw for raw in known if not raw.pop("noise", False)]
    return wanted, len(known) - len(wanted)


def _report(item: Any) -> dict[str, Any] | None:
    """One report of any form; None when it is none."""
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("csp-report"), dict):
        return _csp(item["csp-report"], "")
    if item.get("type") == "csp-violation" and isinstance(item.get("body"), dict):
        agent = item.get("user_agent")
        told = {_dashed(key): value for key, value in item["body"].items()}
        told.setdefault("document-uri", item.get("url"))
        return _csp(told, agent if isinstance(agent, str) else "")
    for key, (kind, words) in _FLAT.items():
        if isinstance(item.get(key), dict):
            return _flat(item[key], kind, words)
    if isinstance(item.get("known-pins"), list):
        return _flat(item, "hpkp", "Public key pinning failed for '{host}'")
    return None


_RENAMED = {"documentURL": "document-uri", "blockedURL": "blocked-uri"}


def _dashed(key: str) -> str:
    """`effectiveDirective` of the Reporting API as `effective-directive`."""
    if key in _RENAMED:
        return _RENAMED[key]
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in key)


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _csp(report: dict[str, Any], agent: str) -> dict[str, Any]:
    directive = _text(report.get("effective-directive"))
    directive = (directive or _text(report.get("violated-directive"))).split(" ")[0][:64].lower()
    document = _text(report.get("document-uri"))
    blocked = _blocked(_text(report.get("blocked-uri")), document)
    source = _text(report.get("source-file"))
    headers = {"User-Agent": agent} if agent else {}
    if referrer := _text(report.get("referrer")):
        headers["Referer"] = referrer
    return {
        "type": "csp",
        "platform": "other",
        "logger": "csp",
        "message": f"Blocked '{directive or 'unknown'}' from '{blocked}'",
        "culprit": directive,
        "tags": {
            "effective-directive": directive,
            "blocked-uri": _text(report.get("blocked-uri"))[:200],
        },
        "request": {"url": document, "headers": headers},
        "extra": {key: value for key, value in report.items() if value not in (None, "")},
        "csp": (directive, blocked),
        "noise": any(uri.startswith(_EXTENSIONS) for uri in (blocked, source, document)),
    }


def _blocked(uri: str, document: str) -> str:
    """What was blocked: a host, or a word such as `inline`, `eval`, `data`, `self`."""
    if not uri or uri in ("self", "'self'"):
        return "self"
    word = uri.strip("'").split(":", 1)[0].lower()
    if word in _KEYWORDS:
        return word
    if word in _EXTENSIONS:
        return word
    try:
        host = urlsplit(uri).hostname or ""
        own = urlsplit(document).hostname or ""
    except ValueError:
        return uri[:200]
    if not host:
        return uri.split("/", 1)[0][:200]
    return "self" if host == own else host[:200]


def _flat(report: dict[str, Any], kind: str, words: str) -> dict[str, Any]:
    host = _text(report.get("hostname"))
    return {
        "type": kind,
        "platform": "other",
        "logger": kind,
        "message": words.format(host=host[:200]),
        "tags": {"hostname": host[:200], "port": report.get("port")},
        "request": {"url": host},
        "extra": {key: value for key, value in report.items() if value not in (None, "")},
    }


def _event(raw: dict[str, Any], index: int, context: Context, work: Work) -> Event:
    """The event of a report; all after the first get ids made from the promised one."""
    told = context.meta
    raw = {**raw, "release": told.get("sentry_release")}
    raw["environment"] = told.get("sentry_environment")
    headers = raw["request"].setdefault("headers", {})
    if context.user_agent:
        headers.setdefault("User-Agent", context.user_agent)
    raw["user"] = {"ip_address": context.client_ip} if context.client_ip else None
    csp = raw.pop("csp", None)
    promised = context.event_id
    if index and promised:
        text = f"{promised}/{index}".encode()
        promised = hashlib.blake2b(text, digest_size=16).hexdigest()
    made = event.build(raw, msgspec.structs.replace(context, event_id=promised), work)
    return msgspec.structs.replace(made, csp=csp)


ADAPTER = SecurityAdapter()
