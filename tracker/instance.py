"""How the whole instance is doing, for its owner: gauges, disk, versions."""

import platform
import shutil
from dataclasses import dataclass
from datetime import datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.template.defaultfilters import filesizeformat

from tracker import gauges
from tracker.models import PayloadDictionary, Project, Team, User
from tracker.sql import run

ALARMING = (
    "quarantined_bodies", "spool_damaged_files", "alerts_deliveries_dead", "monitors_failing",
)  # fmt: skip
"""Gauges of things that wait for a person: any is worth a colour."""
FULL = 90
"""Percent of the disk in use from which it is worth a colour, too."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A number that an app tells of itself."""

    label: str
    value: str
    alarming: bool


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the data lies."""

    used_percent: int
    free: str
    database: str
    tables: tuple[tuple[str, str], ...]
    """The largest tables, partitions added up, with their indexes."""

    @property
    def is_full(self) -> bool:
        """Whether it is time to do something."""
        return self.used_percent >= FULL


def context(now: datetime) -> dict[str, Any]:
    """What the page shows besides projects."""
    del now
    return {
        "readings": readings(), "disk": disk(), "versions": versions(),
        "counts": (
            ("Projects", Project.objects.count()),
            ("Teams", Team.objects.count()),
            ("People", User.objects.filter(is_active=True).count()),
            ("Trained dictionaries", PayloadDictionary.objects.count()),
        ),
    }  # fmt: skip


def readings() -> list[Reading]:
    """Every gauge, late and alarming ones told apart."""
    found = {name: (text, value) for name, text, value in gauges.read("metrics")}
    found |= {name: (text, value) for name, text, value in gauges.read("readyz")}
    late = gauges.late({name: value for name, (_, value) in found.items()})
    return [
        Reading(
            text, _shown(name, value), name in late or (name in ALARMING and value > 0)
        )
        for name, (text, value) in sorted(found.items())
    ]  # fmt: skip


def _shown(name: str, value: float) -> str:
    return f"{value:,.1f} s" if name.endswith("_seconds") else f"{value:,.0f}"


_TABLES = """
SELECT name, sum(bytes)::bigint FROM (
  SELECT coalesce(p.relname, c.relname) AS name, pg_total_relation_size(c.oid) AS bytes
  FROM pg_class c
  LEFT JOIN pg_inherits i ON i.inhrelid = c.oid
  LEFT JOIN pg_class p ON p.oid = i.inhparent
  WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
) q GROUP BY name ORDER BY 2 DESC LIMIT 6
"""


def disk() -> Disk:
    """The data folder's disk, and what the database takes (it may lie elsewhere)."""
    folder = Path(settings.EMBERWATCH_DATA)
    usage = shutil.disk_usage(folder if folder.exists() else folder.parent)
    size = run("SELECT pg_database_size(current_database())").fetchone()
    return Disk(
        round(100 * usage.used / usage.total), filesizeformat(usage.free),
        filesizeformat(int(size[0]) if size else 0),
        tuple((name.removeprefix("tracker_"), filesizeformat(n)) for name, n in run(_TABLES)),
    )  # fmt: skip


def versions() -> list[tuple[str, str]]:
    """What runs here."""
    server = run("SHOW server_version").fetchone()
    return [
        ("Emberwatch", _ours()),
        ("Python", platform.python_version()),
        ("Django", django.get_version()),
        ("PostgreSQL", str(server[0]) if server else ""),
        ("Celery", metadata.version("celery")),
        ("System", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]


def _ours() -> str:
    """From pyproject.toml: the product is run from its folder, not installed."""
    text = (Path(settings.BASE_DIR) / "pyproject.toml").read_text(encoding="utf-8")
    line = next((row for row in text.splitlines() if row.startswith("version")), "")
    return line.partition("=")[2].strip(' "') or "unknown"
