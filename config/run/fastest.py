"""Which Python `make` builds `.venv` with, when nobody said: `python3 config/run/fastest.py`.

The one that runs this, unless another on the PATH is much faster. A Python compiled without
profile-guided optimization, as version managers do when nobody asks for it, takes a tenth longer
over an event, and nothing of the product could make up for that.
"""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

NAMES = ("python3", "python3.11", "python3.12", "python3.13")
MUCH = 1.2
"""Times as fast, to go before the one that was found first."""
PROBE = """
import sys
if not (3, 11) <= sys.version_info < (3, 14) or sys.implementation.name != "cpython":
    sys.exit("not of the versions that are tested")
import ensurepip, time, venv

def work():
    seen = {}
    for number in range(40_000):
        word = str(number % 997)
        seen[word] = seen.get(word, 0) + len(word)

best = 9.0
for _ in range(5):
    began = time.process_time()
    work()
    best = min(best, time.process_time() - began)
print(best, sys.executable)
"""


def candidates(path: str) -> Iterator[str]:
    """Programs on a PATH that are called like a Python, each once."""
    seen = set()
    for folder in filter(None, path.split(os.pathsep)):
        for name in NAMES:
            program = Path(folder, name)
            if (real := program.resolve()) not in seen and os.access(program, os.X_OK):
                seen.add(real)
                yield str(program)


def probe(program: str) -> tuple[float, str] | None:
    """Processor seconds that some usual work takes, and the path the Python gives itself; None for
    one that has no venv, is too old or new, or does not run.
    """
    try:
        done = subprocess.run(
            [program, "-I", "-c", PROBE], capture_output=True, text=True, check=True, timeout=10
        )
        seconds, _, executable = done.stdout.strip().partition(" ")
        return float(seconds), executable
    except (OSError, subprocess.SubprocessError, ValueError):
        return None


def choose(first: str, others: Iterable[str]) -> tuple[str, float]:
    """A program, and how many times as fast as the first it is (1.0: it is the first)."""
    usual = probe(first)
    if usual is None:
        return first, 1.0  # what it lacks is told by whoever uses it
    fastest = min(filter(None, map(probe, others)), default=usual)
    if usual[0] < MUCH * fastest[0]:
        return first, 1.0
    return fastest[1], usual[0] / fastest[0]


if __name__ == "__main__":
    chosen, times = choose(sys.executable, candidates(os.environ.get("PATH", "")))
    if chosen != sys.executable:
        told = f"using {chosen}, {times:.1f} x as fast as {sys.executable}"
        print(f"{told} (PYTHON=... chooses another)", file=sys.stderr)
    print(chosen)
