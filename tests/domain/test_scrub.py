"""What is a secret, what only looks like one, and what the raw look may never miss."""

import time
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.domain.rawlook import may_hold_secrets
from tracker.domain.scrub import (
    FILTERED,
    KeyWords,
    cut_ip,
    holds_pairs,
    is_card_number,
    key_words,
    luhn,
    says,
    scrub_pairs,
    scrub_query,
    scrub_said,
    scrub_text,
    scrub_told,
    split_words,
)

KEYS = key_words()


@pytest.mark.parametrize(
    "key",
    """password Password userPassword PASSWORD db_password new-password passwd secret
    client_secret clientSecret SECRET_KEY api_key apiKey X-Api-Key apikey auth Authorization
    Proxy-Authorization credentials token accessToken csrf_token csrfmiddlewaretoken XSRF-TOKEN
    session sessionid SessionId cookie Set-Cookie cookies private_key privateKey jwt JWTValue
    bearer ssn card cardNumber creditCard cvv HTTP_COOKIE access_key passwords tokens
    dbpassword mySecret2 userSSN""".split(),
)
def test_sensitive_keys(key):
    assert KEYS.sensitive(key) and KEYS.sensitive(key)


@pytest.mark.parametrize(
    "key",
    """author authors authored discard discards cardinal postcard_count tokenizer secretary monkey
    key keyword keys user name passenger compass sku assessment obsession lineno api privateer
    access bearing authenticity 1 _ größe 鍵""".split(),
)
def test_harmless_keys(key):
    assert not KEYS.sensitive(key) and not KEYS.sensitive(key)


def test_words_split_at_non_letters_and_camel_case():
    assert split_words("userAPIKey_2nd-Value") == ["user", "api", "key", "nd", "value"]
    assert split_words("HTTPSession") == ["http", "session"]


def test_a_project_has_words_of_its_own():
    own = key_words(frozenset({"iban", "geburtsdatum"}))
    assert own.sensitive("customerIban") and own.sensitive("password")
    assert not KEYS.sensitive("customerIban")


def test_memory_of_keys_is_bounded():
    keys = KeyWords()
    for number in range(50_000):
        keys.sensitive(f"k{number}")
    assert len(keys.clean) <= 20_000


SECRETS = [
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111111111111111",
    "378282246310005",
    "3782 822463 10005",
    "5555555555554444",
    "Bearer abcdefgh12345678",
    "bearer abcdefgh12345678",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
    "postgres://app:s3cr3t@db.internal/shop",
    "https://user:pass@example.com/x",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEow",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_by_shape_go_and_the_words_around_stay(secret):
    text = f"before {secret} after"
    scrubbed = scrub_text(text)
    assert scrubbed.startswith("before ") and FILTERED in scrubbed
    assert secret not in scrubbed
    assert scrub_text(scrubbed) == scrubbed


@pytest.mark.parametrize(
    "text",
    [
        "4111 1111 1111 1112",
        "1732296407123",
        "order 1234567890123456",
        "2026-11-22T17:26:47.123456Z",
        "a4111111111111111",
        "4111111111111111b",
        "128b2f330c5c7fd0a6a3a4506513270e",
        "00000000-0000-0000-0000-000000000000",
        "the bearer of news",
        "eyJ is how they start",
        "mail alice@example.com: hello",
        "https://example.com/a@b",
        "-----BEGIN CERTIFICATE-----\nMIIB",
        "0.4111111111111111",
    ],
)
def test_what_only_looks_like_a_secret_stays(text):
    assert scrub_text(text) == text


def test_card_numbers_written_as_numbers():
    assert is_card_number(4111111111111111)
    assert not is_card_number(4111111111111112)
    assert not is_card_number(12)
    assert luhn("4111111111111111") and not luhn("4111111111111112")


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0"),
        ("2001:db8:1234:5678::1", "2001:db8:1234::"),
        ("::ffff:203.0.113.77", "203.0.113.0"),
        (" 10.1.2.3 ", "10.1.2.0"),
        ("nonsense", ""),
        ("", ""),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_addresses_are_cut_to_networks(address, network):
    assert cut_ip(address) == network


@given(st.one_of(st.ip_addresses().map(str), st.from_regex(r"[0-9.: ]{6,16}", fullmatch=True)))
def test_a_cut_address_is_the_network_that_the_library_says(text: str) -> None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        assert cut_ip(text) == ""
        return
    if address.version == 6:
        address = address.ipv4_mapped or address
    bits = 24 if address.version == 4 else 48
    assert cut_ip(text) == str(ip_network(f"{address}/{bits}", strict=False).network_address)


def test_queries_lose_the_values_of_sensitive_names():
    hidden = scrub_query("a=1&token=abc&userPassword=x;y=2", KEYS)
    assert hidden == f"a=1&token={FILTERED}&userPassword={FILTERED};y=2"
    url = scrub_query("https://example.com/a?session=1#top", KEYS)
    assert url == f"https://example.com/a?session={FILTERED}#top"


@pytest.mark.parametrize(
    "text",
    ["://" * 50_000, "eyJ" * 50_000, "a:b@" * 50_000, "4111 " * 50_000, "bearer " * 50_000,
     "-----BEGIN PRIVATE KEY-----" * 9_000, "1" * 200_000, "://a:" + "b" * 200_000],
)  # fmt: skip
def test_scrubbing_takes_linear_time(text):
    start = time.perf_counter()
    scrub_text(text)
    may_hold_secrets(text.encode())
    scrub_query(text, KEYS)
    scrub_pairs(text, KEYS)
    scrub_pairs('"a":' * 20_000 + text.replace(" ", '"'), KEYS)
    assert time.perf_counter() - start < 2


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("{'password': 'hunter2', 'a': 1}", "{'password': '[Filtered]', 'a': 1}"),
        ("{'password': 'hunt", "{'password': '[Filtered]'"),
        ("[{'api_key': 77, 'b': 'x'}]", "[{'api_key': '[Filtered]', 'b': 'x'}]"),
        ("<User(name='bob', db_password='hun\\'ter2')>", "<User(name='bob', db_password='[Filtered]')>"),
        ("Login(token=b'abc', at=3)", "Login(token=b'[Filtered]', at=3)"),
        ('Login(secret="abc")', 'Login(secret="[Filtered]")'),
        ('{"author":"x","card_number":"4"}', '{"author":"x","card_number":"[Filtered]"}'),
    ],
)  # fmt: skip
def test_what_a_program_says_of_an_object(told, kept):
    assert holds_pairs(told)
    assert scrub_told(told, KEYS) == kept


@pytest.mark.parametrize(
    "told",
    [
        "{'author': 'x', 'discard': 'y'}", "Order(number='7')", "a == 'password'",
        "<function create at 0x7fcb60f0fa60>", "'password'",
    ],
)  # fmt: skip
def test_what_says_no_secret_stays(told):
    assert scrub_told(told, KEYS) == told


def test_no_text_takes_long():
    for piece in ("a='", "='", "'a': '", "\\'", "token=b'", "{'password': {"):
        began = time.perf_counter()
        scrub_told(piece * 20_000, KEYS)
        assert time.perf_counter() - began < 2


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("login failed: password=hunter2 for bob", "login failed: password=[Filtered] for bob"),
        ("GET /x?api_key=zzz&b=1 failed", "GET /x?api_key=[Filtered]&b=1 failed"),
        ("DSN host=db password=s3cr3t; user=a", "DSN host=db password=[Filtered]; user=a"),
        ("connect(password=p, timeout=3)", "connect(password=[Filtered], timeout=3)"),
        ("{'password': 'x'} and User(token='y')", "{'password': '[Filtered]'} and User(token='[Filtered]')"),
        ('{"secret": "x", "n": 1}', '{"secret": "[Filtered]", "n": 1}'),
        ("password: hunter2", "password: [Filtered]"),
        ("X-Api-Key: abcd-1 was refused", "X-Api-Key: [Filtered] was refused"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [Filtered]"),
        ("Cookie: sessionid=abc; theme=dark", "Cookie: [Filtered]"),
        ("sessionid=abc1; csrftoken=zzz", "sessionid=[Filtered]; csrftoken=[Filtered]"),
        # Sentences that only speak of such things stay as they are.
        ("Invalid password: must have 8 characters", "Invalid password: must have 8 characters"),
        ("Unexpected token: 'x' at 3", "Unexpected token: 'x' at 3"),
        ("SyntaxError: Unexpected token = in JSON", "SyntaxError: Unexpected token = in JSON"),
        ("auth: no such user-7", "auth: no such user-7"),
        ("session: expired-at 10:00", "session: expired-at 10:00"),
        ("if token == other:", "if token == other:"),
        ("secret://vault/x is missing", "secret://vault/x is missing"),
        ("author=bob discard=1 keyboard: qwerty1", "author=bob discard=1 keyboard: qwerty1"),
        ("no names at all", "no names at all"),
    ],
)  # fmt: skip
def test_sentences_lose_the_values_of_sensitive_names(said: str, kept: str) -> None:
    keys = key_words()
    assert scrub_said(said, keys) == kept
    assert says(said, keys) or said == kept


def test_a_projects_own_words_count_in_sentences() -> None:
    keys = key_words(frozenset({"pin_code", "iban"}))
    assert scrub_said("iban=DE1 ok", keys) == "iban=[Filtered] ok"
    assert says("iban=DE1", keys)


def test_long_sentences_take_no_long_time() -> None:
    keys = key_words()
    for text in ("password:" * 100_000, "a=" * 400_000, "x" * 900_000 + "=", "cookie: a=" * 90_000):
        began = time.process_time()
        scrub_said(text, keys)
        assert time.process_time() - began < 5
