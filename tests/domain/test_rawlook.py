"""One look at a raw body may never miss what the walk would have hidden, by either way of looking."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.test_scrub import SECRETS
from tracker.domain import rawlook
from tracker.domain.rawlook import escapes, look, may_hold_secrets
from tracker.domain.scrub import key_words, says, scrub_said, scrub_text, scrub_told

KEYS = key_words()
NAMES = ["password", "apiKey", "db_password", "api.key", "creditCard", "Set-Cookie", "PHPSESSID",
         "to\u212aen", "user name", "secret\u00e9", "private key", "authTokens"]  # fmt: skip


@pytest.fixture(params=["hyperscan", "library"], autouse=True)
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test by either way."""
    if request.param == "library":
        monkeypatch.setattr(rawlook, "_hyperscan", None)
    else:
        assert rawlook._hyperscan is not None, "hyperscan has wheels for every machine of ours"
    return str(request.param)


def written(text: str) -> list[bytes]:
    """A text as clients write it in JSON."""
    plain = json.dumps({"a": text}, ensure_ascii=False).encode("utf-8", "surrogatepass")
    ascii_only = json.dumps({"a": text}).encode()
    # Gson escapes these, PHP can be told to.
    guarded = ascii_only.replace(b"'", b"\\u0027").replace(b"=", b"\\u003d")
    return [plain, ascii_only, guarded, plain.replace(b"/", b"\\/")]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_raw_look_sees_every_secret(secret, ascii_only):
    body = json.dumps({"a": f"card\n{secret}\u00e9\t{secret} x"}, ensure_ascii=ascii_only)
    assert may_hold_secrets(body.encode()) and look(body.encode()).deep
    for text in (
        secret,
        "x" * 500 + " " + secret,
        secret + " " + "9 " * 200,
        "J@V" * 200 + " " + secret,
    ):
        raw = json.dumps({"a": text}, ensure_ascii=ascii_only).encode()
        for each in (raw, raw.replace(b"/", b"\\/")):
            assert may_hold_secrets(each) and look(each).deep


@given(
    st.lists(
        st.one_of(st.sampled_from([*SECRETS, "@", "J", "V", "://", " "]), st.text(max_size=20))
    )
)
def test_what_the_raw_look_lets_pass_needs_no_scrubbing(parts):
    text = "".join(parts)
    body = json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")
    if not may_hold_secrets(body) and not escapes(body)[1]:
        assert scrub_text(text) == text
    if not look(body).deep:
        assert scrub_text(text) == text


def test_escapes_that_could_hide_a_secret_are_seen():
    assert escapes(rb'"\u0000"') == (True, False)
    assert escapes(rb'"\u0065yJ"') == (False, True)
    assert escapes(rb'"\u00e9"') == (False, False)
    assert escapes(b'"plain"') == (False, False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "form",
    ["{{'{0}': 'x'}}", '{{"{0}": "x"}}', "User({0}='x')", 'User({0}="x", b=1)', "{0}=b'x'",
     "{{'a': 1, '{0}'  :  'x'}}", "[{{\\\"{0}\\\": \\\"x\\\"}}]"],
)  # fmt: skip
def test_names_and_values_in_texts_are_seen(name: str, form: str) -> None:
    text = form.format(name)
    if scrub_told(text, KEYS) == text:
        return  # not a name that this form can hold
    for body in written(text):
        seen = look(body)
        assert seen.told or seen.deep, body


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", ["{0}=x", "a {0}: x1", "{0} : x1", "&{0}=%20", "(x.{0}=1)"])
def test_names_and_values_in_sentences_are_seen(name: str, form: str) -> None:
    text = form.format(name)
    if scrub_said(text, KEYS) == text:
        return  # not a name that this form can hold
    assert says(text, KEYS)
    for body in written(text):
        seen = look(body)
        assert seen.said or seen.told or seen.deep, body


PIECES: Any = st.one_of(
    st.sampled_from(
        [
            *NAMES,
            "hunter2",
            "Cookie: a=b",
            "Authorization: Basic ",
            "'",
            '"',
            ":",
            "=",
            "':",
            '":',
            "='",
            "=b'",
            ", ",
            "{",
            "\\",
            "\n",
        ]
    ),
    st.text(max_size=6),
)


@given(st.lists(PIECES, max_size=14))
def test_what_is_not_seen_needs_no_hiding(parts: list[str]) -> None:
    text = "".join(parts)
    for body in written(text):
        seen = look(body)
        if not seen.told and not seen.deep:
            assert scrub_told(text, KEYS) == text
            assert seen.said or scrub_said(text, KEYS) == text
        assert says(text, KEYS) or scrub_said(text, KEYS) == text


def test_the_quick_way_says_no_to_what_is_usual(way: str) -> None:
    body = json.dumps({
        "request": {"cookies": {"sessionid": "1"}, "headers": {"Authorization": "x"}},
        "vars": {"self": "<Cart object at 0x7f3a>", "key": "'a': 1", "csrf_token": "z"},
        "timestamp": "2026-11-22T17:26:47.123456Z", "id": 1732296407123,
    }).encode()  # fmt: skip
    seen = look(body)
    assert not seen.nul and not seen.deep
    assert seen.told == seen.said == (way == "library")


def test_nul_is_seen() -> None:
    assert look(b'{"a":"\\u0000"}').nul
    assert not look(b'{"a":"\\u00e9"}').nul


@pytest.mark.parametrize("text", ["iban=1", "{'IBAN': 'x'}", "my-iban: x1", "Gr\u00fc\u00dfe='x'"])
def test_a_projects_own_words_are_seen(text: str) -> None:
    words = frozenset({"iban", "gr\u00fc\u00dfe"})
    for body in written(text):
        seen = look(body, words)
        assert (seen.told and seen.said) or seen.deep
        seen = look(body, frozenset({"iban"}))
        assert (seen.told and seen.said) or seen.deep or "iban" not in text.lower()


def test_words_that_are_not_there_cost_nothing(way: str) -> None:
    seen = look(b'{"message": "plain"}', frozenset({"iban", "pin_code"}))
    assert seen.told == seen.said == (way == "library")
