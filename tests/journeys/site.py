"""A minified page as a deployment would build and serve it, and a browser that visits it."""

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.conftest import need

NODE = Path(__file__).resolve().parent / "node"


class Site:
    """Files of one front end: sources, and what esbuild made of them."""

    def __init__(self, folder: Path, node: str, script: str) -> None:
        self.folder = folder
        self.public = folder / "public"
        self.assets = self.public / "assets"
        self.assets.mkdir(parents=True)
        source = folder / "src"
        source.mkdir()
        shutil.copy(NODE / "cart.ts", source / "cart.ts")
        shutil.copy(NODE / script, source / "front.ts")
        shutil.copy(NODE / "rollpage.html", self.public / "index.html")
        esbuild = NODE / "node_modules" / "esbuild" / "bin" / "esbuild"
        done = subprocess.run(
            [node, str(esbuild), "src/front.ts", "--bundle", "--minify", "--sourcemap",
             "--target=es2020", f"--outfile={self.assets / 'front.js'}"],
            cwd=folder, env={**os.environ, "NODE_PATH": str(NODE / "node_modules")},
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def settings(self, **values: str | None) -> None:
        """What the page is told when it loads."""
        told = {key: value for key, value in values.items() if value is not None}
        (self.public / "settings.js").write_text(f"window.SETTINGS = {json.dumps(told)};")

    @contextmanager
    def served(self) -> Iterator[str]:
        """Its address, of another origin than the stack's; maps are not served."""
        handler = partial(Quiet, directory=str(self.public))
        with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()


class Quiet(SimpleHTTPRequestHandler):
    """Serves without a word; what is asked for once may be another file later."""

    def log_message(self, *_words: Any) -> None:
        pass

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        super().end_headers()


@contextmanager
def chromium(profile: Path) -> Iterator[Any]:
    """Headless Chromium."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = need("chromium", "chromium-browser", "google-chrome")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    options.add_argument(f"--user-data-dir={profile}")
    driver = webdriver.Chrome(options, webdriver.ChromeService(need("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def pay(browser: Any, address: str) -> None:
    """Open the page and press the button that fails."""
    browser.get(address)
    browser.find_element("id", "pay").click()


def mapped_crash(data: Mapping[str, Any], basket: str) -> dict[str, Any]:
    """The crash of an event whose stack must be as people wrote it."""
    [crash] = data["exception"]["values"][-1:]
    frames = crash["stacktrace"]["frames"]
    last = frames[-1]
    seen = json.dumps([data.get("errors"), data.get("debug_meta"), frames], indent=1)[-4000:]
    assert (last["filename"], last["lineno"]) == ("src/cart.ts", 16), seen
    names = [frame["function"] for frame in frames if frame.get("in_app")]
    assert names[-2:] == ["payForBasket", basket], seen
    assert last["context_line"].strip().startswith("throw new BasketError(`a basket"), seen
    assert any("if (!this.lines.length)" in line for line in last["pre_context"]), seen
    raw = crash["raw_stacktrace"]["frames"][-1]
    assert raw["filename"].endswith("assets/front.js") and raw["lineno"] < 60, raw
    found: dict[str, Any] = crash
    return found
