"""What is packed comes back, with every dictionary, and rubbish is a clear error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import payloads
from tracker.payloads import PayloadError, blank, pack, train, unpack

words = st.text(alphabet=st.characters(exclude_categories=["Cs"]))
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.sampled_from("abc"), json), st.sampled_from([0, payloads.SHIPPED]))
def test_what_is_packed_comes_back(data: dict[str, object], dictionary: int) -> None:
    assert unpack(pack(data, dictionary), dictionary) == data


@pytest.mark.parametrize("payload", [b"", b"rubbish", pack({"a": 1}, 0)[:-3], pack([1], 0)])  # type: ignore[arg-type]
def test_rubbish_is_a_clear_error(payload: bytes) -> None:
    with pytest.raises(PayloadError):
        unpack(payload)


def test_an_unknown_dictionary_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(payloads, "fetch", {}.get)
    with pytest.raises(PayloadError, match="32000"):
        unpack(pack({}, 0), 32_000)


def event(number: int) -> dict[str, object]:
    frames = [{"function": f"fail_{number % 7}", "lineno": number, "vars": {"card": f"secret{number}"}}] * 9  # fmt: skip
    return {
        "user": {"email": f"ana{number}@example.org"},
        "exception": {"values": [{"type": "ValueError", "value": f"secret{number}", "stacktrace": {"frames": frames}}]},
        "extra": {"note": "kept", "number": number},
    }  # fmt: skip


def test_a_trained_dictionary_packs_better_and_knows_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    content = train([event(number) for number in range(1_500)])
    assert b"secret" not in content
    assert b"example.org" not in content
    monkeypatch.setattr(payloads, "fetch", {7: content}.get)
    packed = pack(event(9_999), 7)
    assert unpack(packed, 7) == event(9_999)
    assert len(packed) < len(pack(event(9_999), 0))


def test_too_few_events_train_nothing() -> None:
    with pytest.raises(PayloadError, match="trained"):
        train([{"a": 1}])


def test_blanking_keeps_shapes_and_code() -> None:
    assert blank(event(1)) == {
        "user": {"email": ""},
        "exception": {"values": [{"type": "ValueError", "value": "", "stacktrace": {"frames": [{"function": "fail_1", "lineno": 1, "vars": {"card": ""}}] * 9}}]},
        "extra": {"note": "kept", "number": 1},
    }  # fmt: skip
