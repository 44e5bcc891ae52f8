"""GitLab issues, REST API v4; gitlab.com and self-managed.

Limits: title 255, description 1,048,576. Lines that begin with a slash are commands there.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from alerts.tickets import text
from alerts.tickets.base import (
    SECRET,
    Draft,
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
    word,
)
from alerts.tickets.client import ask
from alerts.transports.base import Misconfigured, Option
from tracker.calls import gitlab_proof

SITE = "https://gitlab.com"
_PROJECT = re.compile(r"[1-9]\d{0,15}|[\w.-]+(?:/[\w.-]+)+", re.ASCII)


class GitLab(Tracker):
    """Issues of one project."""

    label = "GitLab"
    options = (
        Option("project", "Project", "group/name, or its number.", True),
        Option("token", "Token", "Project or personal access token with the scope api.", True,
               secret=True),
        Option("labels", "Labels", "For new issues, separated by commas."),
        Option("url", "Address", f"Of a GitLab of your own. Empty: {SITE}"),
        SECRET,
    )  # fmt: skip
    hook_steps = (
        "In the project: Settings, Webhooks, Add new webhook.",
        "URL: {url}",
        "Secret token: the webhook secret of this connection.",
        "Or let GitLab make a signing token, and put that one into this connection.",
        "Trigger: tick only Issues events.",
    )

    def probe(self, options: Options) -> str:
        """The project, and whether it takes issues."""
        found = _ask(options, "GET", "")
        name = word(part(found, "path_with_namespace")) or options["project"]
        if part(found, "issues_enabled") is False or part(found, "archived") is True:
            raise Misconfigured(f"{name} takes no issues: they are switched off, or it is archived")
        return f"{name} answers and takes issues."

    def create(self, options: Options, draft: Draft) -> Ticket:
        """An open issue."""
        payload = {"title": text.title(draft.title), "description": text.markdown(draft.body)}
        if labels := str(options.get("labels") or "").strip():
            payload["labels"] = labels
        return _ticket(options, _ask(options, "POST", "/issues", payload))

    def find(self, options: Options, draft: Draft) -> Ticket | None:
        """By the marker in the description."""
        query = urlencode(
            {"search": draft.marker, "in": "description", "scope": "all", "state": "all",
             "created_after": f"{draft.since:%Y-%m-%dT%H:%M:%SZ}", "per_page": 5}
        )  # fmt: skip
        found = _ask(options, "GET", f"/issues?{query}")
        for row in found if isinstance(found, list) else []:
            if draft.marker in str(part(row, "description") or ""):
                return _ticket(options, row)
        return None

    def fetch(self, options: Options, ticket: str) -> Ticket:
        """By its number in the project."""
        return _ticket(options, _ask(options, "GET", _issue(ticket)))

    def move(self, options: Options, ticket: str, *, closed: bool) -> Ticket:
        """Close or reopen; GitLab refuses an event that changes nothing, so it is asked first."""
        now = self.fetch(options, ticket)
        if now.closed == closed:
            return now
        payload = {"state_event": "close" if closed else "reopen"}
        return _ticket(options, _ask(options, "PUT", _issue(ticket), payload))

    def comment(self, options: Options, ticket: str, body: tuple[text.Block, ...]) -> None:
        """A note."""
        _ask(options, "POST", f"{_issue(ticket)}/notes", {"body": text.markdown(body)})

    def assign(self, options: Options, ticket: str, login: str) -> None:
        """The only assignee; GitLab wants the number of the user."""
        ids: list[Any] = []
        if login:
            query = urlencode({"username": login})
            found, _reply = ask("GET", f"{_api(options)}/users?{query}", _headers(options))
            ids = [part(row, "id") for row in found or [] if part(row, "id")][:1]
            if not ids:
                raise Misconfigured(f"GitLab knows no user {login}")
        _ask(options, "PUT", _issue(ticket), {"assignee_ids": ids or [0]})

    def login_of(self, options: Options, email: str) -> str:
        """Whose public address this is."""
        found, _reply = ask(
            "GET", f"{_api(options)}/users?{urlencode({'search': email})}", _headers(options)
        )
        rows = found if isinstance(found, list) else []
        return word(part(rows[0], "username")) if len(rows) == 1 else ""

    def read_address(self, options: Options, text: str) -> str:
        """`https://gitlab.com/acme/shop/-/issues/12`, `acme/shop#12`, `#12` or `12`."""
        project = str(options["project"])
        short = re.fullmatch(r"(?:([^#\s]+)(?=#))?#?([1-9]\d{0,9})", text)
        if short and (short[1] or project).lower() == project.lower():
            return short[2]
        parts, site = urlsplit(text), urlsplit(address(options, "url", SITE))
        prefix = re.escape(site.path)
        path = re.fullmatch(
            prefix + r"/(.+?)(?:/-)?/(?:issues|work_items)/([1-9]\d{0,9})/?", parts.path
        )
        ours = path is not None and (project.isdigit() or path[1].lower() == project.lower())
        if path is not None and ours and parts.netloc.lower() == site.netloc.lower():
            return path[2]
        raise Misconfigured(f"give the address of an issue of {project}")

    def hear(self, options: Options, call: Incoming) -> Heard:
        """Issue events, with the secret token or signed with a signing token."""
        gitlab_proof(str(options.get("hook_secret") or ""), call)
        found = decoded(call.body)
        headers = call.headers
        delivery = headers.get("webhook-id") or headers.get("x-gitlab-event-uuid") or ""
        delivery = (headers.get("idempotency-key") or delivery)[:100] or digest(call.body)
        project = str(options["project"])
        names = {
            word(part(found, "project", "id")),
            word(part(found, "project", "path_with_namespace")).lower(),
        }
        number = word(part(found, "object_attributes", "iid"))
        kind = word(part(found, "object_kind"))
        mine = kind in ("issue", "work_item") and project.lower() in names
        return Heard(delivery, (number,) if mine and number else ())

    def complete(self, config: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
        """A project's name and an address."""
        if not _PROJECT.fullmatch(str(config.get("project", ""))):
            raise Misconfigured("the project is group/name, or its number")
        address(config, "url", SITE)
        return made_secret(known)


def _api(options: Options) -> str:
    return f"{address(options, 'url', SITE)}/api/v4"


def _headers(options: Options) -> dict[str, str]:
    return {"PRIVATE-TOKEN": str(options.get("token", ""))}


def _ask(options: Options, method: str, path: str, payload: Any = None) -> Any:
    place = quote(str(options["project"]), safe="")
    return ask(method, f"{_api(options)}/projects/{place}{path}", _headers(options), payload)[0]


def _issue(ticket: str) -> str:
    return f"/issues/{quote(ticket, safe='')}"


def _ticket(options: Options, row: Any) -> Ticket:
    number = word(part(row, "iid"))
    if not number:
        raise Misconfigured("the API's answer is no issue: is the address right?")
    state = word(part(row, "state"))
    return Ticket(
        id=number,
        key=word(part(row, "references", "full")) or f"{options['project']}#{number}",
        url=word(part(row, "web_url"), 1_000),
        title=word(part(row, "title"), 500),
        closed=state == "closed",
        state="open" if state == "opened" else state,
        assignee=word(part(row, "assignee", "username")),
    )


tracker = GitLab()
