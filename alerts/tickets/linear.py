"""Linear issues, GraphQL API.

The id of an issue may be chosen by whoever makes it: a second attempt meets the first one's.
Limits: title 255. States are the team's own; their types are Linear's.
"""

from __future__ import annotations

import json
import re
import time
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from alerts.domain.text import one_line
from alerts.tickets import text
from alerts.tickets.base import (
    Draft,
    Forged,
    Gone,
    Heard,
    Incoming,
    Options,
    Ticket,
    Tracker,
    decoded,
    digest,
    part,
    same,
    signature,
    word,
)
from alerts.tickets.client import decoded as answered
from alerts.tickets.client import refusal
from alerts.transports.base import Misconfigured, Option, Rejected
from alerts.transports.http import USER_AGENT, Reply, request

API = "https://api.linear.app/graphql"
FRESH = 60.0
"""Seconds that a call may be old, as Linear advises."""
_FIELDS = "id identifier url title state { name type } assignee { id }"
_CLOSED = ("completed", "canceled", "duplicate")
_OPEN = ("unstarted", "backlog", "triage", "started")
_LONGEST = 1024 * 1024


class Linear(Tracker):
    """Issues of one team."""

    label = "Linear"
    user_help = "The number (UUID) of the user."
    options = (
        Option("team", "Team", "Its key, as in ENG-12.", True),
        Option("token", "API key", "Settings, Security & access, Personal API keys.", True,
               secret=True),
        Option("hook_secret", "Webhook signing secret", "Linear shows it when the webhook is made.",
               secret=True),
    )  # fmt: skip
    hook_steps = (
        "In Linear: Settings, Administration, API, New webhook.",
        "URL: {url}",
        "Data change events: tick only Issues. Team: the team of this connection.",
        "Copy the signing secret into this connection.",
    )

    def probe(self, options: Options) -> str:
        """The team, and whose key this is."""
        query = "query($key: String!) { viewer { name } teams(filter: {key: {eq: $key}}) { nodes { id name } } }"  # noqa: E501
        found = _ask(options, query, {"key": _team(options)})
        rows = part(found, "teams", "nodes") or []
        if not rows:
            raise Misconfigured(f"there is no team {_team(options)}, or the key may not see it")
        name, who = word(part(rows[0], "name")), word(part(found, "viewer", "name"))
        return f"The team {name} answers; issues will be made by {who}."

    def create(self, options: Options, draft: Draft) -> Ticket:
        """An issue in the team's first state, under an id that follows from the marker."""
        query = "query($key: String!) { teams(filter: {key: {eq: $key}}) { nodes { id } } }"
        rows = part(_ask(options, query, {"key": _team(options)}), "teams", "nodes") or []
        if not rows:
            raise Misconfigured(f"there is no team {_team(options)}, or the key may not see it")
        mutation = f"mutation($input: IssueCreateInput!) {{ issueCreate(input: $input) {{ success issue {{ {_FIELDS} }} }} }}"  # noqa: E501
        given = {
            "id": _id_of(draft),
            "teamId": word(part(rows[0], "id")),
            "title": text.title(draft.title),
            "description": text.markdown(draft.body),
        }
        return _ticket(part(_ask(options, mutation, {"input": given}), "issueCreate", "issue"))

    def find(self, options: Options, draft: Draft) -> Ticket | None:
        """By the id that `create` chose."""
        try:
            return self.fetch(options, _id_of(draft))
        except Gone:
            return None

    def fetch(self, options: Options, ticket: str) -> Ticket:
        """By its id or key."""
        query = f"query($id: String!) {{ issue(id: $id) {{ {_FIELDS} }} }}"
        return _ticket(part(_ask(options, query, {"id": ticket}), "issue"))

    def move(self, options: Options, ticket: str, *, closed: bool) -> Ticket:
        """Into the team's first state of a fitting type."""
        query = f"query($id: String!) {{ issue(id: $id) {{ {_FIELDS} team {{ states {{ nodes {{ id type position }} }} }} }} }}"  # noqa: E501
        found = part(_ask(options, query, {"id": ticket}), "issue")
        now = _ticket(found)
        if now.closed == closed:
            return now
        states = part(found, "team", "states", "nodes") or []
        state = _state(states, ("completed",) if closed else _OPEN)
        return self._update(options, now.id, {"stateId": state})

    def comment(self, options: Options, ticket: str, body: tuple[text.Block, ...]) -> None:
        """A comment."""
        mutation = (
            "mutation($input: CommentCreateInput!) { commentCreate(input: $input) { success } }"
        )
        _ask(options, mutation, {"input": {"issueId": ticket, "body": text.markdown(body)}})

    def assign(self, options: Options, ticket: str, login: str) -> None:
        """The assignee."""
        self._update(options, ticket, {"assigneeId": login or None})

    def login_of(self, options: Options, email: str) -> str:
        """The id of whose address this is."""
        query = "query($email: String!) { users(filter: {email: {eqIgnoreCase: $email}}) { nodes { id active } } }"  # noqa: E501
        rows = part(_ask(options, query, {"email": email}), "users", "nodes") or []
        found = [word(part(row, "id")) for row in rows if part(row, "active") is not False]
        return found[0] if len(found) == 1 else ""

    def read_address(self, options: Options, text: str) -> str:
        """`https://linear.app/acme/issue/ENG-12/some-words` or `ENG-12`."""
        found = re.fullmatch(r"(?:/[^/]+/issue/)?([A-Za-z0-9]{1,10}-[1-9]\d{0,9})(?:/.*)?",
                             urlsplit(text).path)  # fmt: skip
        if found and urlsplit(text).hostname in (None, "linear.app"):
            return found[1].upper()
        raise Misconfigured("give the address of an issue in Linear, or its key")

    def hear(self, options: Options, call: Incoming) -> Heard:
        """Signed, and not older than a minute."""
        secret = str(options.get("hook_secret") or "")
        given = call.headers.get("linear-signature", "")
        if not secret or not same(given, signature(secret, call.body)):
            raise Forged("Linear-Signature")
        found = decoded(call.body)
        stamp = part(found, "webhookTimestamp")
        if isinstance(stamp, bool) or not isinstance(stamp, int | float):
            raise Forged("webhookTimestamp")
        if not abs(call.at.timestamp() - stamp / 1_000) <= FRESH:
            raise Forged("too old")
        delivery = call.headers.get("linear-delivery", "")[:100] or digest(call.body)
        number = word(part(found, "data", "id"))
        return Heard(delivery, (number,) if part(found, "type") == "Issue" and number else ())

    def complete(self, config: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
        """A team's key; the secret is Linear's to make."""
        if not re.fullmatch(r"[A-Za-z0-9]{1,10}", str(config.get("team", ""))):
            raise Misconfigured("the team is its key: letters and digits")
        return {}

    def _update(self, options: Options, ticket: str, changes: dict[str, Any]) -> Ticket:
        mutation = f"mutation($id: String!, $input: IssueUpdateInput!) {{ issueUpdate(id: $id, input: $input) {{ success issue {{ {_FIELDS} }} }} }}"  # noqa: E501
        found = _ask(options, mutation, {"id": ticket, "input": changes})
        return _ticket(part(found, "issueUpdate", "issue"))


def _team(options: Options) -> str:
    return str(options["team"]).upper()


def _id_of(draft: Draft) -> str:
    """A UUID of version 4, as Linear wants, that belongs to the marker."""
    return str(UUID(hex=draft.marker[-32:], version=4))


def _state(states: list[Any], kinds: tuple[str, ...]) -> str:
    """The first state of the first kind that the team has. Raises Misconfigured."""
    for kind in kinds:
        found = [row for row in states if part(row, "type") == kind]
        if found:
            return word(part(min(found, key=lambda row: float(part(row, "position") or 0)), "id"))
    raise Misconfigured(f"the team has no state of the kind {kinds[0]}")


def _ask(options: Options, query: str, variables: dict[str, Any]) -> Any:
    """The data of an answer. Errors come with 200 as well as with 4xx."""
    body = json.dumps({"query": query, "variables": variables}, ensure_ascii=True).encode()
    headers = {
        "Accept": "application/json", "Content-Type": "application/json",
        "User-Agent": USER_AGENT, "Authorization": str(options.get("token", "")),
    }  # fmt: skip
    reply = request("POST", API, body, headers, _LONGEST)
    if 300 <= reply.status < 400 or reply.status >= 500:
        raise refusal(reply)
    found = answered(reply)
    errors = part(found, "errors")
    if isinstance(errors, list) and errors:
        raise _error(errors[0], reply)
    if reply.status >= 400:
        raise refusal(reply)
    return part(found, "data")


def _error(error: Any, reply: Reply) -> Rejected:
    kind = word(part(error, "extensions", "code")) or word(part(error, "extensions", "type"))
    told = word(part(error, "extensions", "userPresentableMessage"))
    why = one_line(told or word(part(error, "message")) or kind, 200)
    if "ratelimited" in kind.lower().replace("_", "") or reply.status == 429:
        reset = reply.headers.get("x-ratelimit-requests-reset", "")
        wait = int(reset) / 1_000 - time.time() if reset.isdigit() and len(reset) < 15 else 60.0
        return Rejected(
            f"rate limit: {why}", permanent=False, status="429",
            retry_after=min(max(wait, 1.0), 3_600.0),
        )  # fmt: skip
    if "not found" in f"{why} {word(part(error, 'message'))}".lower():
        return Gone(f"answered: {why}", str(reply.status))
    return Rejected(f"answered {reply.status}: {why}", permanent=True, status=str(reply.status))


def _ticket(row: Any) -> Ticket:
    number = word(part(row, "id"))
    if not number:
        raise Gone("the issue is not there")
    kind = word(part(row, "state", "type"))
    return Ticket(
        id=number,
        key=word(part(row, "identifier")),
        url=word(part(row, "url"), 1_000),
        title=word(part(row, "title"), 500),
        closed=kind in _CLOSED,
        state=word(part(row, "state", "name"), 60),
        assignee=word(part(row, "assignee", "id")),
    )


tracker = Linear()
