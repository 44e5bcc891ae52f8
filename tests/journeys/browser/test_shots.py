"""Pictures of every page in three looks; none complains, runs out of a phone's window or is heavy.

With SHOTS=FOLDER they stay there, to be looked at.
"""

import os
from pathlib import Path

import pytest

from tests.journeys.browser.browser import Browser
from tests.journeys.browser.shots import FIXED, walk

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]
PAGE_BYTES = 150_000


def test_every_page_in_every_look(browser: Browser, issues: list[int], tmp_path: Path):
    folder = Path(os.environ.get("SHOTS") or tmp_path)
    wide: dict[str, int] = {}
    heavy: dict[str, int] = {}

    def seen(name: str) -> None:
        if (more := browser.wide()) > 0:
            wide[name] = more
        weight = browser.weight()
        assert weight > 5_000, name
        if weight > PAGE_BYTES:
            heavy[name] = weight

    names = walk(browser, folder, seen=seen)
    assert wide == {} and heavy == {}
    assert set(FIXED) <= set(names) and {"detail", "event", "project", "setup"} <= set(names)
    for name in names:
        sizes = [
            (folder / f"{name}-{look}.png").stat().st_size for look in ("light", "dark", "phone")
        ]
        assert min(sizes) > 4_000, name
    # A page that is not there is what one of the pictures shows.
    browser.complaints[:] = [text for text in browser.complaints if "999999999" not in text]
