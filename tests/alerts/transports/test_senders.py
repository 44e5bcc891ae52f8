"""Every sender: what it posts is what the receiver documents, whatever strangers wrote."""

import html
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts import transports
from alerts.transports.base import (
    Content,
    Link,
    Mention,
    Message,
    Misconfigured,
    Notice,
    Rejected,
)
from alerts.transports.http import HttpTransport
from alerts.transports.slackbot import SlackBot
from tests.alerts.sinks import Scripted, WebhookSink

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MENTIONS = "@everyone @here <!channel> <!here> <@U123> <users/all> @alice <at>x</at>"
HOSTILE = [
    MENTIONS,
    "[click](https://evil.example) <https://evil.example|bank> https://evil.example",
    "a\r\n*bold* `code` ~~x~~ ||spoiler|| > quote\n# head",
    "</b></a><a href='https://evil.example'>x</a> & &lt;",
    "\u202e\x00\x1b[31m" + "\\" * 300,
    "@" * 5_000,
    "x" * 100_000,
    "\N{GRINNING FACE}" * 5_000,
    '&<"\\' * 5_000,
    "",
]
OPTIONS: dict[str, dict[str, str]] = {
    "slack": {"url": "https://hooks.slack.com/services/T/B/x"},
    "slackbot": {"token": "xoxb-1234567890-abcdefghij", "channel": "C0123456789"},
    "discord": {"url": "https://discord.com/api/webhooks/1/x"},
    "teams": {"url": "https://prod-1.westeurope.logic.azure.com/workflows/x?sig=y"},
    "telegram": {
        "token": "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "chat": "-100123",
        "topic": "7",
    },
    "mattermost": {"url": "https://chat.example.com/hooks/x"},
    "googlechat": {"url": "https://chat.googleapis.com/v1/spaces/x/messages?key=k&token=t"},
    "ntfy": {"url": "https://ntfy.sh/shop", "token": "tk_x"},
    "pagerduty": {"routing_key": "R" * 32, "region": "eu"},
    "opsgenie": {"key": "12345678-1234-1234-1234-123456789012"},
    "webhook": {"url": "https://example.com/x", "secret": "sixteen letters!"},
}


def message(text: str = "ZeroDivisionError", kind: str = "open", **values: Any) -> Message:
    notice = Notice(
        title=text, url="https://errors.example.com/admin/tracker/issue/7/change/",
        short_id="SHOP-7", project=text or "Shop", level="error", trigger="first_seen",
        headline="New issue", culprit=text, why=text, release=text, environment=text, owner=text,
        events=3, users=2, first_seen=NOW, last_seen=NOW,
    )  # fmt: skip
    return Message("5eed-1-open-1", kind, 1, "5eed", 7, Content(notice, "A rule", "page"))


def payload(kind: str, text: str = "ZeroDivisionError", move: str = "open") -> Any:
    return payload_of(kind, message(text, move))


def payload_of(kind: str, told: Message) -> Any:
    sender = transports.get(kind)
    if isinstance(sender, SlackBot):
        return json.loads(json.dumps(sender.payload(told, "C0123456789")))
    assert isinstance(sender, HttpTransport)
    return json.loads(json.dumps(sender.payload(told, OPTIONS[kind])))


def folded(text: str) -> Message:
    """A message that stands for a dozen alerts."""
    told = message(text)
    also = tuple(Mention("New issue", f"SHOP-{n}", text, "https://e.example/") for n in range(10))
    notice = msgspec.structs.replace(told.content.notice, also=also, more=2)
    content = msgspec.structs.replace(told.content, notice=notice)
    return msgspec.structs.replace(told, content=content, actions=ACTIONS)


def size(body: Any) -> int:
    """Bytes of a payload as it is sent."""
    return len(json.dumps(body, ensure_ascii=False).encode())


def units(text: str) -> int:
    """Length as receivers count that keep UTF-16: two for an emoji."""
    return len(text.encode("utf-16-le")) // 2


def strings(value: Any) -> list[str]:
    """Every text of a payload."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for each in value.values() for text in strings(each)]
    if isinstance(value, list):
        return [text for each in value for text in strings(each)]
    return []


# --- Stand-ins: each knows the documented schema and limits of its service ------------------------


def slack(body: Any) -> None:
    assert body["text"]
    assert len(body["text"]) <= 4_000
    assert 1 <= len(body["blocks"]) <= 50
    assert (body["link_names"], body["unfurl_links"]) == (False, False)
    for block in body["blocks"]:
        match block["type"]:
            case "header":
                assert block["text"]["type"] == "plain_text"
                assert 1 <= len(block["text"]["text"]) <= 150
            case "section":
                texts = [block["text"]] if "text" in block else block["fields"]
                assert 1 <= len(texts) <= 10
                for text in texts:
                    assert text["type"] == "mrkdwn"
                    assert text["verbatim"] is True
                    assert 1 <= len(text["text"]) <= (3_000 if "text" in block else 2_000)
                    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", text["text"])
            case "actions":
                assert 1 <= len(block["elements"]) <= 25
                names = [element["action_id"] for element in block["elements"]]
                assert len(set(names)) == len(names)
                assert all(1 <= len(name) <= 255 for name in names)
                for element in block["elements"]:
                    assert (element["type"], element["text"]["type"]) == ("button", "plain_text")
                    assert 1 <= len(element["text"]["text"]) <= 75
                    assert 1 <= len(element["url"]) <= 3_000
            case other:
                raise AssertionError(other)
    assert not re.search(r"[<>]", body["text"])


def discord(body: Any) -> None:
    assert body["allowed_mentions"] == {"parse": []}
    [embed] = body["embeds"]
    assert 1 <= units(embed["title"]) <= 256
    assert units(embed["description"]) <= 4_096
    assert len(embed["fields"]) <= 25
    for field in embed["fields"]:
        assert 1 <= len(field["name"]) <= 256
        assert 1 <= units(field["value"]) <= 1_024
    assert sum(units(text) for text in strings(embed)) <= 6_000
    ours = re.sub(r"\[[\w ]+\]\(https://errors\.example\.com/alerts/act/\S+\)", "", str(embed))
    assert not re.search(r"(?<!\\)\]\(", ours)


def teams(body: Any) -> None:
    [attachment] = body["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert card["type"] == "AdaptiveCard"
    assert "msteams" not in card  # where mentions would be
    for block in card["body"]:
        assert block["type"] == "RichTextBlock"  # the only one without Markdown
        assert all(run["type"] == "TextRun" and run["text"] for run in block["inlines"])
    assert len(card["actions"]) <= 6
    assert size(body) <= 28 * 1024


def telegram(body: Any) -> None:
    assert body["parse_mode"] == "HTML"
    assert body["link_preview_options"] == {"is_disabled": True}
    assert isinstance(body["message_thread_id"], int)
    text = body["text"]
    tags = re.findall(r"<[^>]*>", text)
    assert set(tags) <= {"<b>", "</b>", "</a>", f'<a href="{message().content.notice.url}">'}
    shown = re.sub(r"<[^>]*>", "", text)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", shown)
    assert 1 <= units(html.unescape(shown)) <= 4_096  # counted after parsing
    for row in body.get("reply_markup", {}).get("inline_keyboard", []):
        assert all("." in str(urlsplit(button["url"]).hostname) for button in row)
    assert not re.search(r"@\w", shown)


def mattermost(body: Any) -> None:
    [attachment] = body["attachments"]
    assert re.fullmatch(r"#[0-9a-f]{6}", attachment["color"])
    assert len(json.dumps(body)) <= 16_383 * 4
    for text in strings({k: v for k, v in attachment.items() if k != "title_link"}):
        assert not re.search(r"@\w", text)
        assert not re.search(r"(?<!\\)\]\(", text)


def googlechat(body: Any) -> None:
    [card] = body["cardsV2"]
    assert card["cardId"]
    assert "text" not in body  # the only place where mentions work
    for widget in card["card"]["sections"][0]["widgets"]:
        for text in strings({k: v for k, v in widget.items() if k != "buttonList"}):
            assert not re.search(r"[<>]", text)
    assert size(body) <= 32_000
    assert body["thread"]["threadKey"] == "5eed"


def ntfy(body: Any) -> None:
    assert body["topic"] == "shop"
    assert len(body["message"].encode()) <= 4_096
    assert len(body.get("actions", [])) <= 3
    assert size(body) <= 2 * 4_096  # the server reads no more of it
    assert 1 <= body["priority"] <= 5
    assert "\n" not in body["title"]


def pagerduty(body: Any) -> None:
    assert len(body["routing_key"]) == 32
    assert body["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert 1 <= len(body["dedup_key"]) <= 255
    details = body["payload"]
    assert 1 <= len(details["summary"]) <= 1_024
    assert details["source"]
    assert details["severity"] in {"critical", "error", "warning", "info"}
    datetime.fromisoformat(details["timestamp"])
    assert len(json.dumps(body)) <= 512 * 1024


def opsgenie(body: Any) -> None:
    assert 1 <= len(body["message"]) <= 130
    assert len(body["alias"]) <= 512
    assert len(body["description"]) <= 15_000
    assert body["priority"] in {"P1", "P2", "P3", "P4", "P5"}
    assert len(body["source"]) <= 100
    assert len(body["entity"]) <= 512
    assert sum(len(key) + len(value) for key, value in body["details"].items()) <= 8_000


def webhook(body: Any) -> None:
    assert body["version"] == 1


STAND_INS: dict[str, Callable[[Any], None]] = {
    "slack": slack, "slackbot": slack, "discord": discord, "teams": teams, "telegram": telegram,
    "mattermost": mattermost, "googlechat": googlechat, "ntfy": ntfy, "pagerduty": pagerduty,
    "opsgenie": opsgenie, "webhook": webhook,
}  # fmt: skip


def test_every_sender_has_a_stand_in() -> None:
    # With the library Apprise installed there is one more; test_others.py has its stand-in.
    optional = {"others"} if find_spec("apprise") else set()
    assert set(transports.registry()) == {*STAND_INS, "email", "personal", *optional}
    assert dict(transports.addable()).keys() == {*STAND_INS, "email", *optional}
    assert set(OPTIONS) == set(STAND_INS)


@pytest.mark.parametrize("kind", STAND_INS)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_keeps_to_the_schema_and_calls_nobody(kind: str, text: str) -> None:
    STAND_INS[kind](payload(kind, text))


@pytest.mark.parametrize("kind", STAND_INS)
@pytest.mark.parametrize("text", HOSTILE)
def test_folded_messages_with_buttons_keep_to_the_schema(kind: str, text: str) -> None:
    told = folded(text)
    if kind == "mattermost":  # there buttons are links within the text
        told = msgspec.structs.replace(told, actions=())
    STAND_INS[kind](payload_of(kind, told))


@pytest.mark.parametrize(("host", "shown"), [("localhost:8000", False), ("10.0.0.7", True)])
def test_telegram_has_buttons_only_where_it_takes_their_address(host: str, shown: bool) -> None:
    links = (Link("Resolve", f"http://{host}/alerts/act/x/"),)
    body = payload_of("telegram", msgspec.structs.replace(message(), actions=links))
    assert ("reply_markup" in body) == shown


@pytest.mark.parametrize("kind", STAND_INS)
@hypothesis_settings(max_examples=50, deadline=None)
@given(text=st.text(max_size=400))
def test_any_text_keeps_to_the_schema(kind: str, text: str) -> None:
    STAND_INS[kind](payload(kind, text))


@pytest.mark.parametrize("kind", STAND_INS)
def test_configuration_is_checked(kind: str) -> None:
    sender = transports.get(kind)
    secret = {option.name for option in sender.options if option.secret}
    config = {k: v for k, v in OPTIONS[kind].items() if k not in secret}
    secrets = {k: v for k, v in OPTIONS[kind].items() if k in secret}
    assert sender.complete(config, secrets) == {}
    assert {option.name for option in sender.options} >= set(OPTIONS[kind])
    with pytest.raises(Misconfigured):
        sender.complete({**config, "url": "x", "region": "mars", "chat": "?"} if kind != "ntfy" else config,
                        dict.fromkeys(secrets, "https://x y"))  # fmt: skip


@pytest.mark.parametrize("kind", sorted(set(STAND_INS) - {"slackbot"}))
def test_it_reaches_a_receiver_and_hears_its_no(
    kind: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender = transports.get(kind)
    assert isinstance(sender, HttpTransport)
    with WebhookSink() as sink:
        settings.EMBERWATCH_OUTBOUND_ALLOW = ("127.0.0.1",)
        monkeypatch.setattr(sender, "url", lambda *_: sink.url)
        sink.answers = [Scripted(200), Scripted(429, {"Retry-After": "5"}), Scripted(403)]
        assert sender.send(message(), OPTIONS[kind], lambda _: None).status == "200"
        STAND_INS[kind](sink.calls[0].json)
        for permanent, wait in ((False, 5), (True, None)):
            with pytest.raises(Rejected) as caught:
                sender.send(message(), OPTIONS[kind], lambda _: None)
            assert (caught.value.permanent, caught.value.retry_after) == (permanent, wait)
            assert not any(secret in str(caught.value) for secret in OPTIONS[kind].values())
        assert sink.calls[0].headers["Idempotency-Key"] == message().key


def test_pagerduty_resolves_by_the_same_key() -> None:
    start, end = payload("pagerduty"), payload("pagerduty", move="close")
    assert (start["event_action"], end["event_action"]) == ("trigger", "resolve")
    assert start["dedup_key"] == end["dedup_key"] == "5eed"


def test_opsgenie_closes_by_alias() -> None:
    sender = transports.get("opsgenie")
    assert isinstance(sender, HttpTransport)
    assert payload("opsgenie")["alias"] == "5eed"
    address = sender.url(message(kind="close"), OPTIONS["opsgenie"])
    assert address == "https://api.opsgenie.com/v2/alerts/5eed/close?identifierType=alias"


def test_addresses() -> None:
    found = {}
    for kind in ("telegram", "ntfy", "pagerduty", "googlechat"):
        sender = transports.get(kind)
        assert isinstance(sender, HttpTransport)
        found[kind] = sender.url(message(), OPTIONS[kind])
    assert (
        found["telegram"]
        == f"https://api.telegram.org/bot{OPTIONS['telegram']['token']}/sendMessage"
    )
    assert found["ntfy"] == "https://ntfy.sh/"
    assert found["pagerduty"] == "https://events.eu.pagerduty.com/v2/enqueue"
    assert found["googlechat"].endswith(
        "&token=t&messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
    )


# --- Something to do ------------------------------------------------------------------------------

ACTIONS = tuple(
    Link(label, f"https://errors.example.com/alerts/act/{'t' * 80}-{n}:1abcde:{'s' * 43}/")
    for n, label in enumerate(("Acknowledge", "Assign to me", "Resolve", "Snooze"))
)


@pytest.mark.parametrize("kind", STAND_INS)
def test_what_can_be_done_is_offered_where_the_receiver_has_a_place_for_it(kind: str) -> None:
    sender = transports.get(kind)
    told = msgspec.structs.replace(message(), actions=ACTIONS)
    if isinstance(sender, SlackBot):
        body: Any = sender.payload(told, "C0123456789")
    else:
        assert isinstance(sender, HttpTransport)
        body = sender.payload(told, OPTIONS[kind])
    text = json.dumps(body)
    offered = ACTIONS[:3] if kind == "ntfy" else ACTIONS
    assert all(each.url in text and each.label in text for each in offered)
    if kind != "mattermost":  # there they are links within the text
        STAND_INS[kind](body)


@pytest.mark.parametrize(("kind", "verb"), [("ack", "acknowledge"), ("close", "resolve")])
def test_pagerduty_acknowledges_and_resolves(kind: str, verb: str) -> None:
    body = payload("pagerduty", move=kind)
    pagerduty(body)
    assert (body["event_action"], body["dedup_key"]) == (verb, "5eed")


def test_a_page_of_low_level_still_wakes() -> None:
    told = message()
    low = msgspec.structs.replace(told.content.notice, level="info")
    sender = transports.get("pagerduty")
    assert isinstance(sender, HttpTransport)
    for severity, wanted in (("page", "error"), ("notify", "info")):
        content = msgspec.structs.replace(told.content, notice=low, severity=severity)
        body = sender.payload(msgspec.structs.replace(told, content=content), OPTIONS["pagerduty"])
        assert body["payload"]["severity"] == wanted


def test_opsgenie_acknowledges_by_alias() -> None:
    sender = transports.get("opsgenie")
    assert isinstance(sender, HttpTransport)
    address = sender.url(message(kind="ack"), OPTIONS["opsgenie"])
    assert address == "https://api.opsgenie.com/v2/alerts/5eed/acknowledge?identifierType=alias"
    assert set(payload("opsgenie", move="ack")) == {"source", "note"}
