"""The usual event, taken on the event loop: the view's steps without a framework around them.

Routing, request and response objects cost more than the steps themselves. Whatever is unusual
gets None here and goes to the view (ingest/views.py), in a thread.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import orjson
from django.http import QueryDict

from ingest.adapters.base import Receipt
from ingest.auth import Credentials, Sender, authenticate, credentials_of
from ingest.bare import CORS, as_refusal
from ingest.errors import BadBody, InboxAway, MustWait, Refused
from ingest.inbox import COMMIT_TIMEOUT, PUT_TIMEOUT, Ticket
from ingest.limits import LIMITS, refuse
from ingest.registry import find
from ingest.views import (
    COMMITTER,
    ENVELOPE,
    EnvelopeView,
    admitted_by_dsn,
    agree,
    checked,
    letter_of,
    limits_of,
    meta_from,
)

_REMEMBERED = 512
"""Longest headers and query whose reading is remembered; an SDK's never change."""
_HEADERS = [("content-type", "application/json")] + [(n.lower(), v) for n, v in CORS.items()]


class Asked(NamedTuple):
    """A POST whose body is whole."""

    project: str
    """Digits, from the address."""
    kind: str
    """`envelope` or `store`."""
    headers: dict[str, str]
    """Under lower-case names, each of which came once."""
    query: str
    address: str
    """Of the client."""
    body: bytes


class Reply(NamedTuple):
    """An answer, to be sent once its ticket, if there is one, says so."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    ticket: Ticket | None = None


class Patience:
    """Ends the waiting for commits that do not begin, or do not end, on one event loop.

    One timer looks after all tickets: a timer for each would cost more than the wait.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        # Each holds (when to look, ticket), the next first.
        self._queued: deque[tuple[float, Ticket]] = deque()
        self._begun: deque[tuple[float, Ticket]] = deque()
        self._timer: asyncio.TimerHandle | None = None

    async def durable(self, ticket: Ticket) -> bool:
        """Whether what the ticket stands for is on disk. A commit that has begun is waited for."""
        due = self._loop.time() + PUT_TIMEOUT
        self._queued.append((due, ticket))
        self._look_at(due)
        return await ticket.future

    def _look_at(self, when: float) -> None:
        """Look then at the latest."""
        if self._timer is not None:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        for ticket in _due(self._queued, now):
            if ticket.take():
                ticket.future.set_result(False)
            else:
                self._begun.append((now + COMMIT_TIMEOUT, ticket))
        for ticket in _due(self._begun, now):
            ticket.future.set_result(False)
        heads = [line[0][0] for line in (self._queued, self._begun) if line]
        self._timer = None
        if heads:
            self._look_at(max(now + 0.05, min(heads)))


def _due(line: deque[tuple[float, Ticket]], now: float) -> Iterator[Ticket]:
    """Take off what is due; what has ended meanwhile is forgotten."""
    while line and line[0][0] <= now:
        _, ticket = line.popleft()
        if not ticket.future.done():
            yield ticket


async def answer(
    project: str, kind: str, headers: dict[str, str], query: str, address: str, body: bytes
) -> tuple[int, list[tuple[str, str]], bytes] | None:
    """Status, headers and content for a POST to an envelope or store address; None: ask the view.

    `headers` are under lower-case names. Returns once the event is durable, or is not.
    """
    loop = asyncio.get_running_loop()
    reply = take(Asked(project, kind, headers, query, address, body), loop)
    if reply is None:
        return None
    if reply.ticket is not None and not await _patience(loop).durable(reply.ticket):
        reply = _refusal(InboxAway(), int(project))
    return reply[:3]


_patience = lru_cache(maxsize=1)(Patience)


def take(asked: Asked, loop: asyncio.AbstractEventLoop) -> Reply | None:
    """Have an event stored; None: ask the view, nothing was done."""
    whose = [0]
    try:
        return _take(asked, loop, whose)
    except MustWait:
        return None
    except Exception as error:
        refused = as_refusal(error)
        # None: a fault of ours. The view meets it too, and says so in the log.
        return None if refused is None else _refusal(refused, whose[0])


def _take(asked: Asked, loop: asyncio.AbstractEventLoop, whose: list[int]) -> Reply:
    headers, project_id = asked.headers, int(asked.project)
    credentials = _credentials(
        headers.get("x-sentry-auth", ""), headers.get("authorization", ""), asked.query
    )
    sender = None
    if credentials is not None:
        sender = _admit(credentials, project_id, whose)
    if not asked.body:
        raise BadBody("The body is empty.")
    encoding = headers.get("content-encoding", "").strip().lower()
    adapter = find(asked.kind if asked.kind == "envelope" else _adapter_of_store(headers))
    receipt = checked(adapter, asked.body, encoding, inline=True)
    if credentials is None or sender is None:
        credentials = admitted_by_dsn(receipt, project_id)
        sender = _admit(credentials, project_id, whose)
    elif receipt.dsn:
        agree(receipt, sender)
    meta = _meta(asked.address, headers.get("user-agent", ""), credentials)
    letter = letter_of(sender, adapter.name, receipt, meta, asked.body, encoding)
    if letter is None:
        return _done(receipt, None)
    LIMITS.spend(sender, receipt.events)
    return _done(receipt, COMMITTER.enlist(letter, loop))


def _adapter_of_store(headers: dict[str, str]) -> str:
    """Some clients post envelopes there and say so."""
    content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    return "envelope" if content_type == ENVELOPE else "store"


def _admit(credentials: Credentials, project_id: int, whose: list[int]) -> Sender:
    sender = authenticate(credentials, project_id, wait=False)
    whose[0] = sender.project_id
    LIMITS.check(sender, wait=False)
    return sender


def _credentials(sentry: str, authorization: str, query: str) -> Credentials | None:
    if len(sentry) + len(authorization) + len(query) > _REMEMBERED:
        return _read(sentry, authorization, query)
    return _remembered(sentry, authorization, query)


def _read(sentry: str, authorization: str, query: str) -> Credentials | None:
    told = {"X-Sentry-Auth": sentry, "Authorization": authorization}
    return credentials_of(told, QueryDict(query).dict() if query else {})


_remembered = lru_cache(maxsize=4096)(_read)


def _meta(address: str, agent: str, credentials: Credentials | None) -> bytes:
    """What is stored beside a body, as JSON; a client's is always the same."""
    said = len(credentials.client) + len(credentials.sent) if credentials is not None else 0
    if len(agent) + said > _REMEMBERED:
        return _dumped(address, agent, credentials)
    return _remembered_meta(address, agent, credentials)


def _dumped(address: str, agent: str, credentials: Credentials | None) -> bytes:
    return orjson.dumps(meta_from(address, agent, credentials))


_remembered_meta = lru_cache(maxsize=4096)(_dumped)


def _done(receipt: Receipt, ticket: Ticket | None) -> Reply:
    answer = orjson.dumps({"id": receipt.event_id} if receipt.event_id else {})
    told = limits_of(receipt)
    headers = [*_HEADERS, *((n.lower(), text) for n, text in told.items())] if told else _HEADERS
    return Reply(200, headers, answer, ticket)


def _refusal(refused: Refused, project_id: int) -> Reply:
    refuse(project_id, refused.reason)
    response = EnvelopeView().refusal(refused)
    told = [(n.lower(), value) for n, value in response.items() if n.lower() != "content-type"]
    return Reply(response.status_code, [*_HEADERS, *told], orjson.dumps(response.data))
