"""Crash dumps of native programs. Never answered 429: these clients would send it all again."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse

from ingest.auth import authenticate, credentials_of
from ingest.errors import TooMuch
from ingest.limits import LIMITS, refuse
from ingest.registry import find
from ingest.views import IngestView, body_of, checked, meta_of, put


class MinidumpView(IngestView):
    """`POST /api/<project>/minidump/`: a form of Crashpad or Breakpad, or a bare dump."""

    def take(self, raw: HttpRequest, project_id: int | None) -> Any:
        """Keep the upload; answer the id with dashes. Raises Refused."""
        credentials = credentials_of(raw.headers, raw.GET.dict())
        sender = authenticate(credentials, project_id)
        self.counted_under = sender.project_id
        body, encoding = body_of(raw)
        receipt = checked(find("minidump"), body, encoding)
        try:
            LIMITS.check(sender)
        except TooMuch as error:
            refuse(sender.project_id, error.reason)
        else:
            put(sender, "minidump", receipt, meta_of(raw, credentials), body, encoding)
        return HttpResponse(str(uuid.UUID(receipt.event_id)), content_type="text/plain")
