"""JSON as clients write it."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.adapters import jsontext


@pytest.mark.parametrize(
    ("text", "value", "repaired"),
    [
        (b'{"a":1}', {"a": 1}, ()),
        (b'{"a":NaN,"b":-Infinity}', {"a": None, "b": None}, ("not_a_number",)),
        (b'{"a":1e400}', {"a": None}, ("not_a_number",)),
        (b'{"a":' + b"9" * 5000 + b"}", {"a": None}, ("not_a_number",)),
        (b'{"a":"\xff"}', {"a": "\ufffd"}, ("bad_text",)),
        (b'{"a":"\\ud83d"}', {"a": "\ufffd"}, ("bad_text",)),
        (b'{"\\udc00":{"b":["\\ud83d"]}}', {"\ufffd": {"b": ["\ufffd"]}}, ("bad_text",)),
        (b'{"a":"x\ny"}', {"a": "x\ny"}, ()),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}, ()),
        (b'{"a":1,"a":2}', {"a": 2}, ()),
    ],
)
def test_odd_values_are_repaired(text, value, repaired):
    decoded = jsontext.decode(text)
    assert decoded.value == value
    assert decoded.repaired == repaired


@pytest.mark.parametrize("text", [b"", b"{", b'{"a":}', b"nonsense", b'{"a":1} x', b"'a'", b"\xff"])
def test_what_is_no_json(text):
    with pytest.raises(jsontext.NotJson):
        jsontext.decode(text)


@pytest.mark.parametrize("depth", [1_000, 50_000, 500_000])
def test_endless_nests_are_cut(depth):
    decoded = jsontext.decode(b'{"a":' + b"[" * depth + b"]" * depth + b',"b":"x"}')
    assert decoded.value["b"] == "x"


def test_brackets_in_texts_are_no_nests():
    text = b'{"a":"' + b"[" * 300 + b'","b":"\\"["}'
    assert jsontext.shallow(text) == text


def test_nul_is_replaced_in_keys_and_values():
    assert jsontext.without_nul({"a\0": ["\0", {"b": "x\0"}]}) == (
        {"a\ufffd": ["\ufffd", {"b": "x\ufffd"}]},
        True,
    )


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(values, st.booleans())
def test_whatever_python_writes_can_be_read_and_written_again(value, ascii_only):
    text = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    decoded = jsontext.decode(text)
    clean, _ = jsontext.without_nul(decoded.value)
    msgspec.json.decode(msgspec.json.encode(clean))
