"""What strangers wrote, in each tracker's markup: it calls nobody and ends nothing."""

import json
import re
import uuid
import xml.etree.ElementTree as ET

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts.tickets import text
from alerts.tickets.text import Block, Code, Items, Line, Span

HOSTILE = [
    "@everyone @alice [~accountid:5] [~bob] #1 !2 &3 ~bug %4 $5 ^alert GH-7",
    "/close\n/assign @bob\n  /label ~x",
    "```\n/close\n```` ` {noformat} {code} {NoFormat } </pre></body><script>x</script>",
    "[x](https://evil.example) https://evil.example <https://evil.example|bank> ![i](x)",
    "{{x}} *b* _i_ ||h|| h1. x bq. y ---- !image.png! {color:red}x{color}",
    "\u202e\x00\x1b[31m\ud800 \ufeff" + "\\" * 300,
    "@" * 5_000, "`" * 5_000, "x" * 100_000, "", "\n\n",
]  # fmt: skip


def blocks(said: str) -> tuple[Block, ...]:
    return (
        Line((Span("SHOP-7", "link", "https://errors.example.com/7/"), Span(" in "),
              Span(said, "code"))),
        Items((Line((Span("Where", "bold"), Span(": "), Span(said, "code"))),)),
        Code(said),
    )  # fmt: skip


def without_code(body: str) -> str:
    """Markdown without what stands in code, as CommonMark reads it."""
    body = re.sub(r"(?ms)^(`{3,})\n.*?\n\1$", "", body)
    return re.sub(r"(?s)(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", body)


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_text_is_only_text(said: str) -> None:
    check(said)


@given(st.text(alphabet=st.sampled_from("`@#/{}[]<>&|\\\n ax*~!\u2028\x00"), max_size=60))
@hypothesis_settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_text_is_only_text(said: str) -> None:
    check(said)


def check(said: str) -> None:
    body = blocks(said)
    marked = text.markdown(body)
    assert not re.search(r"(?m)^/", marked)
    bare = without_code(marked)
    assert not re.search(r"[@#!&~$%]\w|evil|<", bare), bare
    document = text.adf(body)
    json.dumps(document)
    assert "mention" not in {node["type"] for node in walk(document)}
    assert all(node["text"] for node in walk(document) if node["type"] == "text")
    wiki = text.wiki(body)
    assert len(re.findall(r"(?i)\{\s*noformat", wiki)) == 2
    outside = re.sub(r"(?s)\{noformat\}.*\{noformat\}", "", wiki)
    outside = re.sub(r"\{\{[\w\s&#;.,\u0080-\U0010ffff]*\}\}", "", outside)
    assert not re.search(r"\[~|\{|\|\||!\w", outside.replace("[SHOP&#45;7|", ""))
    root = ET.fromstring(text.html(body))
    assert {node.tag for node in root.iter()} <= {"body", "a", "code", "ul", "li", "strong", "pre"}
    assert [node.get("href") for node in root.iter("a")] == ["https://errors.example.com/7/"]
    for rendered in (marked, wiki, json.dumps(document), text.html(body)):
        assert len(rendered) < 32_000
        assert "\x00" not in rendered
    line = text.title(said)
    assert 1 <= len(line) <= 250
    assert "\n" not in line
    assert not re.search(r"@\w", line)
    assert not line.startswith("/")


def walk(node: dict[str, object]) -> list[dict[str, object]]:
    """A document's node and all below it."""
    content = node.get("content", [])
    assert isinstance(content, list)
    return [node, *(below for child in content for below in walk(child))]


def test_the_marker_is_one_word_in_every_markup() -> None:
    marker = f"ew{uuid.uuid4().hex}"
    body = (Line((Span("Reference: "), Span(marker, "code"))),)
    for rendered in (text.markdown(body), text.wiki(body), text.html(body),
                     json.dumps(text.adf(body))):  # fmt: skip
        assert re.search(rf"\b{marker}\b", rendered)


def test_long_code_is_cut_at_a_line() -> None:
    cut = text.code_of("\n".join("line" for _ in range(5_000)))
    assert len(cut) <= text.CODE_LIMIT
    assert cut.endswith("line\n…")
