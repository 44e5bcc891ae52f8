"""An event of an issue as Markdown: one text for the page's copy button and for the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tracker.domain.anatomy import Anatomy
from tracker.domain.markdown import as_markdown
from tracker.models import Issue


def facts_of(issue: Issue, data: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What stands above the stack; the issue's project is loaded already."""
    return [
        ("Issue", issue.short_id),
        ("Project", issue.project.slug),
        ("Level", issue.level_name),
        ("Culprit", issue.culprit),
        ("Release", str(data.get("release") or "")),
        ("Environment", str(data.get("environment") or "")),
        ("Platform", issue.platform),
        ("Events", f"{issue.events:,}"),
        ("Users", f"{issue.users:,}"),
        ("First seen", f"{issue.first_seen:%Y-%m-%d %H:%M} UTC"),
        ("Last seen", f"{issue.last_seen:%Y-%m-%d %H:%M} UTC"),
    ]


def markdown_of(issue: Issue, anatomy: Anatomy, data: Mapping[str, Any]) -> str:
    """At most 12,000 characters; `data` is the event's payload, `anatomy` the same taken apart."""
    return as_markdown(anatomy, issue.title or issue.short_id, facts_of(issue, data))
