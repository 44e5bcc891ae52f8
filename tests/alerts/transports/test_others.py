"""The sender by the library Apprise, which is optional: a small stand-in takes its place here."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import requests

from alerts import transports
from alerts.transports.base import Misconfigured, Unreachable
from alerts.transports.others import LONGEST, SCHEMES, Others
from tests.alerts.sinks import WebhookSink
from tests.alerts.transports.test_senders import message

ADDRESS = {"url": "pover://user@token"}


class Service:
    """What the library makes of an address it knows."""

    def __init__(self, taken: bool | Exception) -> None:
        self.taken = taken
        self.said: list[dict[str, Any]] = []

    def notify(self, **said: Any) -> bool:
        self.said.append(said)
        if isinstance(self.taken, Exception):
            raise self.taken
        return self.taken


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service(True)
    library = ModuleType("apprise")
    vars(library).update(
        NotifyBase=Service,
        AppriseAsset=lambda async_mode: None,
        Apprise=SimpleNamespace(
            instantiate=lambda address, asset: made if address == ADDRESS["url"] else None
        ),
    )
    monkeypatch.setitem(sys.modules, "apprise", library)
    return made


def test_it_is_plain_text_of_bounded_length_with_a_link(service: Service) -> None:
    hostile = "@everyone <!channel> <b>x</b>\r\n" * 200
    answer = Others().send(message(hostile), ADDRESS, lambda _: None)
    assert answer.status == "taken"
    [said] = service.said
    assert said["body_format"] == "text"
    assert len(said["body"]) <= LONGEST and len(said["title"]) <= 200
    assert "\n" not in said["title"]
    assert said["body"].endswith("https://errors.example.com/admin/tracker/issue/7/change/")


def test_what_fails_is_tried_again(service: Service) -> None:
    for service.taken in (False, RuntimeError("boom with a secret")):
        with pytest.raises(Unreachable) as caught:
            Others().send(message(), ADDRESS, lambda _: None)
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "address", ["json://10.0.0.1/", "file:///etc/passwd", "mailto://x", "pover", "", "pover://odd"]
)
def test_only_services_at_their_own_hosts(service: Service, address: str) -> None:
    with pytest.raises(Misconfigured):
        Others().complete({}, {"url": address})
    assert Others().complete({}, ADDRESS) == {}


def test_without_the_library_there_is_no_such_kind() -> None:
    assert ("others" in transports.registry()) == (
        "transport" in vars(sys.modules[Others.__module__])
    )
    assert not SCHEMES & {"json", "xml", "form", "http", "https", "mailto", "syslog"}


def test_the_librarys_connections_pass_the_guard(
    service: Service, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    with WebhookSink() as sink:

        def post(**said: Any) -> bool:
            return bool(requests.post(sink.url, data=said["body"].encode(), timeout=5).ok)

        monkeypatch.setattr(service, "notify", post)
        with pytest.raises(Unreachable, match="Refused"):
            Others().send(message(), ADDRESS, lambda _: None)
        assert sink.calls == []
        settings.EMBERWATCH_OUTBOUND_ALLOW = ["127.0.0.1"]
        Others().send(message(), ADDRESS, lambda _: None)
        settings.EMBERWATCH_OUTBOUND_ALLOW = []
        post(body="what is not the library's is left alone")
        assert len(sink.calls) == 2
