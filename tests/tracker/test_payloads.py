"""What is packed comes back, and rubbish is a clear error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.payloads import PayloadError, pack, unpack

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet=st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(alphabet=st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from("abc"), json))
def test_what_is_packed_comes_back(data: dict[str, object]) -> None:
    payload, dictionary = pack(data)
    assert unpack(payload, dictionary) == data


@pytest.mark.parametrize("payload", [b"", b"rubbish", pack({"a": 1})[0][:-3]])
def test_rubbish_is_a_clear_error(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        unpack(payload)


def test_an_unknown_dictionary_is_named() -> None:
    with pytest.raises(PayloadError, match="32000"):
        unpack(pack({})[0], 32_000)
