"""Opens a bundled page in headless Chromium, under record.py: `visit.py BUNDLE.js`.

The page is served from another port than the sink's, so the browser asks it for CORS.
"""

import functools
import http.server
import os
import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path

from selenium import webdriver

PAGE = """<!doctype html><title>Shop</title>
<script>window.DSN = "{dsn}"; window.ENDPOINT = "{endpoint}";</script>
<script src="app.js"></script>"""


def main() -> None:
    """Serve the page, open it, wait until it has sent."""
    folder = Path(tempfile.mkdtemp())
    shutil.copy(sys.argv[1], folder / "app.js")
    (folder / "index.html").write_text(
        PAGE.format(dsn=os.environ["SENTRY_DSN"], endpoint=os.environ["ROLLBAR_ENDPOINT"])
    )
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(word)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    driver.get(f"http://127.0.0.1:{server.server_port}/")
    time.sleep(3)
    for line in driver.get_log("browser"):
        print(line["message"])
    driver.quit()
    server.shutdown()


if __name__ == "__main__":
    main()
