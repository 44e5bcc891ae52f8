"""`regroup_dry_run FILE.jsonl[.gz]`: how events would be grouped, without a database.

The same adapter, keys and resolver as in the live digest, with a map in memory
in place of the table of keys.
"""

import gzip
import hashlib
import json
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import orjson
from django.core.management.base import BaseCommand, CommandError

from ingest.adapters.base import Context
from ingest.adapters.sentry import event_from_dict
from tracker.domain.grouping import CURRENT, VERSIONS, keys_of
from tracker.domain.grouping.resolve import Known, apply, explain, resolve


class Command(BaseCommand):
    help = 'Group the events of a file of lines {"project": ..., "event": {...}} in memory.'
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", help="JSON lines, gzip if the name ends in .gz")
        parser.add_argument("--version-of-grouping", default=CURRENT, choices=sorted(VERSIONS))
        parser.add_argument("--why", action="store_true", help="add kind and why of the key")

    def handle(self, *args: Any, **options: Any) -> None:
        groups: dict[str, dict[bytes, Known]] = {}
        answers: list[dict[str, Any]] = []
        joined: dict[int, int] = {}
        issues = 0
        for project, event_id, raw in _events(Path(options["file"])):
            context = Context(project_id=1, received=0.0, event_id=event_id)
            keys = keys_of(event_from_dict(raw, context), options["version_of_grouping"])
            known = groups.setdefault(project, {})
            verdict = resolve(keys, known)
            issue = verdict.issue
            if issue is None:
                issues += 1
                issue = issues
            apply(verdict, issue, known)
            if verdict.varies:  # what the timer joins when a word turned out to vary
                joined.update(dict.fromkeys(known[verdict.varies].members, issue))
            answer: dict[str, Any] = {"event_id": event_id, "group": issue}
            if options["why"]:
                told = explain(verdict, keys)
                answer |= {"kind": told["kind"], "why": told["why"]}
            answers.append(answer)
        for answer in answers:
            answer["group"] = str(joined.get(answer["group"], answer["group"]))
            self.stdout.write(json.dumps(answer, ensure_ascii=False))


def _events(path: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(project, event id, raw event) of each line. Raises CommandError."""
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    with _opened(path) as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
                raw = row["event"]
                project = str(row["project"])
            except (ValueError, KeyError, TypeError):
                raise CommandError(
                    f'Line {number} is not {{"project": ..., "event": {{...}}}}.'
                ) from None
            if not isinstance(raw, dict):
                raise CommandError(f"Line {number}: event is not an object.")
            told = str(raw.get("event_id") or row.get("id") or "").replace("-", "").lower()
            yield project, told or hashlib.md5(line, usedforsecurity=False).hexdigest(), raw


def _opened(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")
