"""A bare Django function view behind granian: what accepting would cost if nothing were done.

python -m tests.bench.bare CORPUS EVENTS    starts it, posts to it, prints JSON
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import re_path

from tests.stack import ROOT, free_port


def take(request: HttpRequest) -> HttpResponse:
    """Read the body, say yes."""
    return HttpResponse(b'{"id":"%d"}' % len(request.body), content_type="application/json")


urlpatterns = [re_path("", take)]


def application() -> Any:
    """Django with one view and no middleware."""
    settings.configure(
        ROOT_URLCONF=__name__, MIDDLEWARE=[], SECRET_KEY="bare", ALLOWED_HOSTS=["*"],
        DATA_UPLOAD_MAX_MEMORY_SIZE=None,
    )  # fmt: skip
    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application()


def measure(corpus: Path, events: int) -> dict[str, float]:
    """CPU milliseconds a request, and requests a second."""
    port = free_port()
    server = subprocess.Popen(
        [*(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory"),
         *("--host", "127.0.0.1", "--port", str(port), "--workers", "1", "--http", "1"),
         *("--log-level", "warning", "tests.bench.bare:application")],
        cwd=ROOT, env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
    )  # fmt: skip
    try:
        tree = psutil.Process(server.pid)
        post(corpus, port, 200)
        before = used(tree)
        began = time.monotonic()
        post(corpus, port, events)
        seconds = time.monotonic() - began
        spent = used(tree) - before
        return {"cpu_ms": round(1000 * spent / events, 4), "per_second": round(events / seconds)}
    finally:
        server.terminate()
        server.wait(30)


def post(corpus: Path, port: int, events: int) -> None:
    """Post with the bench's own load; waits for the server to be there."""
    deadline = time.monotonic() + 20
    while True:
        done = subprocess.run(
            [*(sys.executable, "-m", "tests.bench.load", "--corpus", str(corpus), "--key", "k"),
             *("--port", str(port), "--project", "1", "-n", str(events), "-c", "16")],
            cwd=ROOT, capture_output=True, text=True, check=True, timeout=120,
        )  # fmt: skip
        if json.loads(done.stdout)["accepted"] == events:
            return
        if time.monotonic() > deadline:
            raise SystemExit(f"the bare view did not answer: {done.stdout}")
        time.sleep(0.2)


def used(tree: psutil.Process) -> float:
    """CPU seconds of a process and its children."""
    family = [tree, *tree.children(recursive=True)]
    return sum(sum(process.cpu_times()[:2]) for process in family)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]), int(float(sys.argv[2])))))
