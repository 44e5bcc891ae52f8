"""Folds several notices into one, the most urgent in front; pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

LISTED = 10
"""Named beside the first; the rest is a number."""
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "fatal": 50}


def rank(content: dict[str, Any]) -> tuple[int, ...]:
    """How urgent a notice is; higher goes first."""
    notice = content.get("notice", {})
    return (
        int(content.get("severity") == "page"),
        _LEVELS.get(str(notice.get("level")), 0),
        int(notice.get("trigger") == "regressed"),
        int(notice.get("users") or 0),
        int(notice.get("events") or 0),
    )


def fold(contents: Sequence[dict[str, Any]], list_url: str, headline: str = "") -> dict[str, Any]:
    """One content from several that are sorted by rank, the first speaking for all."""
    first, rest = contents[0], contents[1:]
    notice = dict(first["notice"])
    if headline:
        notice["headline"] = headline
    elif rest:
        notice["headline"] = f"{len(contents)} alerts, first: {notice['headline']}"
    notice["also"] = [_mention(each["notice"]) for each in rest[:LISTED]]
    notice["more"] = max(len(rest) - LISTED, 0)
    notice["list_url"] = list_url if rest else ""
    people = dict.fromkeys(name for each in contents for name in each.get("recipients", ()))
    return {**first, "notice": notice, "recipients": list(people)}


def _mention(notice: dict[str, Any]) -> dict[str, str]:
    return {name: str(notice.get(name) or "") for name in ("headline", "short_id", "title", "url")}
