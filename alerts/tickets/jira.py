"""Jira: Cloud (REST v3, Atlassian documents) and Data Center (REST v2, wiki markup).

With a log-in address it is Cloud and the token an API token; without one it is Data Center and
the token a personal access token. Limits: summary 255, description 32,767. Workflows differ:
closing and reopening take the first transition that leads to the wanted kind of status.
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
from alerts.tickets.client import ask, basic
from alerts.transports.base import Misconfigured, Option

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,19}")
_ISSUE = re.compile(r"[A-Za-z][A-Za-z0-9_]{1,19}-[1-9]\d{0,9}")
FIELDS = ("summary", "status", "assignee", "project")


class Jira(Tracker):
    """Issues of one project."""

    label = "Jira"
    options = (
        Option("url", "Address", "https://your-team.atlassian.net, or of your Data Center.", True),
        Option("email", "Log-in address", "Of the token's owner, for Cloud. Empty: Data Center."),
        Option("token", "Token", "API token (Cloud) or personal access token (Data Center).", True,
               secret=True),
        Option("project", "Project", "Its key, as in SHOP-12.", True),
        Option("issue_type", "Issue type", "Empty: Bug."),
        Option("labels", "Labels", "For new issues, separated by commas; without spaces in them."),
        Option("close_by", "Transition that closes", "Its name. Empty: the first that leads to "
               "a status of the category Done."),
        Option("reopen_by", "Transition that reopens", "Its name. Empty: the first that leads "
               "out of Done."),
        SECRET,
    )  # fmt: skip
    hook_steps = (
        "As an administrator: Settings, System, WebHooks, Create.",
        "URL: {url}",
        "Secret: the webhook secret of this connection.",
        "A Data Center without that field: put ?secret= and the secret behind the URL.",
        "Events: Issue updated and deleted; JQL: project = the key of the project.",
    )
    user_help = "Cloud: the account id. Data Center: the user name."

    def probe(self, options: Options) -> str:
        """The project, and whether it has the issue type."""
        key = str(options["project"]).upper()
        found = _ask(options, "GET", f"/project/{quote(key, safe='')}")
        name = word(part(found, "name")) or key
        types = [word(part(row, "name")) for row in part(found, "issueTypes") or []]
        wanted = _type(options)
        if types and wanted.lower() not in [each.lower() for each in types]:
            raise Misconfigured(f"{key} has no issue type {wanted}, but {', '.join(types[:10])}")
        return f"{name} ({key}) answers; tickets become issues of type {wanted}."

    def create(self, options: Options, draft: Draft) -> Ticket:
        """An issue of the chosen type, in the first status of its workflow."""
        fields: dict[str, Any] = {
            "project": {"key": str(options["project"]).upper()},
            "issuetype": {"name": _type(options)},
            "summary": text.title(draft.title),
            "description": _markup(options, draft.body),
        }
        labels = [re.sub(r"\s+", "-", name.strip())
                  for name in str(options.get("labels") or "").split(",")]  # fmt: skip
        if named := [name for name in labels if name]:
            fields["labels"] = named
        made = _ask(options, "POST", "/issue", {"fields": fields})
        number, key = word(part(made, "id")), word(part(made, "key"))
        if not number or not key:
            raise Misconfigured("the API's answer is no issue: is the address right?")
        return Ticket(number, key, _page(options, key), fields["summary"], False, "open")

    def find(self, options: Options, draft: Draft) -> Ticket | None:
        """By the marker, which is one word of the description."""
        jql = (
            f'project = "{str(options["project"]).upper()}" AND description ~ "{draft.marker}"'
            " ORDER BY created DESC"
        )
        payload = {"jql": jql, "maxResults": 5, "fields": list(FIELDS)}
        path = "/search/jql" if _is_cloud(options) else "/search"
        rows = part(_ask(options, "POST", path, payload), "issues") or []
        return _ticket(options, rows[0]) if rows else None

    def fetch(self, options: Options, ticket: str) -> Ticket:
        """By its id or key."""
        query = urlencode({"fields": ",".join(FIELDS)})
        return _ticket(options, _ask(options, "GET", f"{_issue(ticket)}?{query}"))

    def move(self, options: Options, ticket: str, *, closed: bool) -> Ticket:
        """Through the workflow. Raises Misconfigured when no transition leads there."""
        now = self.fetch(options, ticket)
        if now.closed == closed:
            return now
        found = part(_ask(options, "GET", f"{_issue(ticket)}/transitions"), "transitions")
        chosen = _transition(options, found if isinstance(found, list) else [], closed=closed)
        payload = {"transition": {"id": chosen}}
        _ask(options, "POST", f"{_issue(ticket)}/transitions", payload)
        return self.fetch(options, ticket)

    def comment(self, options: Options, ticket: str, body: tuple[text.Block, ...]) -> None:
        """A comment."""
        payload = {"body": _markup(options, body)}
        _ask(options, "POST", f"{_issue(ticket)}/comment", payload)

    def assign(self, options: Options, ticket: str, login: str) -> None:
        """The assignee."""
        name = "accountId" if _is_cloud(options) else "name"
        _ask(options, "PUT", f"{_issue(ticket)}/assignee", {name: login or None})

    def login_of(self, options: Options, email: str) -> str:
        """Who can be assigned and has this address, where the site lets us search for it."""
        cloud = _is_cloud(options)
        asked = {"project": str(options["project"]).upper(), "maxResults": "2"}
        query = urlencode({**asked, "query" if cloud else "username": email})
        found = _ask(options, "GET", f"/user/assignable/search?{query}")
        rows = found if isinstance(found, list) else []
        return word(part(rows[0], "accountId" if cloud else "name")) if len(rows) == 1 else ""

    def read_address(self, options: Options, text: str) -> str:
        """`https://your-team.atlassian.net/browse/SHOP-12`, one of a board, or `SHOP-12`."""
        if _ISSUE.fullmatch(text):
            return text.upper()
        parts, site = urlsplit(text), urlsplit(address(options, "url"))
        found = re.search(r"(?:^|&)selectedIssue=([A-Za-z0-9_-]+)", parts.query) or re.search(
            r"/(?:browse|issues)/([A-Za-z0-9_-]+)/?$", parts.path
        )
        named = found[1] if found else ""
        if parts.netloc.lower() == site.netloc.lower() and _ISSUE.fullmatch(named):
            return named.upper()
        raise Misconfigured(f"give the address of an issue at {site.netloc}, or its key")

    def hear(self, options: Options, call: Incoming) -> Heard:
        """Signed with the secret, or, by an older Data Center, with the secret in the address."""
        secret = str(options.get("hook_secret") or "")
        signed = call.headers.get("x-hub-signature", "")
        wanted = f"sha256={signature(secret, call.body)}"
        fine = same(signed, wanted) if signed else same(call.query.get("secret", ""), secret)
        if not secret or not fine:
            raise Forged("X-Hub-Signature")
        found = decoded(call.body)
        delivery = call.headers.get("x-atlassian-webhook-identifier", "")[:100]
        event = word(part(found, "webhookEvent"))
        number = word(part(found, "issue", "id"))
        heard = (number,) if event.startswith("jira:issue_") and number else ()
        return Heard(delivery or digest(call.body), heard)

    def complete(self, config: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
        """An address, a key, and a log-in address that may be missing."""
        if not _KEY.fullmatch(str(config.get("project", ""))):
            raise Misconfigured("the project is its key: letters, digits and _")
        address(config, "url")
        if ":" in str(config.get("email", "")):
            raise Misconfigured("the log-in address holds a colon")
        return made_secret(known)


def _is_cloud(options: Options) -> bool:
    return bool(options.get("email"))


def _type(options: Options) -> str:
    return str(options.get("issue_type") or "Bug")


def _markup(options: Options, body: tuple[text.Block, ...]) -> Any:
    return text.adf(body) if _is_cloud(options) else text.wiki(body)


def _page(options: Options, key: str) -> str:
    return f"{address(options, 'url')}/browse/{quote(key, safe='')}"


def _issue(ticket: str) -> str:
    return f"/issue/{quote(ticket, safe='')}"


def _ask(options: Options, method: str, path: str, payload: Any = None) -> Any:
    token = str(options.get("token", ""))
    cloud = _is_cloud(options)
    allowed = basic(str(options["email"]), token) if cloud else f"Bearer {token}"
    # Without it Jira answers some clients' POSTs with "XSRF check failed".
    headers = {"Authorization": allowed, "X-Atlassian-Token": "no-check"}
    api = f"{address(options, 'url')}/rest/api/{3 if cloud else 2}"
    return ask(method, api + path, headers, payload)[0]


def _transition(options: Options, found: list[Any], *, closed: bool) -> str:
    """The id of the transition to take. Raises Misconfigured."""
    named = str(options.get("close_by" if closed else "reopen_by") or "").lower()
    if named:
        fitting = [row for row in found if word(part(row, "name")).lower() == named]
    else:
        kinds = ("done",) if closed else ("new", "indeterminate")
        fitting = [
            row for kind in kinds for row in found
            if word(part(row, "to", "statusCategory", "key")) == kind
        ]  # fmt: skip
    if not fitting:
        names = ", ".join(word(part(row, "name")) for row in found[:10]) or "none"
        verb = "close" if closed else "reopen"
        raise Misconfigured(f"the workflow has no transition to {verb} it with; there are: {names}")
    return word(part(fitting[0], "id"))


def _ticket(options: Options, row: Any) -> Ticket:
    number, key = word(part(row, "id")), word(part(row, "key"))
    if not number or not key:
        raise Misconfigured("the API's answer is no issue: is the address right?")
    who = part(row, "fields", "assignee")
    return Ticket(
        id=number,
        key=key,
        url=_page(options, key),
        title=word(part(row, "fields", "summary"), 500),
        closed=word(part(row, "fields", "status", "statusCategory", "key")) == "done",
        state=word(part(row, "fields", "status", "name"), 60),
        assignee=word(part(who, "accountId" if _is_cloud(options) else "name")),
    )


tracker = Jira()
