"""A person in the admin, without a browser."""

import http.cookiejar
import urllib.parse
import urllib.request
from typing import Any

from tests.stack import Stack


class Admin:
    """Somebody who is signed in."""

    def __init__(self, stack: Stack) -> None:
        self.url = stack.url
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
        self.page("/admin/login/")
        token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
        form = {
            "username": "admin",
            "password": stack.admin_password,
            "csrfmiddlewaretoken": token,
            "next": "/admin/",
        }
        self.page("/admin/login/", urllib.parse.urlencode(form).encode())

    def page(self, path: str, form: bytes | None = None) -> str:
        """The text of a page."""
        request = urllib.request.Request(self.url + path, form, {"Referer": self.url + path})
        with self._opener.open(request, timeout=20) as answer:
            return str(answer.read().decode())

    def open(self, path: str, seconds: float) -> Any:
        """The answer itself. Raises HTTPError when it is not a 2xx, TimeoutError after that long."""
        return self._opener.open(self.url + path, timeout=seconds)
