"""GitHub issues, REST API 2022-11-28; github.com and Enterprise Server.

Limits: title 256, body 65,536. A repository's list is read to find a ticket again: unlike the
search it knows an issue at once.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from alerts.tickets import text
from alerts.tickets.base import (
    SECRET,
    Draft,
    Forged,
    Heard,
    Incoming,
    Options,
    Ticket,
    Tracker,
    address,
    decoded,
    digest,
    made_secret,
    part,
    same,
    signature,
    word,
)
from alerts.tickets.client import ask
from alerts.transports.base import Misconfigured, Option

API = "https://api.github.com"
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,100}/[A-Za-z0-9._-]{1,100}")
_PAGES, _PAGE = 5, 30


class GitHub(Tracker):
    """Issues of one repository."""

    label = "GitHub"
    options = (
        Option("repository", "Repository", "owner/name", True),
        Option("token", "Token", "Fine-grained, for this repository, with read and write of "
               "issues; or one of a GitHub App.", True, secret=True),
        Option("labels", "Labels", "For new issues, separated by commas."),
        Option("api", "API", f"Enterprise Server: https://HOST/api/v3. Empty: {API}"),
        SECRET,
    )  # fmt: skip
    hook_steps = (
        "In the repository: Settings, Webhooks, Add webhook.",
        "Payload URL: {url}",
        "Content type: application/json. Secret: the webhook secret of this connection.",
        "Let me select individual events: tick only Issues.",
    )

    def probe(self, options: Options) -> str:
        """The repository, and whether it takes issues."""
        found = _ask(options, "GET", "")
        name = word(part(found, "full_name")) or options["repository"]
        if part(found, "has_issues") is False or part(found, "archived") is True:
            raise Misconfigured(f"{name} takes no issues: they are switched off, or it is archived")
        return f"{name} answers and takes issues."

    def create(self, options: Options, draft: Draft) -> Ticket:
        """An open issue."""
        labels = [name.strip()[:50] for name in str(options.get("labels") or "").split(",")]
        payload = {"title": text.title(draft.title), "body": text.markdown(draft.body)}
        named = [name for name in labels if name]
        made = _ask(options, "POST", "/issues", {**payload, **({"labels": named} if named else {})})
        return _ticket(options, made)

    def find(self, options: Options, draft: Draft) -> Ticket | None:
        """By the marker, in the newest issues."""
        for page in range(1, _PAGES + 1):
            query = urlencode(
                {"state": "all", "sort": "created", "direction": "desc", "per_page": _PAGE,
                 "page": page, "since": f"{draft.since:%Y-%m-%dT%H:%M:%SZ}"}
            )  # fmt: skip
            found = _ask(options, "GET", f"/issues?{query}")
            rows = found if isinstance(found, list) else []
            for row in rows:
                if draft.marker in str(part(row, "body") or ""):
                    return _ticket(options, row)
            if len(rows) < _PAGE:
                break
        return None

    def fetch(self, options: Options, ticket: str) -> Ticket:
        """By its number."""
        return _ticket(options, _ask(options, "GET", f"/issues/{_number(ticket)}"))

    def move(self, options: Options, ticket: str, *, closed: bool) -> Ticket:
        """Closed as completed, or reopened; setting what is set changes nothing."""
        state = ("closed", "completed") if closed else ("open", "reopened")
        payload = {"state": state[0], "state_reason": state[1]}
        return _ticket(options, _ask(options, "PATCH", f"/issues/{_number(ticket)}", payload))

    def comment(self, options: Options, ticket: str, body: tuple[text.Block, ...]) -> None:
        """A comment."""
        payload = {"body": text.markdown(body)}
        _ask(options, "POST", f"/issues/{_number(ticket)}/comments", payload)

    def assign(self, options: Options, ticket: str, login: str) -> None:
        """The only assignee."""
        payload = {"assignees": [login] if login else []}
        _ask(options, "PATCH", f"/issues/{_number(ticket)}", payload)

    def login_of(self, options: Options, email: str) -> str:
        """Whose public address this is."""
        query = urlencode({"q": f'"{email}" in:email type:user', "per_page": 2})
        found, _reply = ask("GET", f"{_api(options)}/search/users?{query}", _headers(options))
        rows = part(found, "items") or []
        return word(part(rows[0], "login")) if len(rows) == 1 else ""

    def read_address(self, options: Options, text: str) -> str:
        """`https://github.com/acme/shop/issues/12`, `acme/shop#12`, `#12` or `12`."""
        repository = str(options["repository"])
        short = re.fullmatch(r"(?:([^#\s]+)(?=#))?#?([1-9]\d{0,9})", text)
        if short and (short[1] or repository).lower() == repository.lower():
            return short[2]
        parts = urlsplit(text)
        path = re.fullmatch(r"/([^/]+/[^/]+)/issues/([1-9]\d{0,9})/?", parts.path)
        if path and path[1].lower() == repository.lower() and parts.hostname == _web(options):
            return path[2]
        raise Misconfigured(f"give the address of an issue of {repository}")

    def hear(self, options: Options, call: Incoming) -> Heard:
        """Issue events; the ping and all others say nothing."""
        secret = str(options.get("hook_secret") or "")
        given = call.headers.get("x-hub-signature-256", "")
        if not secret or not same(given, f"sha256={signature(secret, call.body)}"):
            raise Forged("X-Hub-Signature-256")
        event = call.headers.get("x-github-event", "")
        delivery = call.headers.get("x-github-delivery", "")[:100] or digest(call.body)
        found = decoded(call.body)
        repository = word(part(found, "repository", "full_name"))
        number = word(part(found, "issue", "number"))
        mine = repository.lower() == str(options["repository"]).lower()
        return Heard(delivery, (number,) if event == "issues" and mine and number else ())

    def complete(self, config: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
        """A repository's name and an address."""
        if not _REPOSITORY.fullmatch(str(config.get("repository", ""))):
            raise Misconfigured("the repository is owner/name")
        address(config, "api", API)
        return made_secret(known)


def _api(options: Options) -> str:
    return address(options, "api", API)


def _web(options: Options) -> str | None:
    host = urlsplit(_api(options)).hostname
    return "github.com" if host == "api.github.com" else host


def _headers(options: Options) -> dict[str, str]:
    return {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {options.get('token', '')}",
        "X-GitHub-Api-Version": "2022-11-28",
    }


def _ask(options: Options, method: str, path: str, payload: Any = None) -> Any:
    place = quote(str(options["repository"]), safe="/")
    return ask(method, f"{_api(options)}/repos/{place}{path}", _headers(options), payload)[0]


def _number(ticket: str) -> str:
    return quote(ticket, safe="")


def _ticket(options: Options, row: Any) -> Ticket:
    number = word(part(row, "number"))
    if not number:
        raise Misconfigured("the API's answer is no issue: is the address right?")
    state = word(part(row, "state"))
    why = word(part(row, "state_reason")) if state == "closed" else ""
    return Ticket(
        id=number,
        key=f"{options['repository']}#{number}",
        url=word(part(row, "html_url"), 1_000),
        title=word(part(row, "title"), 500),
        closed=state == "closed",
        state=f"closed as {why.replace('_', ' ')}" if why else state,
        assignee=word(part(row, "assignee", "login")),
    )


tracker = GitHub()
