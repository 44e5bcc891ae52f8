"""Taking events apart: order, folding, values cut, and no shape that breaks it."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tracker.domain.anatomy import OPEN, dissect
from tracker.domain.markdown import LIMIT, as_markdown
from tracker.domain.retell import as_trace
from tracker.domain.texts import FLAT, text_of
from tracker.domain.webrequest import as_curl, web_link

ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
KEYS = ("exception", "breadcrumbs", "request", "user", "tags", "contexts", "extra", "modules",
        "sdk", "_meta", "errors", "logentry", "message", "stacktrace", "threads", "platform")  # fmt: skip


def frame(name: str, in_app: bool | None = None, **more: object) -> dict[str, object]:
    return {"function": name, "filename": f"{name}.py", "lineno": 3, "in_app": in_app, **more}


def event(*frames: dict[str, object], **more: object) -> dict[str, object]:
    value = {"type": "E", "value": "v", "stacktrace": {"frames": list(frames)}}
    return {"platform": "python", "exception": {"values": [value]}, **more}


@given(st.dictionaries(st.sampled_from(KEYS), ODD, max_size=6))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_no_shape_breaks_it(data):
    found = dissect(data)
    assert isinstance(as_trace(found, "python"), str)
    assert len(as_markdown(found, "t", [])) <= LIMIT


@given(ODD, ODD, ODD)
def test_no_frame_crumb_or_request_breaks_it(a, b, c):
    value = {"type": a, "value": b, "mechanism": c, "stacktrace": {"frames": [
        {"function": a, "filename": b, "lineno": c, "vars": a, "pre_context": ["x"],
         "context_line": "y", "in_app": b}]}}  # fmt: skip
    dissect({
        "exception": {"values": [value, value]},
        "breadcrumbs": {"values": [{"timestamp": a, "message": b, "data": c, "level": a}]},
        "request": {"url": a, "headers": b, "cookies": c, "query_string": a, "data": b, "env": c},
        "_meta": {"exception": {"": {"len": a, "rem": b, "err": c}}},
    })  # fmt: skip


def test_newest_first_in_both_directions():
    data = {"exception": {"values": [
        {"type": "Cause", "stacktrace": {"frames": [frame("a", True), frame("b", True)]},
         "mechanism": {"source": "__context__"}},
        {"type": "Top", "stacktrace": {"frames": [frame("c", True)]}}]}}  # fmt: skip
    found = dissect(data)
    assert [link.type for link in found.exceptions] == ["Top", "Cause"]
    assert [link.relation for link in found.exceptions] == ["", "raised while handling"]
    assert [run.frames[0].function for run in found.exceptions[1].runs] == ["b", "a"]


def test_library_frames_are_folded_and_the_last_own_ones_open():
    own = [frame(f"own{n}", True) for n in range(6)]
    library = [frame(f"lib{n}", False, module="django.core") for n in range(3)]
    runs = dissect(event(*own[:3], *library, *own[3:])).exceptions[0].runs
    assert [len(run.frames) for run in runs] == [1, 1, 1, 3, 1, 1, 1]
    assert runs[3].names == "django" and not runs[3].open
    assert [run.open for run in runs if run.in_app] == [True] * OPEN + [False] * (6 - OPEN)


def test_nothing_is_folded_when_nobody_said_whose_frames_they_are():
    runs = dissect(event(frame("a"), frame("b"))).exceptions[0].runs
    assert [run.in_app for run in runs] == [True, True]


def test_source_lines_are_numbered_around_the_hit():
    lines = {"pre_context": ["1", "2"], "context_line": "3", "post_context": ["4", "", ""]}
    view = dissect(event(frame("a", True, **lines))).exceptions[0].runs[0].frames[0]
    assert [(line.number, line.text, line.hit) for line in view.lines] == [
        (1, "1", False), (2, "2", False), (3, "3", True), (4, "4", False),
    ]  # fmt: skip


def test_python_values_read_as_python():
    assert text_of({"a": "'x'", "b": None, "c": ["True"]}, python=True).head == (
        "{a: 'x', b: None, c: [True]}"
    )
    assert text_of({"a": "x", "b": None}).head == '{a: "x", b: null}'


def test_large_values_are_cut_and_kept():
    text = text_of("x" * 5000)
    assert len(text.head) == 600 and text.full == "x" * 5000
    data = text_of({"list": list(range(500))})
    assert len(data.head) == FLAT and "\n" in data.more and data.full.count(",") == 499


def test_traces_read_like_the_consoles():
    data = {"platform": "python", "exception": {"values": [
        {"type": "A", "value": "one", "mechanism": {"source": "__cause__"},
         "stacktrace": {"frames": [frame("f", True, context_line="  go()")]}},
        {"type": "B", "value": "two", "stacktrace": {"frames": [frame("g", True)]}}]}}  # fmt: skip
    assert as_trace(dissect(data), "python").splitlines() == [
        "Traceback (most recent call last):",
        '  File "f.py", line 3, in f',
        "    go()",
        "A: one",
        "",
        "The above exception was the direct cause of the following exception:",
        "",
        "Traceback (most recent call last):",
        '  File "g.py", line 3, in g',
        "B: two",
    ]
    assert as_trace(dissect(data), "node").splitlines() == [
        "B: two", "    at g (g.py:3)", "Caused by: A: one", "    at f (f.py:3)",
    ]  # fmt: skip


def test_curl_repeats_without_secrets_and_can_not_be_broken_out_of():
    headers = (
        ("Cookie", text_of("s=1")), ("X-Key", text_of("[Filtered]")), ("X-Ok", text_of("it's")),
    )  # fmt: skip
    command = as_curl("POST", "https://x.example/';rm -rf /;'", "a=1", headers, {"k": "v'\x1b"})
    assert "s=1" not in command and "Filtered" not in command
    import shlex

    words = shlex.split(command.replace("\\\n", ""))
    assert words[:4] == ["curl", "-X", "POST", "https://x.example/';rm -rf /;'?a=1"]
    assert "X-Ok: it's" in words and json.loads(words[-1]) == {"k": "v'\x1b"}


def test_only_web_addresses_become_links():
    assert web_link("https://a.example/x") and web_link("HTTP://a")
    for text in (
        "javascript:alert(1)",
        "//a",
        "ftp://a",
        "https://a b",
        "https://a\nb",
        "data:x",
        "",
    ):
        assert web_link(text) == ""


def test_cuts_and_repairs_are_told():
    found = dissect({
        "_meta": {"exception": {"values": {"0": {"value": {"": {"len": 9000}}}}},
                  "user": {"": {"rem": [["@ip", "x"]]}}},
        "errors": [{"type": "invalid_data", "name": "timestamp"}],
    })  # fmt: skip
    assert found.notes == (
        "exception.values.0.value: cut, was 9,000 long", "user: removed", "timestamp: invalid data",
    )  # fmt: skip


def test_markdown_can_not_be_broken_out_of():
    found = dissect(event(frame("a", True, context_line="```\n# hi"), message="x"))
    text = as_markdown(found, "# T\n# U", [("Release", "1.0\n# V")])
    assert text.startswith("# # T # U\n") and "1.0 # V" in text
    assert text.count("````") == 2  # a longer fence than the one inside


def test_what_is_not_mapped_is_told_apart_from_other_notes():
    found = dissect({
        "errors": [
            {"type": "source_map_missing", "name": "https://x/a.js", "value": "Upload it."},
            {"type": "proguard_missing", "name": "mapping 7", "value": "Upload that."},
            {"type": "future_timestamp", "name": "timestamp", "value": "9"},
        ]
    })  # fmt: skip
    assert found.unmapped == (("https://x/a.js", "Upload it."), ("mapping 7", "Upload that."))
    assert found.notes == ("timestamp: future timestamp",)
