"""Style sheets and scripts from where they lie: no collecting step between a clone and a page.

Each has a second address that names its content, which browsers keep for good, and a copy packed
by gzip in the data folder, made by the first process that starts with it.
"""

import gzip
import hashlib
import tempfile
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from whitenoise.middleware import WhiteNoiseMiddleware

PACKED = {".css", ".js", ".svg", ".json", ".txt"}
"""Endings of what gzip makes smaller."""


@cache
def digest(path: str) -> str:
    """A word that changes with a file's content; files do not change while a process lives."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:12]


def named(url: str, path: str) -> str:
    """The address with the content in its name: `app.css` becomes `app.0123456789ab.css`."""
    place = PurePosixPath(url)
    return str(place.with_name(f"{place.stem}.{digest(path)}{place.suffix}"))


class NamedByContent(StaticFilesStorage):
    """Links of templates lead to the lasting address."""

    def url(self, name: str | None) -> str:
        """Of a file that a finder knows; as it is where none does."""
        return super().url(lasting(name) if name else name)


@cache
def lasting(name: str) -> str:
    """The name that a file is linked by; its own where no finder knows it."""
    path = finders.find(name)
    return named(name, str(path)) if path and PurePosixPath(str(path)).suffix else name


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise is untyped
    """Serves both addresses, packed to those who can unpack."""

    def add_file_to_dictionary(self, url: str, path: str, stat_cache: Any = None) -> None:
        """Under its own address and under the lasting one."""
        super().add_file_to_dictionary(url, path, stat_cache)
        if PurePosixPath(path).suffix:
            super().add_file_to_dictionary(named(url, path), path, stat_cache)

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Whether the address will never mean anything else."""
        return bool(PurePosixPath(path).suffix) and f".{digest(path)}." in url

    def get_static_file(self, path: str, url: str, stat_cache: Any = None) -> Any:
        """With the packed copy beside it, where that is smaller."""
        found = super().get_static_file(path, url, stat_cache)
        copy = packed(path)
        if copy:
            headers = [(k, v) for k, v in found.alternatives[-1][2] if k in _KEPT]
            stats = {name: Path(name).stat() for name in (path, copy)}
            found = type(found)(path, headers, encodings={"gzip": copy}, stat_cache=stats)
        return found


_KEPT = ("Content-Type", "Cache-Control", "Access-Control-Allow-Origin")


@cache
def packed(path: str) -> str:
    """Where a file's packed copy lies; "" where there is none."""
    source = Path(path)
    if source.suffix not in PACKED:
        return ""
    folder = Path(settings.EMBERWATCH_DATA) / "static"
    copy = folder / f"{digest(path)}{source.suffix}.gz"
    try:
        if copy.exists():
            return str(copy)
        body = source.read_bytes()
        small = gzip.compress(body, 9, mtime=0)
        if len(small) >= len(body):
            return ""
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
            file.write(small)
        Path(file.name).replace(copy)  # another process may have been as quick
    except OSError:  # a full or read-only disk: then unpacked
        return ""
    return str(copy)


class PackedPages(GZipMiddleware):
    """Pages travel packed. Downloads, streams and answers to SDKs do not pay for it.

    Django hides the length of what it packs, and masks the CSRF token anew in each page: what is
    secret in a page can't be guessed from how well it packs.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Pack HTML."""
        kind = response.headers.get("Content-Type", "")
        if response.streaming or not kind.startswith("text/html"):
            return response
        return super().process_response(request, response)
