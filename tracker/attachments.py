"""Files of events: where their bytes lie, and how they are handed out again."""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.http import FileResponse
from msgspec import Struct

from tracker.models import Attachment


class Stored(Struct, frozen=True):
    """A file whose bytes are in the storage, and whose row is still to be written."""

    event_id: str
    filename: str
    content_type: str
    kind: str
    size: int
    sha256: str
    path: str


def store(
    project_id: int, received: datetime, event_id: str, filename: str, content_type: str,
    kind: str, content: bytes,
) -> Stored:  # fmt: skip
    """Put bytes into the storage under a name that follows from them: safe to repeat.

    Raises what the storage raises (OSError, of S3 its own).
    """
    digest = hashlib.sha256(content).hexdigest()
    path = f"attachments/{project_id}/{received:%Y-%m-%d}/{event_id}/{digest[:40]}"
    if not default_storage.exists(path):
        path = default_storage.save(path, ContentFile(content))
    return Stored(event_id, filename, content_type, kind, len(content), digest, path)


def download(attachment: Attachment) -> FileResponse:
    """The file as a download: never shown in the page's origin. Raises FileNotFoundError."""
    answer = FileResponse(
        default_storage.open(attachment.path, "rb"),
        as_attachment=True,
        filename=attachment.filename.replace("/", "_").replace("\\", "_") or "attachment",
        content_type="application/octet-stream",
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["Cache-Control"] = "private, no-store"
    return answer
