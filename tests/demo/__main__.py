"""`make demo`: find the running stack and its project, deploy the shop six times, tell where to look."""

import argparse
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from config.env import Env

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "Demo shop"
NOT_RUNNING = "No Emberwatch is running here: start it with make run."
RELEASES = ("lamp-shop@1.4.0", "lamp-shop@2.0.0")
VISITS = {"development": 10, "staging": 20, "production": 60}
FIND = (
    "import json; from django.conf import settings; from tracker.models import ProjectKey;"
    f"key = ProjectKey.objects.filter(project__name={NAME!r}, enabled=True).order_by('pk').first();"
    "print(json.dumps({'dsn': key.dsn(str(settings.EMBERWATCH_URL)), 'slug': key.project.slug} if key else {}))"
)


class CannotDemo(Exception):
    """A sentence for whoever typed `make demo`."""


@dataclass(frozen=True)
class Target:
    """Where the shop reports to."""

    url: str
    dsn: str
    slug: str = ""
    """Of the project, if it is known."""

    @property
    def issues(self) -> str:
        """The page to look at."""
        query = f"?q=project%3A{self.slug}" if self.slug else ""
        return f"{self.url}/admin/tracker/issue/{query}"


def main() -> int:
    """Run the demo; exit status 1 with one sentence when it cannot run."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--dsn", help="report there, instead of to the stack of this folder")
    parser.add_argument("--visits", type=int, help="visits in each environment")
    wanted = parser.parse_args()
    began = time.monotonic()
    try:
        target = of_dsn(wanted.dsn) if wanted.dsn else find_target()
        deploy(
            target.dsn, VISITS if wanted.visits is None else dict.fromkeys(VISITS, wanted.visits)
        )
    except CannotDemo as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"The shop failed in more than a dozen ways within {time.monotonic() - began:.0f} s; look:"
    )
    print(f"  {target.issues}")
    return 0


def find_target() -> Target:
    """The project of the stack whose data folder this is; made at the first demo. Raises CannotDemo."""
    data = Env().data_folder(ROOT)
    try:
        facts = json.loads((data / "ready.json").read_text())
        url = of_dsn(str(facts["dsn"])).url
        with urllib.request.urlopen(url + "/healthz", timeout=5):
            pass
    except (OSError, KeyError, ValueError, urllib.error.URLError):
        raise CannotDemo(NOT_RUNNING) from None
    os.environ["EMBERWATCH_URL"] = url  # PORT may differ in this terminal
    found = json.loads(manage("shell", "--verbosity", "0", "-c", FIND))
    if not found:
        found = json.loads(manage("create_project", NAME, "--json"))
    return Target(url, str(found["dsn"]), str(found["slug"]))


def of_dsn(dsn: str) -> Target:
    """What a DSN says. Raises CannotDemo."""
    parts = urlsplit(dsn)
    number = parts.path.rpartition("/")[2]
    if not (parts.username and parts.hostname and number.isdigit()):
        raise CannotDemo(f"{dsn!r} is no DSN: it looks like http://key@host:8000/1.")
    return Target(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", dsn)


def manage(*words: str) -> str:
    """The last line that a command of the product prints. Raises CannotDemo."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *words],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    if done.returncode:
        raise CannotDemo(f"manage.py {words[0]} failed: {done.stderr.strip()[-300:]}")
    return done.stdout.strip().splitlines()[-1]


def deploy(dsn: str, visits: dict[str, int]) -> None:
    """Two releases, one after the other, each in three environments. Raises CannotDemo."""
    for at, release in enumerate(RELEASES):
        print(f"running {release} in {', '.join(visits)}", flush=True)
        with ThreadPoolExecutor(2) as pool:
            runs = [
                pool.submit(shop, dsn, release, environment, count, at * 10 + number)
                for number, (environment, count) in enumerate(reversed(visits.items()))
            ]
            for run in runs:
                run.result()


def shop(dsn: str, release: str, environment: str, visits: int, seed: int) -> None:
    """One deployment, in a process of its own. Raises CannotDemo."""
    command = [
        *(sys.executable, "-m", "tests.demo.shop", "--dsn", dsn, "--release", release),
        *("--environment", environment, "--visits", str(visits), "--seed", str(seed)),
    ]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        raise CannotDemo(f"The shop itself broke: {done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    sys.exit(main())
