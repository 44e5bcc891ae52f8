"""create_channel."""

import json

import pytest
from django.core.management import CommandError, call_command

from alerts.models import Channel
from tracker.models import Project

pytestmark = pytest.mark.django_db


def test_a_webhook_is_made_with_a_secret(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "create_channel", "shop", "webhook", "--set", "url=https://example.com/x", "--json"
    )
    made = json.loads(capsys.readouterr().out)
    channel = Channel.objects.get(pk=made["id"])
    assert channel.config == {"url": "https://example.com/x"}
    assert channel.options()["secret"] == made["secret"]
    with pytest.raises(CommandError, match="already"):
        call_command("create_channel", "shop", "webhook", "--set", "url=https://example.com/x")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere", "email"], "no project nowhere"),
        (["shop", "webhook"], "Address: required"),
        (["shop", "webhook", "--set", "uri=x"], "give one of url, secret"),
        (["shop", "webhook", "--set", "url=ftp://x"], "https://"),
    ],
)
def test_what_is_wrong_is_said(project: Project, words: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        call_command("create_channel", *words)
