"""What a ticket says, as blocks, and each tracker's markup for them; pure.

What strangers wrote stands in code or is escaped: it calls nobody, links nowhere, starts no
command and ends no block, in Markdown, in Jira's documents and wiki markup, and in HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from msgspec import Struct

from alerts.domain.text import one_line

CODE_LIMIT = 6_000
"""Characters of a block of code; all blocks together stay below every tracker's limit."""
SPAN_LIMIT = 1_000
_JOINER = "\u2060"


class Span(Struct, frozen=True):
    """A piece of a line."""

    text: str
    kind: str = ""
    """"", bold, code (for what strangers wrote) or link."""
    url: str = ""


class Line(Struct, frozen=True):
    """A paragraph."""

    spans: tuple[Span, ...]


class Items(Struct, frozen=True):
    """A list."""

    lines: tuple[Line, ...]


class Code(Struct, frozen=True):
    """Text as it is, in a fixed width."""

    text: str


Block = Line | Items | Code


def title(text: str, limit: int = 250) -> str:
    """One line that calls nobody and starts no command."""
    line = one_line(re.sub(r"@(?=\S)", f"@{_JOINER}", text[: limit * 4]), limit)
    return line.lstrip("/ ") or "(no title)"


def code_of(text: str, limit: int = CODE_LIMIT) -> str:
    """Lines of code: no control characters, no more than `limit`."""
    clean = re.sub(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", "",
                   text.replace("\r\n", "\n"))  # fmt: skip
    # A line that begins with a slash would be a command to GitLab.
    clean = re.sub(r"(?m)^/", " /", clean)
    if len(clean) <= limit:
        return clean
    return clean[: limit - 2].rpartition("\n")[0] + "\n…"


# --- Markdown: GitHub, GitLab, Linear ------------------------------------------------------------

# What may begin a mark, a reference or a mention; all other text of strangers is code.
_MARKS = re.compile(r"([\\`*_\[\]<>#|~@&$%^!])")
_TICKS = re.compile(r"`+")


def markdown(blocks: Iterable[Block]) -> str:
    """As Markdown."""
    return "\n\n".join(_markdown(block) for block in blocks)


def _markdown(block: Block) -> str:
    if isinstance(block, Code):
        body = code_of(block.text)
        fence = "`" * max(3, _longest(body) + 1)
        return f"{fence}\n{body}\n{fence}"
    if isinstance(block, Items):
        return "\n".join("- " + _markdown(line) for line in block.lines)
    return "".join(_markdown_span(span) for span in block.spans)


def _markdown_span(span: Span) -> str:
    text = one_line(span.text, SPAN_LIMIT)
    if span.kind == "code":
        return _ticked(text)
    plain = _MARKS.sub(r"\\\1", text)
    if span.kind == "bold":
        return f"**{plain}**"
    if span.kind == "link":
        return f"[{plain}]({_url(span.url)})"
    return _space_kept(span.text, plain)


def _ticked(text: str) -> str:
    if not text:
        return ""
    ticks = "`" * (_longest(text) + 1)
    pad = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def _longest(text: str) -> int:
    return max(map(len, _TICKS.findall(text)), default=0)


def _space_kept(raw: str, clean: str) -> str:
    """What stands between spans keeps the space at its ends."""
    return (" " if raw[:1] == " " else "") + clean + (" " if raw[-1:] == " " and clean else "")


def _url(url: str) -> str:
    """Our own addresses; nothing in them may end the link."""
    return re.sub(r"[\s()<>\[\]|\\\"']", lambda m: f"%{ord(m[0]):02X}", url)


# --- Atlassian documents: Jira Cloud -------------------------------------------------------------


def adf(blocks: Iterable[Block]) -> dict[str, Any]:
    """As an Atlassian document: text is text there, whatever it holds."""
    return {"type": "doc", "version": 1, "content": [_adf(block) for block in blocks]}


def _adf(block: Block) -> dict[str, Any]:
    if isinstance(block, Code):
        body = code_of(block.text)
        return {"type": "codeBlock", "content": [{"type": "text", "text": body}] if body else []}
    if isinstance(block, Items):
        rows = [{"type": "listItem", "content": [_adf(line)]} for line in block.lines]
        return {"type": "bulletList", "content": rows}
    spans = [_adf_span(span) for span in block.spans]
    return {"type": "paragraph", "content": [span for span in spans if span["text"]]}


def _adf_span(span: Span) -> dict[str, Any]:
    text = one_line(span.text, SPAN_LIMIT)
    if not span.kind:
        return {"type": "text", "text": _space_kept(span.text, text)}
    marks = {
        "bold": {"type": "strong"},
        "code": {"type": "code"},
        "link": {"type": "link", "attrs": {"href": _url(span.url)}},
    }
    return {"type": "text", "text": text or " ", "marks": [marks[span.kind]]}


# --- Wiki markup: Jira Data Center ---------------------------------------------------------------

_WIKI = re.compile(r"[^\w\s.,]")


def wiki(blocks: Iterable[Block]) -> str:
    """As Jira's wiki markup: marks become numeric entities, which mean nothing but themselves."""
    return "\n\n".join(_wiki(block) for block in blocks)


def _wiki(block: Block) -> str:
    if isinstance(block, Code):
        body = re.sub(r"(?i)\{(?=\s*noformat)", "{" + _JOINER, code_of(block.text))
        return f"{{noformat}}\n{body}\n{{noformat}}"
    if isinstance(block, Items):
        return "\n".join("* " + _wiki(line) for line in block.lines)
    return "".join(_wiki_span(span) for span in block.spans)


def _wiki_span(span: Span) -> str:
    text = _entities(one_line(span.text, SPAN_LIMIT))
    if span.kind == "bold":
        return f"*{text}*"
    if span.kind == "code":
        return f"{{{{{text}}}}}" if text else ""
    if span.kind == "link":
        return f"[{text}|{_url(span.url)}]"
    return _space_kept(span.text, text)


def _entities(text: str) -> str:
    return _WIKI.sub(lambda m: f"&#{ord(m[0])};" if m[0].isascii() else m[0], text).replace(
        "_", "&#95;"
    )


# --- HTML: Asana ---------------------------------------------------------------------------------


def html(blocks: Iterable[Block]) -> str:
    """As Asana's HTML: well-formed, and none of it from strangers."""
    parts: Sequence[str] = [_html(block) for block in blocks]
    return "<body>" + "\n".join(parts) + "</body>"


def _html(block: Block) -> str:
    if isinstance(block, Code):
        return f"<pre>{escape(code_of(block.text), quote=False)}</pre>"
    if isinstance(block, Items):
        return "<ul>" + "".join(f"<li>{_html(line)}</li>" for line in block.lines) + "</ul>"
    return "".join(_html_span(span) for span in block.spans)


def _html_span(span: Span) -> str:
    text = escape(one_line(span.text, SPAN_LIMIT), quote=False)
    if span.kind == "link":
        return f'<a href="{escape(_url(span.url))}">{text}</a>'
    tag = {"bold": "strong", "code": "code"}.get(span.kind)
    return f"<{tag}>{text}</{tag}>" if tag else _space_kept(span.text, text)
