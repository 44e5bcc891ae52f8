"""A project with Rollbar's four tokens, events in it, and a way to ask."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.test import Client

from ingest import digest
from tests.ingest.conftest import Poster
from tracker.actions import setup
from tracker.models import Issue


class Asker:
    """A tool with the tokens of one project."""

    def __init__(self, poster: Poster) -> None:
        made = setup.create_key(poster.project, "Rollbar")
        self.project = poster.project
        self.tokens = {
            "post_server": made.post_server, "post_client": made.post_client,
            "read": made.read, "write": made.write, "wrong": "f" * 32,
        }  # fmt: skip
        self.client = Client(raise_request_exception=False)

    def call(
        self, path: str, status: int = 200, *, token: str = "read", method: str = "get",
        body: Any = None, **headers: str,
    ) -> Any:  # fmt: skip
        """What is answered: `result`, or the message of a refusal."""
        sent = {"X-Rollbar-Access-Token": self.tokens[token]} if token else {}
        more: dict[str, Any] = {}
        if body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            more = {"data": raw, "content_type": headers.pop("content_type", "application/json")}
        answer = getattr(self.client, method)(f"/api/1/{path}", headers={**sent, **headers}, **more)
        assert answer.status_code == status, (answer.status_code, answer.content)
        assert answer["Content-Type"].startswith("application/json")
        told = json.loads(answer.content)
        assert told["err"] == (0 if status in (200, 301) else 1), told
        if status not in (200, 301):
            assert told["message"].endswith("."), told
            return told["message"]
        return told["result"]

    def send(self, fault: int = 1, times: int = 1, **data: Any) -> Issue:
        """Events of one fault, sent as Rollbar's Python client would; the issue they are in."""
        for _ in range(times):
            frame = {"filename": f"shop/orders{fault}.py", "method": f"fail_{fault}", "lineno": 3,
                     "code": "raise ValueError"}  # fmt: skip
            exception = {"class": f"Fault{fault}Error", "message": f"order {fault} failed"}
            sent = {
                "environment": "production", "uuid": str(uuid.uuid4()), "level": "error",
                "language": "python 3.12.1", "platform": "linux", "code_version": "1.0",
                "body": {"trace": {"frames": [frame], "exception": exception}}, **data,
            }  # fmt: skip
            self.call("item/", token="post_server", method="post", body={"data": sent})
        digest.run()
        return Issue.objects.live().get(project=self.project, type=f"Fault{fault}Error")


@pytest.fixture
def asker(poster: Poster) -> Asker:
    return Asker(poster)
