"""Asana tasks, API 1.0.

Its calls carry no state: they say which task changed. The secret that signs them is Asana's,
given in a handshake while the webhook is made, so it is made from here.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from alerts.tickets import text
from alerts.tickets.base import (
    Draft,
    Forged,
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
from alerts.tickets.client import ask
from alerts.transports.base import Misconfigured, Option

API = "https://app.asana.com/api/1.0"
_FIELDS = "name,completed,permalink_url,assignee.gid,assignee.name"
_GID = re.compile(r"[1-9]\d{5,24}")
_PAGES, _PAGE = 10, 100


class Asana(Tracker):
    """Tasks of one project."""

    label = "Asana"
    starts_hook = True
    user_help = "Their e-mail address in Asana, or the number (gid) of the user."
    options = (
        Option("project", "Project", "Its number (gid), as in the project's address.", True),
        Option("token", "Token", "Personal access token, or one of a service account.", True,
               secret=True),
    )  # fmt: skip
    hook_steps = (
        "Press “Start the webhook”. Asana calls {url} at once, to shake hands.",
        "So this server must be reachable from the internet.",
    )

    def probe(self, options: Options) -> str:
        """The project."""
        query = urlencode({"opt_fields": "name,archived"})
        found = _ask(options, "GET", f"/projects/{_gid(options['project'])}?{query}")
        if part(found, "archived") is True:
            raise Misconfigured("the project is archived")
        return f"The project {word(part(found, 'name'))} answers."

    def create(self, options: Options, draft: Draft) -> Ticket:
        """A task of the project."""
        payload = {
            "name": text.title(draft.title),
            "html_notes": text.html(draft.body),
            "projects": [str(options["project"])],
        }
        return _ticket(_ask(options, "POST", f"/tasks?opt_fields={_FIELDS}", payload))

    def find(self, options: Options, draft: Draft) -> Ticket | None:
        """By the marker, among tasks that changed since."""
        asked = {
            "project": str(options["project"]), "limit": str(_PAGE),
            "modified_since": f"{draft.since:%Y-%m-%dT%H:%M:%SZ}",
            "opt_fields": f"notes,{_FIELDS}",
        }  # fmt: skip
        for _page in range(_PAGES):
            found, _reply = ask("GET", f"{API}/tasks?{urlencode(asked)}", _headers(options))
            for row in part(found, "data") or []:
                if draft.marker in str(part(row, "notes") or ""):
                    return _ticket(row)
            following = word(part(found, "next_page", "offset"), 1_000)
            if not following:
                break
            asked["offset"] = following
        return None

    def fetch(self, options: Options, ticket: str) -> Ticket:
        """By its gid."""
        return _ticket(_ask(options, "GET", f"/tasks/{_gid(ticket)}?opt_fields={_FIELDS}"))

    def move(self, options: Options, ticket: str, *, closed: bool) -> Ticket:
        """Completed or not; setting what is set changes nothing."""
        return _ticket(_put(options, ticket, {"completed": closed}))

    def comment(self, options: Options, ticket: str, body: tuple[text.Block, ...]) -> None:
        """A comment."""
        payload = {"html_text": text.html(_told(body))}
        _ask(options, "POST", f"/tasks/{_gid(ticket)}/stories", payload)

    def assign(self, options: Options, ticket: str, login: str) -> None:
        """The assignee."""
        _put(options, ticket, {"assignee": login or None})

    def login_of(self, options: Options, email: str) -> str:
        """The gid of whose address this is."""
        return word(part(_ask(options, "GET", f"/users/{quote(email, safe='')}"), "gid"))

    def read_address(self, options: Options, text: str) -> str:
        """`https://app.asana.com/0/<project>/<task>`, the longer new form, or the gid."""
        if _GID.fullmatch(text):
            return text
        parts = urlsplit(text)
        found = re.search(r"/task/(\d+)", parts.path) or re.fullmatch(
            r"/0/\d+/(\d+)(?:/f)?/?", parts.path
        )
        if parts.hostname == "app.asana.com" and found and _GID.fullmatch(found[1]):
            return found[1]
        raise Misconfigured("give the address of a task in Asana")

    def hear(self, options: Options, call: Incoming) -> Heard:
        """Signed with the secret of the handshake."""
        secret = str(options.get("hook_secret") or "")
        given = call.headers.get("x-hook-signature", "")
        if not secret or not same(given, signature(secret, call.body)):
            raise Forged("X-Hook-Signature")
        events = part(decoded(call.body), "events")
        found = dict.fromkeys(
            word(part(event, "resource", "gid"))
            for event in (events if isinstance(events, list) else [])[:1_000]
            if part(event, "resource", "resource_type") == "task"
        )
        return Heard(digest(call.body), tuple(gid for gid in found if gid))

    def complete(self, config: dict[str, Any], known: dict[str, str]) -> dict[str, str]:
        """A project's number."""
        if not _GID.fullmatch(str(config.get("project", ""))):
            raise Misconfigured("the project is its number, as in its address")
        return {}

    def start_hook(self, options: Options, url: str) -> None:
        """Tell us of tasks that are completed, reopened, given to others or deleted."""
        payload = {
            "resource": str(options["project"]),
            "target": url,
            "filters": [
                {"resource_type": "task", "action": "changed", "fields": ["completed", "assignee"]},
                {"resource_type": "task", "action": "deleted"},
            ],
        }
        _ask(options, "POST", "/webhooks", payload)


def _told(body: tuple[text.Block, ...]) -> tuple[text.Block, ...]:
    """Comments may hold no lists."""
    flat: list[text.Block] = []
    for block in body:
        flat += block.lines if isinstance(block, text.Items) else [block]
    return tuple(flat)


def _gid(value: Any) -> str:
    return quote(str(value), safe="")


def _headers(options: Options) -> dict[str, str]:
    return {"Authorization": f"Bearer {options.get('token', '')}"}


def _ask(options: Options, method: str, path: str, payload: Any = None) -> Any:
    sent = None if payload is None else {"data": payload}
    return part(ask(method, API + path, _headers(options), sent)[0], "data")


def _put(options: Options, ticket: str, changes: dict[str, Any]) -> Any:
    return _ask(options, "PUT", f"/tasks/{_gid(ticket)}?opt_fields={_FIELDS}", changes)


def _ticket(row: Any) -> Ticket:
    gid = word(part(row, "gid"))
    if not gid:
        raise Misconfigured("the API's answer is no task")
    closed = part(row, "completed") is True
    return Ticket(
        id=gid,
        key=gid,
        url=word(part(row, "permalink_url"), 1_000) or f"https://app.asana.com/0/0/{gid}",
        title=word(part(row, "name"), 500),
        closed=closed,
        state="completed" if closed else "open",
        assignee=word(part(row, "assignee", "gid")),
    )


tracker = Asana()
