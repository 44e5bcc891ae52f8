"""Text fields of forms, multipart or urlencoded, under caps."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

from ingest.adapters.base import Malformed
from ingest.adapters.minidump import Part, read_form

MAX_FIELDS = 100


def fields(body: bytes, content_type: str) -> dict[str, str]:
    """The text fields of a form of either kind; the last one of a name wins. Raises Malformed."""
    if content_type.lower().startswith("multipart/"):
        return texts(read_form(body))
    text = body.decode("utf-8", "replace")
    try:
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise Malformed(f"A form may have at most {MAX_FIELDS} fields.") from None


def texts(parts: Iterable[Part]) -> dict[str, str]:
    """The text fields of a multipart form; the last one of a name wins."""
    return {
        part.name: part.content.decode("utf-8", "replace")
        for part in parts
        if part.filename is None
    }
