"""Secrets at rest."""

from typing import Any

import pytest
from django.core.management import call_command

from alerts import vault
from alerts.models import Channel


def test_sealed_and_opened_again(settings: Any) -> None:
    sealed = vault.seal({"secret": "hush"})
    assert "hush" not in sealed
    assert vault.unseal(sealed) == {"secret": "hush"}
    assert vault.seal({}) == ""
    assert vault.unseal("") == {}


def test_a_changed_key_opens_with_its_fallback_only(settings: Any) -> None:
    sealed = vault.seal({"secret": "hush"})
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    assert vault.unseal(sealed) == {"secret": "hush"}
    fresh = vault.rotate(sealed)
    settings.SECRET_KEY_FALLBACKS = []
    assert vault.unseal(fresh) == {"secret": "hush"}
    with pytest.raises(vault.VaultError):
        vault.unseal(sealed)


@pytest.mark.django_db
def test_rotate_secrets(
    webhook: Channel, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = webhook.options()["secret"]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another key"
    call_command("rotate_secrets")
    settings.SECRET_KEY_FALLBACKS = []
    webhook.refresh_from_db()
    assert webhook.options()["secret"] == secret
    assert capsys.readouterr().out == "Rotated: 1.\n"
