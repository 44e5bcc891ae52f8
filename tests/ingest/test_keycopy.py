"""Who may send is known for a day without database."""

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest
from django.db import OperationalError

from ingest import auth
from ingest.away import AWAY
from ingest.errors import InboxAway, MustWait
from ingest.keycopy import KeyCopy
from tests.factories.projects import make_project


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> KeyCopy:
    made = KeyCopy(lambda: tmp_path / "spool" / "keys.json")
    monkeypatch.setattr(auth, "COPY", made)
    return made


@pytest.mark.django_db
class TestCopy:
    @pytest.fixture
    def key(self, copy):
        key = make_project().keys.get()
        auth.copy_keys()
        return key

    def test_keys_and_tokens_are_known_without_database(self, key, monkeypatch):
        def away(texts: Sequence[str]) -> NoReturn:
            raise OperationalError

        monkeypatch.setattr(AWAY, "_watch", lambda: None)
        keys, tokens = (
            auth.KeyTable(away, auth._copied_key),
            auth.KeyTable(away, auth._copied_token),
        )
        assert keys.find(key.public_key).key_id == key.pk
        assert tokens.find(key.rollbar_post_client).scope == "post_client"
        # From here on nobody asks the database, nor a thread that may.
        assert AWAY.now
        assert keys.find(key.public_key, wait=False).key_id == key.pk
        with pytest.raises(InboxAway):
            keys.find("f" * 32, wait=False)
        AWAY.back()
        with pytest.raises(MustWait):
            keys.find(key.public_key, wait=False)

    def test_it_holds_no_key(self, key, copy):
        said = copy._where().read_text()
        assert key.rollbar_post_server not in said and key.rollbar_post_client not in said
        assert copy._where().stat().st_mode & 0o777 == 0o600

    def test_it_is_good_for_a_day(self, key, copy):
        late = KeyCopy(copy._where, lambda: copy._now() + 25 * 3600)
        assert copy.find(key.public_key) is not None
        assert late.find(key.public_key) is None

    def test_a_copy_that_can_t_be_read_is_none(self, key, copy):
        copy._where().write_text("{")
        assert copy.find(key.public_key) is None
