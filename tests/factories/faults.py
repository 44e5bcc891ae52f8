"""Two hundred different bugs, met for real: a generated Django site fails, the real SDK reports.

    python -m tests.factories.faults FILE.jsonl.gz [--faults 200] [--variants 3]

Writes lines `{"fault": 17, "event": {...}}`, about 29 KB of JSON each. The faults differ
in exception class, file, function and words; within one only numbers, ids and people
vary. So the right number of issues is the number of faults. Runs in a process of its
own: it sets Django up for the site.
"""

import argparse
import gzip
import importlib
import json
import logging
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from string import Template
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
THINGS = [
    "anchor", "ballast", "beacon", "berth", "buoy", "cabin", "cargo", "compass", "crane", "deck",
    "dock", "engine", "ferry", "galley", "harbour", "lantern", "manifest", "pilot", "rudder", "winch",
]  # fmt: skip
VERBS = [
    "assign", "audit", "book", "clear", "inspect", "load", "move", "release", "repair", "survey",
]  # fmt: skip
BASES = ["ValueError", "LookupError", "RuntimeError", "ArithmeticError", "OSError", "TypeError"]
TROUBLES = [
    "the papers are not in order", "no crew is on duty", "the tide tables end before that day",
    "its weight exceeds what was declared", "another vessel holds the slot",
    "the inspector refused to sign", "no route leads there", "customs has sealed it",
]  # fmt: skip

VIEW = Template('''

def ${verb}(request, number):
    """Take a ${thing} through ${verb}."""
    order = json.loads(request.body)
    captain = request.headers.get("X-Captain", "nobody")
    with connection.cursor() as cursor:
        for step in range(order["looks"]):
            cursor.execute(
                "SELECT a.id, a.name, l.mark FROM port_${thing} a JOIN port_${thing}_log l "
                "ON l.parent = a.id WHERE a.id = %s AND l.action = %s ORDER BY l.mark LIMIT 20",
                [number + step, "${verb}"],
            )
            found = cursor.fetchall()
            log.info("%d marks of ${thing} %s in step %d", len(found), number, step)
    done = desk.${verb}_${thing}(number, captain, order)
    return JsonResponse({"done": done})
''')
DESK = Template('''

def ${verb}_${thing}(number, captain, order):
    """Prepare papers, then let the yard do it."""
    papers = [{"kind": kind, "number": number, "captain": captain, "stamp": "${thing}/${verb}/%d" % n}
              for n, kind in enumerate(("bill", "permit", "list", "seal"))]
    crew = {name: {"rank": rank, "hours": number % 9} for rank, name in enumerate(order["crew"])}
    return walk_${verb}_${thing}(number, papers, crew, order, 2)


def walk_${verb}_${thing}(number, papers, crew, order, left):
    """Every quay has to agree."""
    quay = {"left": left, "marks": order["parcels"][left], "label": "${thing}-${verb}-%d" % left}
    if left:
        return walk_${verb}_${thing}(number, papers, crew, order, left - 1)
    return yard.check_${verb}(number, papers, quay)
''')
YARD = Template('''

class ${Name}(${base}):
    """A ${thing} could not be taken through ${verb}."""


def check_${verb}(number, papers, quay):
    """Refuse, always: this is a site of bugs."""
    stamps = [paper["stamp"] for paper in papers]
    weight = sum(parcel["grams"] for parcel in [quay["marks"]])
    # whoever reads this far knows that it goes wrong below
    if len(stamps) == 4 and weight >= 0:
        raise ${Name}("${thing} %d: ${trouble}" % number)
    return stamps
''')


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--faults", type=int, default=200)
    parser.add_argument("--variants", type=int, default=3)
    wanted = parser.parse_args()
    rng = random.Random(11)
    caught: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="port-") as folder:
        write_site(Path(folder))
        sys.path.insert(0, folder)
        set_up(caught)
        with gzip.open(wanted.out, "wt", compresslevel=1, encoding="utf-8") as out:
            for fault in range(wanted.faults):
                for _ in range(wanted.variants):
                    fail(fault, rng)
                    [event] = caught
                    caught.clear()
                    out.write(json.dumps({"fault": fault, "event": event}) + "\n")


def write_site(folder: Path) -> None:
    """A package `port` with a sub-package per thing: views, desk, yard."""
    port = folder / "port"
    routes = []
    for thing_at, thing in enumerate(THINGS):
        home = port / thing
        home.mkdir(parents=True)
        (home / "__init__.py").touch()
        parts = {
            "views": "import json\nimport logging\n\nfrom django.db import connection\n"
            f"from django.http import JsonResponse\nfrom port.{thing} import desk\n\n"
            f'log = logging.getLogger("port.{thing}")\n',
            "desk": f"from port.{thing} import yard\n",
            "yard": "",
        }
        for verb_at, verb in enumerate(VERBS):
            words = {
                "thing": thing,
                "verb": verb,
                "Name": f"{thing.capitalize()}Cannot{verb.capitalize()}",
                "base": BASES[(thing_at + verb_at) % len(BASES)],
                "trouble": TROUBLES[(3 * thing_at + verb_at) % len(TROUBLES)],
            }
            for name, template in (("views", VIEW), ("desk", DESK), ("yard", YARD)):
                parts[name] += template.substitute(words)
            routes.append(f"    path('port/{thing}/<int:number>/{verb}/', {thing}.{verb}),")
        for name, text in parts.items():
            (home / f"{name}.py").write_text(text)
    (port / "__init__.py").touch()
    imports = "\n".join(f"from port.{thing} import views as {thing}" for thing in THINGS)
    text = (
        f"from django.urls import path\n{imports}\nurlpatterns = [\n" + "\n".join(routes) + "\n]\n"
    )
    (port / "urls.py").write_text(text)


def set_up(caught: list[dict[str, Any]]) -> None:
    """Django for the site, and the SDK with a transport that keeps events."""
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="for bugs only",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="port.urls",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        MIDDLEWARE=[
            "django.middleware.security.SecurityMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        LOGGING_CONFIG=None,
    )
    django.setup()
    logging.getLogger("port").setLevel(logging.INFO)
    logging.getLogger("django.request").setLevel(logging.CRITICAL + 1)
    with importlib.import_module("django.db").connection.cursor() as cursor:
        for thing in THINGS:
            cursor.execute(f"CREATE TABLE port_{thing} (id integer, name text)")
            cursor.execute(
                f"CREATE TABLE port_{thing}_log (parent integer, action text, mark integer)"
            )
    watch(caught)


def watch(caught: list[dict[str, Any]]) -> None:
    """The real SDK; what it would send is kept as the wire would carry it."""
    import sentry_sdk
    from sentry_sdk.envelope import Envelope
    from sentry_sdk.integrations.logging import LoggingIntegration
    from sentry_sdk.transport import Transport

    class Keep(Transport):
        def capture_envelope(self, envelope: Envelope) -> None:
            events = (item for item in envelope.items if item.type == "event")
            caught.extend(json.loads(item.payload.get_bytes()) for item in events)

    sentry_sdk.init(
        dsn="http://0123456789abcdef0123456789abcdef@127.0.0.1:9/1",
        transport=Keep,
        release="port@7.3.0",
        environment="production",
        server_name="quay-2.internal",
        in_app_include=["port"],
        send_default_pii=True,
        max_request_body_size="always",
        auto_session_tracking=False,
        send_client_reports=False,
        integrations=[LoggingIntegration(event_level=None)],
    )


def fail(fault: int, rng: random.Random) -> None:
    """One visitor runs into one bug."""
    import sentry_sdk
    from django.test import Client

    thing, verb = THINGS[fault % len(THINGS)], VERBS[fault // len(THINGS) % len(VERBS)]
    number, person = rng.randrange(1_000, 900_000), rng.randrange(1, 500)
    order = {
        "looks": 14,
        "crew": ["ines", "olga", "tomas", "yuki"],
        "reference": f"R{rng.randrange(10**9)}",
        "parcels": [parcel(rng, thing) for _ in range(10)],
    }
    with sentry_sdk.isolation_scope() as scope:
        scope.clear_breadcrumbs()
        scope.set_user({"id": str(person), "email": f"person{person}@example.com"})
        scope.set_tag("fleet", f"fleet-{person % 12}")
        scope.set_tag("coast", rng.choice(["north", "east", "west"]))
        scope.set_context("order", {"parcels": 10, "priority": number % 3, "channel": "desk"})
        answer = Client(raise_request_exception=False).post(
            f"/port/{thing}/{number}/{verb}/?page={number % 7}&from=desk",
            json.dumps(order),
            content_type="application/json",
            headers={
                "X-Captain": f"captain{person}",
                "X-Request-Id": f"{rng.getrandbits(128):032x}",
                "X-Forwarded-For": f"203.0.113.{person % 250}",
                "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Accept-Language": "en-GB,en;q=0.8",
                "Referer": f"https://port.example.com/desk/{number}",
            },
        )
        assert answer.status_code == 500


def parcel(rng: random.Random, thing: str) -> dict[str, Any]:
    """What somebody ships."""
    return {
        "mark": f"{rng.getrandbits(64):016x}",
        "seal": f"{rng.getrandbits(128):032x}",
        "grams": rng.randrange(100, 90_000),
        "note": f"to be kept dry beside the {thing}; ask for the night watch at gate {rng.randrange(9)}",
    }


# --- For those who want the file ---------------------------------------------------------------


def make(path: Path, faults: int = 200, variants: int = 3) -> None:
    """Have the file written by a process of its own."""
    dropped = {"DJANGO_SETTINGS_MODULE", "PYTEST_CURRENT_TEST"}
    subprocess.run(
        [*(sys.executable, "-m", "tests.factories.faults", str(path)),
         *("--faults", str(faults), "--variants", str(variants))],
        cwd=ROOT, check=True, timeout=120,
        env={key: value for key, value in os.environ.items() if key not in dropped},
    )  # fmt: skip


def read(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Fault and event of each line."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [(row["fault"], row["event"]) for row in map(json.loads, lines)]


if __name__ == "__main__":
    main()
