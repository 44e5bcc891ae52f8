"""All labelled events of the tables, and how the live code groups them.

python -m tests.domain.grouping.unseen.make [SEED] [--dump FILE]
"""

import gzip
import json
import random
import sys
from collections import defaultdict
from collections.abc import Sequence

from ingest.adapters.base import Context
from ingest.adapters.sentry import event_from_dict
from tests.domain.grouping.unseen.kit import Row, bugs_of, scored, tellings
from tests.domain.grouping.unseen.tables import TABLES
from tests.domain.grouping.unseen.tables_more import MORE
from tests.domain.grouping.unseen.tell import event_of
from tracker.domain.grouping import Keys, keys_of
from tracker.domain.grouping.resolve import Known, apply, explain, resolve

VARIANTS = 8
ALL = {name: ("python" if name == "logs" else name, table) for name, table in TABLES.items()} | MORE
"""Table -> (language it is told in, its text)."""


def rows(seed: int = 1, only: str = "", variants: int = VARIANTS) -> list[Row]:
    """Every bug of every table (of `only` one), told `variants` times."""
    found = []
    for language, (kind, table) in ALL.items():
        if only not in ("", language):
            continue
        for bug in bugs_of(kind, table):
            for telling in tellings(bug, seed, variants):
                event = event_of(bug, telling)
                label = f"{language}.{bug.name}"
                found.append(
                    Row(
                        event["event_id"],
                        language,
                        label,
                        bug.family,
                        f"r{telling.release}/{telling.index}",
                        event,
                    )
                )
    return found


def keyed(found: Sequence[Row]) -> list[tuple[Row, Keys]]:
    """Rows with the keys of their events."""
    context = Context(project_id=1, received=0.0, event_id="0" * 32)
    return [(row, keys_of(event_from_dict(row.event, context))) for row in found]


def grouped(found: Sequence[tuple[Row, Keys]], order: int = 0) -> list[tuple[Row, int, str]]:
    """(row, issue, why) when they arrive in a random order."""
    arrived = list(found)
    random.Random(order).shuffle(arrived)
    known: dict[str, dict[bytes, Known]] = defaultdict(dict)
    out = []
    joined: dict[int, int] = {}
    for number, (row, keys) in enumerate(arrived):
        verdict = resolve(keys, known[row.project])
        issue = number if verdict.issue is None else verdict.issue
        apply(verdict, issue, known[row.project])
        if verdict.varies:
            joined.update(dict.fromkeys(known[row.project][verdict.varies].members, issue))
        out.append((row, issue, explain(verdict, keys)["why"]))
    return [(row, joined.get(issue, issue), why) for row, issue, why in out]


def scores(found: Sequence[tuple[Row, int, str]]) -> dict[str, dict[str, float]]:
    """Scores of everything, and by project."""
    by: dict[str, list[tuple[str, object]]] = defaultdict(list)
    for row, issue, _ in found:
        by[row.project].append((row.label, issue))
        by["all"].append((row.label, issue))
    return {name: scored(pairs) for name, pairs in by.items()}


def main() -> None:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    result = grouped(keyed(rows(seed)))
    for name, score in scores(result).items():
        print(f"{name:8}", "  ".join(f"{key} {value:.3f}" for key, value in score.items()))
    labels: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    groups: dict[int, set[str]] = defaultdict(set)
    whys: dict[int, str] = {}
    for row, issue, why in result:
        labels[row.label][issue].append(row.variant)
        groups[issue].add(row.label)
        whys.setdefault(issue, why)
    for label, parts in labels.items():
        if len(parts) > 1:
            print("\nSPRAY", label)
            for issue, variants in parts.items():
                print("   ", sorted(variants), whys[issue][:170])
    for issue, several in groups.items():
        if len(several) > 1:
            print("\nSWALLOW", sorted(several), "\n    ", whys[issue][:170])
    if "--dump" in sys.argv:
        with gzip.open(sys.argv[sys.argv.index("--dump") + 1], "wt") as out:
            for row, *_ in result:
                out.write(json.dumps({"id": row.id, "project": row.project, "label": row.label, "family": row.family,
                                      "variant": row.variant, "event": row.event}) + "\n")  # fmt: skip


if __name__ == "__main__":
    main()
