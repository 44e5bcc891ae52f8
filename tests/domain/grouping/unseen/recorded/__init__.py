"""Bugs recorded from runtimes: written before any rule was changed, judged once, then learned from.

A file of lines a runtime, in the scorer's form. `node` was told by @sentry/node 8 on Node 20
(routes, jobs, timers, scripts; four deploy folders, one of them an esbuild bundle, one Windows).
`web` are three builds of one shop in V8 (two minified by esbuild, one plain) with and without
source maps (symbolic), and what Firefox and Safari make of them. `java` is OpenJDK 17, `ruby`
Ruby 3.1, each in three releases with lines moved. First run, with the rules as they were:

    web   F1 .84  B3 .87  precision .85  exact .42
    node  F1 .95  B3 .96  precision 1.0  exact .81
    java  F1 .98  B3 .98  precision 1.0  exact .95
    ruby  F1 .97  B3 .99  precision .94  exact .95

What stays: minified twins of one type at one property are one issue until there is a map.
"""

import gzip
import json
from pathlib import Path

from tests.domain.grouping.unseen.kit import Row

FOLDER = Path(__file__).parent


def recorded_rows() -> list[Row]:
    """All recorded events, labelled."""
    found = []
    for path in sorted(FOLDER.glob("*.jsonl.gz")):
        with gzip.open(path, "rt") as lines:
            found += [Row(**json.loads(line)) for line in lines]
    return found
