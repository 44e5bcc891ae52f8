"""Framing: what is an envelope, where its items end, and what refuses it whole."""

import pytest

from ingest.adapters import envelope
from ingest.adapters.base import Malformed


def test_items_with_and_without_length():
    body = b'{"event_id":"a"}\n{"type":"event"}\n{"a":1}\n{"type":"attachment","length":3}\na\nb\n{"type":"x"}\n'
    taken = envelope.read(body)
    assert [(item.type, item.payload) for item in taken.items] == [
        ("event", b'{"a":1}'),
        ("attachment", b"a\nb"),
        ("x", b""),
    ]
    assert taken.headers == {"event_id": "a"}


def test_lengths_count_bytes():
    payload = '{"message":"größer"}'.encode()
    body = b'{}\n{"type":"event","length":%d}\n%s' % (len(payload), payload)
    assert envelope.read(body).items[0].payload == payload


def test_a_carriage_return_belongs_to_the_payload():
    assert envelope.read(b'{}\n{"type":"attachment"}\nab\r\n').items[0].payload == b"ab\r"


def test_no_items_is_legal():
    assert envelope.read(b"{}").items == ()
    assert envelope.read(b"{}\n").items == ()


def test_an_empty_attachment_is_an_item():
    items = envelope.read(b'{}\n{"type":"attachment","length":0}\n\n{"type":"event"}\n{}').items
    assert [(item.type, item.payload) for item in items] == [("attachment", b""), ("event", b"{}")]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]\n",
        b"nonsense\n",
        b'{}\nnot json\n{"a":1}\n',
        b'{}\n["event"]\n{}\n',
        b'{}\n{"type":"event","length":99}\n{}\n',
        b'{}\n{"type":"event","length":1}\n{}\n',
        b'{}\n{"type":"event","length":-1}\n{}\n',
        b'{}\n{"type":"event","length":"2"}\n{}\n',
        b'{}\n{"type":"event","length":true}\n{}\n',
        b'{"a":"' + b"x" * 9000 + b'"}\n',
        b'{}\n{"type":"event","a":"' + b"x" * 9000 + b'"}\n{}\n',
        b"{}\n" + b'{"type":"event"}\n{}\n' * 101,
    ],
)
def test_broken_framing_refuses_the_whole(body):
    with pytest.raises(Malformed):
        envelope.read(body)
