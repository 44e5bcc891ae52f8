"""Every attribute in every shape that clients send: converted, cut, or dropped with a note."""

from typing import Any

import orjson
import pytest

from ingest.adapters.normalise import scalars
from ingest.adapters.normalise.event import STORED_BYTES
from ingest.adapters.sentry import ADAPTERS

STORE = ADAPTERS[1]
NOW = 1795370400.0  # 2026-11-22T18:00:00Z


@pytest.fixture
def parse(context):
    def made(**raw: Any):
        return STORE.parse(orjson.dumps(raw), context).events[0]

    return made


def noted(event):
    return [note["name"] for note in event.data.get("errors", ())]


def link(**more: Any):
    return {"type": "E", "value": "v", **more}


# --- plain attributes --------------------------------------------------------------------


def test_an_empty_event_is_an_event(parse):
    event = parse()
    assert (event.level, event.platform, event.type) == ("error", "other", "default")
    assert event.timestamp == event.received == NOW
    assert not event.cut


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ("fatal", "fatal"), ("CRITICAL", "fatal"), ("log", "info"), ("warn", "warning"), ("err", "error"),
        ("trace", "debug"), (10, "debug"), (30, "warning"), (50, "fatal"), (40.0, "error"), ("40", "error"),
        (None, "error"), ("", "error"), ("odd", "error"), ([], "error"), (True, "error"), (-5, "error"),
    ],
)  # fmt: skip
def test_levels(parse, given, level):
    assert parse(level=given).level == level


@pytest.mark.parametrize(
    "given",
    [
        NOW - 1, str(NOW - 1), (NOW - 1) * 1000, (NOW - 1) * 1e9, "2026-11-22T17:59:59Z",
        "2026-11-22T17:59:59", "2026-11-22 17:59:59.000", "2026-11-22T18:59:59.000000000+01:00",
        "2026-11-22T12:59:59-0500", "2026-11-22T17:59:59.00000000Z",
    ],
)  # fmt: skip
def test_moments_of_any_form(parse, given):
    event = parse(timestamp=given)
    assert event.timestamp == pytest.approx(NOW - 1) and not event.cut


@pytest.mark.parametrize(
    "given",
    ["yesterday", "", [], {}, True, -1, 1e300, "2026-13-01T00:00:00Z", "2026-11-22T17:59:99Z",
     "9999-99-99", NOW + 61, NOW - 31 * 86400, "2026-11-22T17:59:nanZ", "x" * 5000],
)  # fmt: skip
def test_unusable_moments_are_the_time_of_receipt(parse, given):
    scalars._minutes.clear()  # what other tests read must not decide
    event = parse(timestamp=given)
    assert event.timestamp == NOW and noted(event) == ["timestamp"]
    assert isinstance(event.data["errors"][0]["value"], str)


def test_a_clock_that_is_far_off_is_corrected_with_its_crumbs(context):
    envelope = ADAPTERS[0]
    event = {"timestamp": NOW - 7200, "breadcrumbs": [{"timestamp": NOW - 7210}]}

    def told(sent_at):
        head = orjson.dumps({"sent_at": sent_at})
        body = head + b'\n{"type":"event"}\n' + orjson.dumps(event)
        made = envelope.parse(body, context).events[0]
        return made.timestamp, made.data["breadcrumbs"]["values"][0]["timestamp"]

    assert told(NOW - 7199) == (NOW - 1, NOW - 11)
    assert told("2026-11-22T16:00:01Z") == (NOW - 1, NOW - 11)
    assert told(NOW - 3000) == (NOW - 7200, NOW - 7210)  # less than 55 minutes: left alone
    assert told("bad") == told(None) == (NOW - 7200, NOW - 7210)


@pytest.mark.parametrize(
    ("key", "given", "kept"),
    [
        ("release", " v1 ", "v1"), ("release", 12, "12"), ("release", "a\nb", ""), ("release", "..", ""),
        ("release", "Latest", ""), ("release", "app@1.0/x", "app@1.0/x"), ("release", [], ""),
        ("release", "x" * 300, "x" * 197 + "..."), ("environment", "prod/eu", ""), ("environment", "", ""),
        ("environment", "qa", "qa"), ("dist", "1.2-a", "1.2-a"), ("dist", "a b", ""), ("dist", 7, "7"),
        ("server_name", {"name": "web"}, "web"), ("logger", None, ""), ("transaction", ["x"], ""),
    ],
)  # fmt: skip
def test_names(parse, key, given, kept):
    event = parse(**{key: given})
    assert getattr(event, key) == kept


def test_the_old_culprit_is_the_transaction(parse):
    assert parse(culprit="shop.pay").transaction == "shop.pay"


def test_bad_ids_are_noted(parse, context):
    event = parse(event_id="not an id")
    assert event.event_id == context.event_id and noted(event) == ["event_id"]


# --- messages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "text", "template"),
    [
        ({"message": "hi"}, "hi", ""),
        ({"message": {"message": "a %s", "params": ["b"]}}, "a b", "a %s"),
        ({"logentry": {"message": "a %s of %d", "params": ["b", 3]}}, "a b of 3", "a %s of %d"),
        ({"logentry": {"message": "%(n)s left", "params": {"n": 3}}}, "3 left", "%(n)s left"),
        ({"logentry": {"message": "{} and {1}", "params": ["a", "b"]}}, "a and b", "{} and {1}"),
        ({"logentry": {"message": "{name}!", "params": {"name": "x"}}}, "x!", "{name}!"),
        ({"logentry": {"message": "a %s %s", "params": ["b"]}}, "a b %s", "a %s %s"),
        ({"logentry": {"message": "100%", "params": ["b"]}}, "100%", ""),
        ({"logentry": {"message": "a %s", "formatted": "a c", "params": ["b"]}}, "a c", "a %s"),
        ({"sentry.interfaces.Message": {"message": "old %s", "params": [1]}}, "old 1", "old %s"),
        ({"logentry": "plain"}, "plain", ""),
        ({"logentry": {"message": {"a": 1}}}, '{"a":1}', ""),
        ({"message": "", "exception": link()}, "", ""),
        ({"message": 7}, "7", ""),
        ({"message": ["a"]}, "", ""),
    ],
)
def test_messages(parse, raw, text, template):
    event = parse(**raw)
    assert (event.message, event.template) == (text, template)


def test_a_message_with_an_invented_exception_is_a_message(parse):
    frames = {"frames": [{"function": "f", "lineno": 1}]}
    invented = {"mechanism": {"synthetic": True}, "stacktrace": frames, "value": "low"}
    event = parse(message="low", exception=[invented])
    assert event.exceptions == () and event.type == "default"
    assert event.stack[0].function == "f"


# --- exceptions and frames ---------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [{"values": [link()]}, [link()], link(), {"values": link()}, {"values": [None, link(), 7, {}]}],
)
def test_exceptions_in_every_shape(parse, shape):
    event = parse(exception=shape)
    assert [(made.type, made.value) for made in event.exceptions] == [("E", "v")]
    assert event.data["exception"]["values"][0]["type"] == "E" and event.type == "error"


@pytest.mark.parametrize("shape", [{}, [], None, {"values": []}, {"values": None}, [None], 7, "x"])
def test_no_exception_in_every_shape(parse, shape):
    event = parse(exception=shape)
    assert event.exceptions == () and "exception" not in event.data


def test_exception_values_become_text(parse):
    values = [
        link(value={"a": 1}),
        link(value=[1]),
        link(value=12),
        link(value=None),
        link(value=True),
    ]
    made = [one.value for one in parse(exception=values).exceptions]
    assert made == ['{"a":1}', "[1]", "12", "", "True"]


def test_mechanisms_and_groups(parse):
    values = [
        link(type="A", mechanism={"type": "chained", "exception_id": 1, "parent_id": 0, "source": "__cause__"}),
        link(type="G", mechanism={"handled": False, "exception_id": 0, "is_exception_group": True}),
    ]  # fmt: skip
    cause, group = parse(exception=values).exceptions
    assert (cause.parent_id, cause.source, cause.handled) == (0, "__cause__", None)
    assert group.is_group and group.handled is False


@pytest.mark.parametrize(
    "pairs", [[(0, 0)], [(0, 1), (1, 0)], [(0, 1), (1, 2), (2, 0)], [(1, 0), (1, 0)]]
)
def test_cyclic_groups_are_flattened(parse, pairs):
    values = [
        link(mechanism={"exception_id": own, "parent_id": parent, "is_exception_group": True})
        for own, parent in pairs
    ]
    event = parse(exception=values)
    assert len(event.exceptions) == len(pairs)
    assert all(made.parent_id is None and not made.is_group for made in event.exceptions)
    assert noted(event) == ["exception.values"]


def test_frames_of_odd_types(parse):
    frames = [
        None, {}, 7, {"function": None}, {"lineno": "12", "colno": 3.0, "function": 5, "in_app": "true"},
        {"function": "f", "lineno": -1, "in_app": 3, "vars": [1, 2], "pre_context": "x"},
        {"function": "g", "pre_context": [None, 3, "a"], "vars": "x", "nonsense": 1},
        {"instruction_addr": 4096, "package": "libc"}, {"instruction_addr": "0x10"},
    ]  # fmt: skip
    event = parse(exception=link(stacktrace={"frames": frames}))
    first, second, third, fourth, fifth = event.exceptions[0].frames
    assert (first.function, first.lineno, first.colno, first.in_app) == ("5", 12, 3, True)
    assert (second.lineno, second.in_app) == (None, None)
    stored = event.data["exception"]["values"][0]["stacktrace"]["frames"]
    assert stored[1] == {"function": "f", "vars": {"0": 1, "1": 2}}
    assert stored[2] == {"function": "g", "pre_context": ["", "3", "a"]}
    assert stored[3]["instruction_addr"] == "0x1000" and fourth.package == "libc"
    assert fifth.function == "" and third.function == "g"
    assert "exception.values.0.stacktrace.frames.1.lineno" not in noted(event)
    assert "exception.values.0.stacktrace.frames.5.lineno" in noted(event)


def test_many_frames_keep_both_ends(parse):
    frames = [{"function": f"f{number}"} for number in range(1000)]
    event = parse(exception=link(stacktrace={"frames": frames}))
    kept = [frame.function for frame in event.exceptions[0].frames]
    assert len(kept) == 250 and kept[124:126] == ["f124", "f875"] and kept[-1] == "f999"
    meta = event.data["_meta"]["exception"]["values"]["0"]["stacktrace"]["frames"]
    assert meta[""] == {"len": 1000} and event.cut


def test_variables_are_bounded_and_scrubbed(parse):
    variables = {f"v{number}": "x" for number in range(80)} | {}
    frame = {
        "function": "f",
        "vars": {"password": "p", "long": "y" * 5000, "deep": nest(20), **variables},
    }
    event = parse(exception=link(stacktrace={"frames": [frame]}))
    kept = event.data["exception"]["values"][0]["stacktrace"]["frames"][0]["vars"]
    assert len(kept) == 50 and kept["password"] == "[Filtered]"
    assert len(kept["long"]) == 1024 and kept["long"].endswith("...")
    assert depth(kept["deep"]) <= 8
    assert len(orjson.dumps(kept)) <= 64 * 1024


def nest(levels):
    value = {}
    for _ in range(levels):
        value = {"a": value, "b": 1}
    return value


def depth(value):
    return 1 + max(map(depth, value.values()), default=0) if isinstance(value, dict) else 0


def test_threads(parse):
    stack = {"frames": [{"function": "run"}]}
    event = parse(
        threads={"values": [{"id": 1, "crashed": True, "stacktrace": stack}, None, {"id": 2}, {}]}
    )
    (thread,) = event.threads
    assert (thread.id, thread.crashed, thread.frames[0].function) == ("1", True, "run")
    assert len(event.data["threads"]["values"]) == 2


def test_a_stack_at_the_top_belongs_to_the_message(parse):
    event = parse(message="m", stacktrace={"frames": [{"function": "f"}]})
    assert event.stack[0].function == "f" and event.type == "default"


# --- tags --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [
        {"a": "1", "b c": True, "n": None, "x": {}},
        [["a", "1"], ["b c", True], ["n", None], ["a", "2"], ["x"], 7, None],
        [{"key": "a", "value": 1}, {"key": "b c", "value": True}, {"no": 1}],
    ],
)
def test_tags_in_every_shape(parse, shape):
    event = parse(tags=shape)
    assert event.tags == (("a", "1"), ("b-c", "True"))
    assert event.data["tags"] == {"a": "1", "b-c": "True"}


def test_tags_are_cut_and_scrubbed(parse):
    many = {f"t{number}": "x" for number in range(200)}
    event = parse(tags={"token": "abc", "l": "x" * 300, "lines": "a\nb", **many})
    tags = dict(event.tags)
    assert len(tags) == 100
    assert (tags["token"], len(tags["l"]), tags["lines"]) == ("[Filtered]", 200, "a b")


def test_derived_tags(parse):
    event = parse(
        platform="javascript",
        request={"url": "https://a.example/x?y=1", "headers": {"User-Agent":
                 "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"}},
        contexts={"device": {"family": "Mac"}, "runtime": None},
        exception=link(mechanism={"type": "onerror", "handled": False}),
        transaction="/x", tags={"os": "mine"},
    )  # fmt: skip
    assert dict(event.tags) == {
        "os": "mine", "browser": "Chrome 120.0.0.0", "browser.name": "Chrome", "os.name": "Windows",
        "device": "Mac", "url": "https://a.example/x", "handled": "no", "mechanism": "onerror",
        "transaction": "/x",
    }  # fmt: skip


# --- around ------------------------------------------------------------------------------


def test_users(parse):
    assert parse(user="al").data["user"] == {"id": "al"}
    assert parse(user=[1]).data.get("user") is None
    event = parse(
        user={
            "id": 7,
            "ip_address": "{{auto}}",
            "plan": "pro",
            "password": "x",
            "geo": {"city": "B"},
        }
    )
    assert event.data["user"] == {
        "id": "7", "ip_address": "198.51.100.0", "geo": {"city": "B"},
        "data": {"plan": "pro", "password": "[Filtered]"},
    }  # fmt: skip


def test_the_peer_is_the_user_only_on_client_platforms(parse):
    assert parse(platform="javascript").user_key != b""
    assert parse(platform="python").user_key == b""
    never = {"name": "sentry.javascript.browser", "settings": {"infer_ip": "never"}}
    assert parse(platform="javascript", sdk=never).user_key == b""
    assert parse(user={"id": 7}).user_key == parse(user={"id": "7", "email": "a@b.c"}).user_key


def test_requests(parse):
    event = parse(request={
        "url": "https://a.example/p?token=abc&q=1#frag",
        "method": "POST",
        "headers": [["Cookie", "a=b"], ["X-Forwarded-For", "203.0.113.9, 10.0.0.1"], ["Accept", ["a", "b"]], None],
        "cookies": "sid=abc; theme=dark",
        "data": '{"password": "x", "n": 1}',
        "env": {"REMOTE_ADDR": "203.0.113.9", "SERVER_NAME": "web"},
    })  # fmt: skip
    assert event.data["request"] == {
        "url": "https://a.example/p", "query_string": "token=[Filtered]&q=1", "fragment": "frag",
        "method": "POST",
        "headers": {"Cookie": "[Filtered]", "X-Forwarded-For": "203.0.113.0, 10.0.0.0", "Accept": "a, b"},
        "cookies": {"sid": "[Filtered]", "theme": "[Filtered]"},
        "data": {"password": "[Filtered]", "n": 1},
        "env": {"REMOTE_ADDR": "203.0.113.0", "SERVER_NAME": "web"},
    }  # fmt: skip


@pytest.mark.parametrize("query", ["?a=1&b=2", "a=1&b=2"])
def test_query_strings(parse, query):
    assert parse(request={"query_string": query}).data["request"]["query_string"] == "a=1&b=2"


@pytest.mark.parametrize("query", [{"a": 1, "b": "2"}, [["a", "1"], ["b", 2]]])
def test_query_pairs(parse, query):
    assert parse(request={"query_string": query}).data["request"]["query_string"] == [
        ["a", "1"],
        ["b", "2"],
    ]


def test_breadcrumbs(parse):
    crumbs = [{"timestamp": NOW - number, "message": f"m{number}"} for number in range(150)]
    event = parse(breadcrumbs={"values": crumbs})
    kept = event.data["breadcrumbs"]["values"]
    assert len(kept) == 100 and kept[0]["message"] == "m50"
    event = parse(breadcrumbs=[None, "text", {"data": "d", "level": "log", "timestamp": "bad", "odd": 1},
                               {"data": {"a": "x" * 9000}, "message": "y" * 9000}])  # fmt: skip
    text, data, big = event.data["breadcrumbs"]["values"]
    assert text == {"message": "text"}
    assert data == {"data": {"value": "d"}, "level": "info", "timestamp": None}
    assert len(orjson.dumps(big)) <= 2048
    assert "breadcrumbs.values.2.timestamp" in noted(event)


@pytest.mark.parametrize("name", [["sentry.go"], {"a": 1}, 7, None, True])
def test_an_sdk_without_a_readable_name_is_no_reason_to_lose_the_event(parse, name):
    event = parse(message="m", sdk={"name": name, "version": "1"})
    assert event.message == "m" and event.sdk.endswith("1")


def test_contexts_extra_modules_sdk_and_images(parse):
    event = parse(
        contexts={"a": {"x": 1}, "b": None, "c": 7, "session": {"id": "s"}, "trace": {"trace_id": "t", "type": "trace"}},
        extra=["x"], modules=[["django", "5.2"]], sdk="raven-python/6.0",
        debug_meta={"images": [None, {"type": "sourcemap", "debug_id": "d"}]},
    )  # fmt: skip
    assert event.data["contexts"] == {
        "a": {"x": 1, "type": "a"}, "c": {"value": 7, "type": "c"},
        "session": {"id": "[Filtered]", "type": "session"}, "trace": {"trace_id": "t", "type": "trace"},
    }  # fmt: skip
    assert event.data["extra"] == {"value": ["x"]}
    assert event.data["modules"] == {"django": "5.2"}
    assert event.sdk == "raven-python/6.0"
    assert event.data["debug_meta"]["images"] == [{"type": "sourcemap", "debug_id": "d"}]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["a", 1, True, None], ("a", "1", "True")), ("a", ()), ([], ()), (None, ()), (7, ()), ({"a": 1}, ()),
        (["{{ default }}", "x" * 400], ("{{ default }}", "x" * 253 + "...")),
    ],
)  # fmt: skip
def test_fingerprints(parse, given, kept):
    assert parse(fingerprint=given).fingerprint == kept


def test_an_old_checksum_is_a_fingerprint(parse):
    assert parse(checksum="abc").fingerprint == ("abc",)


def test_big_integers_become_text(parse):
    event = parse(extra={"a": 2**53 + 1, "b": -(2**60), "c": 2**53, "d": 4111111111111111})
    assert event.data["extra"] == {
        "a": "9007199254740993",
        "b": str(-(2**60)),
        "c": 2**53,
        "d": "[Filtered]",
    }


def test_a_huge_event_is_cut_to_its_stored_size(parse):
    frames = [
        {"function": f"f{n}", "vars": {f"v{m}": "x" * 900 for m in range(9)}} for n in range(90)
    ]
    event = parse(
        exception=link(stacktrace={"frames": frames}),
        extra={f"k{n}": "y" * 9000 for n in range(9)},
    )
    assert len(orjson.dumps(event.data)) <= STORED_BYTES and event.cut
    assert len(event.exceptions[0].frames) == 90
    assert event.data["_meta"]


def test_secrets_by_shape_are_found_everywhere(parse):
    token = "Bearer abcdefgh12345678"
    url = "postgres://app:s3cr3t@db/shop"
    event = parse(
        message=f"m {token}",
        exception=link(value=f"e {url}", stacktrace={"frames": [
            {"function": "f", "context_line": token, "pre_context": [url], "vars": {"a": [token]}}]}),
        tags={"t": token}, extra={"a": {"b": url}}, breadcrumbs=[{"message": token, "data": {"x": url}}],
        contexts={"c": {"d": token}}, request={"headers": {"X": token}, "data": url},
        logentry={"message": "%s", "params": [token]}, user={"id": token}, transaction=token,
        release=url, server_name=token, modules={"m": token}, fingerprint=[token],
    )  # fmt: skip
    text = orjson.dumps(event.data).decode() + repr(event)
    assert "abcdefgh" not in text and "s3cr3t" not in text


def test_scrubbing_can_be_switched_off_by_the_project(context):
    import msgspec

    context = msgspec.structs.replace(context, scrub=False)
    raw = {"extra": {"password": "p"}, "user": {"ip_address": "203.0.113.9"}}
    event = STORE.parse(orjson.dumps(raw), context).events[0]
    assert event.data["extra"] == {"password": "p"}
    assert event.data["user"]["ip_address"] == "203.0.113.9"


def test_relays_errors_are_kept(parse):
    event = parse(errors=[{"type": "invalid_data", "name": "a", "value": "secret"}, None])
    assert event.data["errors"] == [{"type": "invalid_data", "name": "a"}]


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("password=x&n=1", "password=[Filtered]&n=1"),
        ('{"token": "abc", "n": {"secret": 1}}', {"token": "[Filtered]", "n": {"secret": "[Filtered]"}}),
        ('{"token": "abc", "n": 1', '{"token": "[Filtered]", "n": 1'),
        ("{'api_key': 'k', 'n': None", "{'api_key': '[Filtered]', 'n': None"),
        ("plain words", "plain words"),
    ],
)  # fmt: skip
def test_bodies_as_text_lose_their_secrets(parse, body, kept):
    assert parse(request={"data": body}).data["request"]["data"] == kept


def test_a_long_body_is_cut_and_still_scrubbed(parse):
    for body in (
        '{"password": "hunter2", "a": "' + "x" * 90_000,
        "a=1&password=hunter2&b=" + "x" * 90_000,
    ):
        event = parse(request={"data": body})
        assert "hunter2" not in orjson.dumps(event.data).decode()
        assert len(event.data["request"]["data"]) <= 8 * 1024 + 20 and event.cut


def test_a_transaction_with_a_query_loses_its_secrets(parse):
    assert parse(transaction="/pay?token=abc").transaction == "/pay?token=[Filtered]"


def test_secrets_inside_the_text_of_a_variable_are_hidden(parse):
    made = parse(
        exception={
            "values": [
                {
                    "type": "E",
                    "stacktrace": {
                        "frames": [
                            {
                                "function": "f",
                                "vars": {
                                    "form": "{'password': 'hunter2', 'page': 3}",
                                    "user": "<User(name='bob', token='abcdef')>",
                                    "deep": {"list": ['{"secret": "s3cr3t!"}']},
                                },
                            }
                        ]
                    },
                }
            ]
        }
    )
    said = orjson.dumps(made.data["exception"]).decode()
    assert not any(word in said for word in ("hunter2", "abcdef", "s3cr3t!"))
    assert "'page': 3" in said and "name='bob'" in said
