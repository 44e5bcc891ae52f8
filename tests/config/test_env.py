"""Every kind of knob: what it takes, and the sentence when it does not."""

import subprocess
import sys

import pytest

from config.env import BadSetting, Env
from tests.stack import ROOT


def env(**values: str) -> Env:
    return Env(values)


def test_unset_and_empty_mean_the_default():
    assert env().number("PORT", 8000, low=1, high=65535) == 8000
    assert env(PORT=" ").number("PORT", 8000, low=1, high=65535) == 8000
    assert env(X="").text("X", "default") == "default"
    assert env(X="").flag("X", default=True) is True


@pytest.mark.parametrize("value", ["0", "65536", "eighty", "8000.0", "8_0", "٨", "-1", "9" * 30])
def test_a_bad_number_is_named_with_what_is_allowed(value: str):
    with pytest.raises(BadSetting) as caught:
        env(PORT=value).number("PORT", 8000, low=1, high=65535)
    assert str(caught.value) == f"PORT is {value!r}: give a whole number from 1 to 65535."


def test_flags_take_the_usual_words_only():
    assert env(X="Yes").flag("X", default=False) is True
    assert env(X="off").flag("X", default=True) is False
    with pytest.raises(BadSetting, match="X is 'maybe': give true or false"):
        env(X="maybe").flag("X", default=False)


def test_a_choice_lists_what_is_allowed():
    with pytest.raises(BadSetting, match="LOG_LEVEL is 'LOUD': give one of INFO, DEBUG"):
        env(LOG_LEVEL="LOUD").choice("LOG_LEVEL", "INFO", ("INFO", "DEBUG"))


def test_control_characters_are_refused():
    with pytest.raises(BadSetting, match="MAIL_FROM holds a control character"):
        env(MAIL_FROM="a@b\r\nBcc: c@d").text("MAIL_FROM")


class TestOrigin:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ("https://Errors.Example.com/", "https://errors.example.com"),
            ("http://[::1]:8000", "http://[::1]:8000"),
            ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ],
    )
    def test_it_reads_addresses(self, value: str, text: str):
        assert str(env(U=value).origin("U", "")) == text

    @pytest.mark.parametrize(
        "value",
        [
            "errors.example.com",
            "ftp://x",
            "https://x/path",
            "https://",
            "http://x:port",
            "https://u:p@x",
            "http://x?y",
            "http://a b",
        ],
    )
    def test_it_refuses_everything_else(self, value: str):
        with pytest.raises(BadSetting, match=r"U is .*: give an address like https://"):
            env(U=value).origin("U", "")


class TestServers:
    def test_a_database_address(self):
        parts = env(D="postgresql://u:p%40ss@db.internal:6432/name?sslmode=require").database("D")
        assert parts is not None
        assert (parts["USER"], parts["PASSWORD"], parts["HOST"]) == ("u", "p@ss", "db.internal")
        assert (parts["PORT"], parts["NAME"]) == (6432, "name")
        assert parts["OPTIONS"] == {"sslmode": "require"}

    @pytest.mark.parametrize(
        "value", ["mysql://u:s3cret@h/n", "postgres://u:s3cret@h:x/n", "s3cret"]
    )
    def test_a_bad_one_is_not_repeated(self, value: str):
        with pytest.raises(
            BadSetting, match="DATABASE_URL cannot be read: give postgresql://"
        ) as caught:
            env(DATABASE_URL=value).database("DATABASE_URL")
        assert "s3cret" not in str(caught.value)

    def test_redis_addresses(self):
        assert env(R="rediss://:p@h:6380/1").redis("R") == "rediss://:p@h:6380/1"
        assert env().redis("R") == ""
        with pytest.raises(BadSetting, match="R cannot be read"):
            env(R="http://h").redis("R")

    def test_mail_addresses(self):
        parts = env(E="smtp+tls://u:p@mail.example.com:587").mail("E")
        assert (parts["EMAIL_HOST"], parts["EMAIL_PORT"]) == ("mail.example.com", 587)
        assert parts["EMAIL_USE_TLS"] is True
        with pytest.raises(BadSetting, match="E cannot be read"):
            env(E="imap://x").mail("E")


def test_networks_are_lists_of_addresses():
    networks = env(P="10.0.0.0/8, ::1").networks("P")
    assert [str(one) for one in networks] == ["10.0.0.0/8", "::1/128"]
    with pytest.raises(BadSetting, match=r"P holds .10\.0\.0\.1/8.: give addresses or networks"):
        env(P="10.0.0.1/8").networks("P")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("LOG_FORMAT", "xml", "LOG_FORMAT is 'xml': give one of auto, json, console."),
        ("EMBERWATCH_URL", "http://errors.example.com", "passwords would travel in the clear"),
        ("TRUSTED_PROXIES", "nginx", "TRUSTED_PROXIES holds 'nginx'"),
        ("SMTP_PORT", "smtp", "SMTP_PORT is 'smtp': give a whole number from 1 to 65535."),
        ("DATABASE_URL", "mysql://h/n", "DATABASE_URL cannot be read"),
    ],
)
def test_commands_refuse_a_bad_value_in_one_line(name: str, value: str, sentence: str):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", name: value},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_importing_settings_starts_and_writes_nothing(tmp_path):
    script = (
        "import sys; import config.settings as s\n"
        "print(s.SECRET_KEY == '', s.SECURE, 'django.db' in sys.modules, 'psycopg' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "EMBERWATCH_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.split() == ["True", "False", "False", "False"], done.stderr
    assert not (tmp_path / "data").exists()


def test_https_brings_secure_cookies_and_hsts(tmp_path):
    script = (
        "import config.settings as s\n"
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS > 1e7, s.ALLOWED_HOSTS)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "EMBERWATCH_URL": "https://errors.example.com"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.startswith("True True True "), done.stderr
    assert "'errors.example.com'" in done.stdout
