"""A Node service with @sentry/node dies; a page with @sentry/browser fails in a real browser."""

import fcntl
import json
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import lack, need
from tests.journeys.window import Project, Window, run
from tests.journeys.wiretap import Wiretap
from tests.stack import Stack

pytestmark = [pytest.mark.journey, pytest.mark.timeout(180)]
NODE = Path(__file__).resolve().parent / "node"


@pytest.fixture(scope="session")
def node() -> str:
    """The program, with the locked packages installed."""
    program, npm = need("node"), need("npm")
    lock, stamp = NODE / "package-lock.json", NODE / "node_modules" / ".installed"
    with lock.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not stamp.exists() or stamp.read_bytes() != lock.read_bytes():
            words = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
            done = subprocess.run(
                [npm, *words], cwd=NODE, capture_output=True, text=True, check=False, timeout=150
            )
            if done.returncode:
                lack(f"the npm packages cannot be installed: {done.stderr[-300:]}")
            stamp.write_bytes(lock.read_bytes())
    return program


def by_type(window: Window, project: Project) -> dict[str, dict[str, Any]]:
    """Events by the type of their outermost exception."""
    return {
        event["data"]["exception"]["values"][-1]["type"]: event for event in window.events(project)
    }


def test_a_service_dies(node: str, project: Project, window: Window, stack: Stack):
    with Wiretap(stack.port) as tap:
        dsn = project.dsn.replace(f":{stack.port}/", f":{tap.port}/")
        run([node, "crash.js"], dsn, expect=1, cwd=NODE)
        window.wait_for_events(project, 2)
        sent = tap.requests()
    assert any(
        one.get("transfer-encoding") == "chunked" and one.get("content-encoding") == "gzip"
        for one in sent
    ), "the large event was meant to go packed and in chunks"
    events = by_type(window, project)
    assert set(events) == {"RangeError", "TemplateMissing"}
    event = events["TemplateMissing"]
    data = event["data"]
    assert (event["release"], event["environment"]) == ("mailer@0.9.2", "production")
    assert (data["platform"], data["level"]) == ("node", "fatal")
    cause, crash = data["exception"]["values"]
    assert (cause["type"], crash["value"]) == ("TypeError", "no template called goodbye")
    assert crash["mechanism"]["handled"] is False
    frame = crash["stacktrace"]["frames"][-1]
    assert frame["function"] == "loadTemplate"
    assert frame["in_app"] is True
    assert "throw new TemplateMissing(name" in frame["context_line"]
    assert data["user"]["email"] == "margaret@example.com"
    assert data["breadcrumbs"]["values"][0]["message"] == "3 mails wait"
    assert dict(data["tags"]) == {"queue": "outgoing"}
    assert len(window.issues(project)) == 2


class Quiet(SimpleHTTPRequestHandler):
    """Serves the page from another origin than the stack's."""

    def log_message(self, *_words: Any) -> None:
        pass


@pytest.fixture
def page(node: str, project: Project, tmp_path: Path) -> Iterator[str]:
    """Address of the page with its bundle, as a deployment would build it."""
    bundle = [node, "node_modules/esbuild/bin/esbuild", "page.js", "--bundle", "--minify"]
    built = subprocess.run(
        [*bundle, f"--outfile={tmp_path / 'bundle.js'}", "--keep-names"],
        cwd=NODE, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr
    (tmp_path / "index.html").write_text((NODE / "page.html").read_text())
    (tmp_path / "dsn.js").write_text(f"window.SENTRY_DSN = {json.dumps(project.dsn)};")
    handler = partial(Quiet, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Any]:
    """Headless Chromium."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = need("chromium", "chromium-browser", "google-chrome")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.add_argument(f"--user-data-dir={tmp_path / 'profile'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(need("chromedriver")))
    yield driver
    driver.quit()


def test_a_page_fails_in_a_browser(browser: Any, page: str, project: Project, window: Window):
    browser.get(page)
    browser.find_element("id", "pay").click()
    browser.find_element("id", "load").click()
    assert browser.execute_async_script("window.sent().then(arguments[0])") is True
    refused = [line["message"] for line in browser.get_log("browser") if "CORS" in line["message"]]
    assert refused == []
    window.wait_for_events(project, 2)
    events = by_type(window, project)
    assert set(events) == {"BasketError", "TypeError"}
    event = events["BasketError"]
    data = event["data"]
    assert (event["release"], event["environment"]) == ("front@5.0.1", "production")
    [crash] = data["exception"]["values"]
    assert crash["value"] == "a basket without lines"
    assert crash["mechanism"]["handled"] is False
    frame = crash["stacktrace"]["frames"][-1]
    assert (frame["function"], frame["filename"]) == ("totalOf", f"{page}bundle.js")
    assert frame["colno"] > 0
    assert data["request"]["url"] == page
    assert "HeadlessChrome" in data["request"]["headers"]["User-Agent"]
    assert "browser" in data["contexts"]
    assert {"paying soon"} <= {crumb.get("message") for crumb in data["breadcrumbs"]["values"]}
    assert any(crumb.get("category") == "ui.click" for crumb in data["breadcrumbs"]["values"])
    assert data["user"]["username"] == "radia"
    assert "ip_address" not in data["user"] or data["user"]["ip_address"].endswith(".0")
    assert dict(data["tags"])["theme"] == "dark"
    assert (
        events["TypeError"]["data"]["exception"]["values"][0]["value"]
        == "stock could not be loaded"
    )
    assert len(window.issues(project)) == 2
