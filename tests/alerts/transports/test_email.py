"""Mails as a mail program reads them, with text that strangers wrote."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts.transports import email
from alerts.transports.base import Content, Message, Notice

HOSTILE = [
    "a\r\nBcc: everybody@example.com\r\n\r\nbody",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "{{ 7|add:7 }} {% debug %}",
    "\u202egnp.exe \x1b[31m \x00 \ufeff",
    "=?utf-8?q?=0D=0ABcc:_x@example.com?=",
    "x" * 100_000,
    "@everyone <!channel> <@U123> [a](javascript:alert(1))",
]


def message(title: str = "ZeroDivisionError", **values: Any) -> Message:
    notice = Notice(
        title=title, url="https://errors.example.com/admin/tracker/issue/7/change/",
        short_id="SHOP-7", project="Shop", level="error", trigger="first_seen",
        headline="New issue", culprit=title, why=title, release=title, environment=title,
        owner=title, events=3, users=2,
    )  # fmt: skip
    content = Content(notice, rule="New or regressed", recipients=("alice@example.com",))
    base = Message("key-1", "open", 1, "5eed", 7, content)
    return msgspec.structs.replace(base, **values)


def parsed(mail: Any) -> Any:
    return mail.message()


@pytest.mark.parametrize("title", HOSTILE)
def test_hostile_text_stays_text(title: str) -> None:
    mail = parsed(email.compose(message(title), "alice@example.com"))
    assert mail["To"] == "alice@example.com"
    assert mail["Bcc"] is None
    assert mail["Cc"] is None
    raw = mail.as_bytes()
    head = raw.partition(b"\n\n")[0]
    assert b"\nBcc" not in head
    assert len(raw) < 60_000
    text, html = email.texts(message(title))
    assert "<script" not in html
    assert "onerror=alert" not in html or "&lt;img" in html
    assert "14" not in text.splitlines()[1] or "{{" in text
    assert not any(char in text for char in "\x00\x1b\u202e\r")
    assert "\n" not in email.subject(message(title))
    assert len(email.subject(message(title))) <= 160


@hypothesis_settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_makes_a_mail_with_the_same_headers(title: str) -> None:
    mail = parsed(email.compose(message(title), "alice@example.com"))
    assert sorted(mail.keys()) == sorted(
        parsed(email.compose(message(), "alice@example.com")).keys()
    )
    mail.as_bytes()


def test_mails_of_an_issue_make_a_thread() -> None:
    first = email.headers(message())
    second = email.headers(message(key="key-2", kind="close", seq=2))
    assert first["Message-ID"] != second["Message-ID"]
    assert first["References"] == second["References"]
    assert first["Auto-Submitted"] == "auto-generated"


def test_every_attempt_has_the_same_id() -> None:
    assert email.headers(message()) == email.headers(message())


def test_the_link_and_the_facts_are_there() -> None:
    text, html = email.texts(message())
    for part in (text, html):
        assert "https://errors.example.com/admin/tracker/issue/7/change/" in part
        assert "SHOP-7" in part
        assert "New or regressed" in part
    assert "Events: 3" in text
