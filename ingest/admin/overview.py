"""Ingest health on a project's overview."""

from datetime import datetime

from ingest import health
from tracker.panels import Panel, panel

DAYS = 7


@panel("ingest")
def ingest_panel(project_id: int, now: datetime) -> Panel:
    """What became of a week's events, how late we are, and who sends."""
    found = health.of_project(project_id, now, DAYS, with_keys=False)
    refused = {why: n for why, n in found.refused.items() if why not in _LIMITS}
    context = {
        "health": found, "days": DAYS, "filtered": sum(found.filtered.values()),
        "dropped": sum(refused.values()) + sum(found.lost.values()),
        "why": _reasons("filtered", found.filtered) + _reasons("refused", found.refused)
        + _reasons("lost by the client", found.lost),
    }  # fmt: skip
    return Panel("admin/ingest/panel.html", context, tuple(found.banners))


_LIMITS = ("rate", "quota", "backlog")


def _reasons(what: str, counts: dict[str, int]) -> list[tuple[str, str, int]]:
    return [(what, reason.replace("_", " ") or "other", n) for reason, n in counts.items()][:6]
