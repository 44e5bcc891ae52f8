"""An event as Markdown: complete where it is long, unbroken where it is hostile."""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.domain.anatomy import dissect
from tracker.domain.markdown import LIMIT, as_markdown


def frame(name: str, *, in_app: bool = True, **more: Any) -> dict[str, Any]:
    return {"function": name, "filename": f"shop/{name}.py", "lineno": 7, "in_app": in_app, **more}


def event(*frames: dict[str, Any], **more: Any) -> dict[str, Any]:
    error = {"type": "ValueError", "value": "no stock", "stacktrace": {"frames": list(frames)}}
    return {"platform": "python", "exception": {"values": [error]}, **more}


def text_of(data: dict[str, Any], title: str = "ValueError: no stock") -> str:
    return as_markdown(dissect(data), title, [("Issue", "SHOP-1"), ("Release", "")])


def test_tells_what_is_needed() -> None:
    data = event(
        frame("handle", in_app=False), frame("dispatch", in_app=False),
        frame("order", pre_context=["def order():"], context_line="    pay()", post_context=[""],
              vars={"amount": 3}),
        request={"method": "POST", "url": "https://shop.example/pay"},
        breadcrumbs={"values": [{"category": "db", "message": f"query {n}", "level": "info",
                                 "timestamp": 60 * n} for n in range(15)]},
        tags={"browser": "Firefox", "tier": "gold"},
    )  # fmt: skip
    text = text_of(data)
    assert text.startswith("# ValueError: no stock\n\n- Issue: `SHOP-1`\n")
    assert "Release" not in text
    assert "## ValueError" in text
    assert "`order` in `shop/order.py:7`" in text
    assert ">     7     pay()" in text
    assert "amount = 3" in text
    assert "… 2 library frames" in text
    assert "Request: `POST https://shop.example/pay`" in text
    assert "query 5" in text
    assert "query 4" not in text
    assert text.index("query 5") < text.index("query 14")
    assert "- `tier`: `gold`" in text


def test_a_chain_is_told_newest_first() -> None:
    first = {"type": "KeyError", "value": "'sku'", "mechanism": {"source": "__cause__"}}
    data = event(frame("order"))
    data["exception"]["values"].insert(0, first)
    text = text_of(data)
    assert text.index("## ValueError") < text.index("KeyError")


def test_length_costs_whole_blocks() -> None:
    lines = ["x" * 200] * 5
    long = [frame(f"call_{n}", pre_context=lines, context_line="boom", post_context=lines)
            for n in range(200)]  # fmt: skip
    crumbs = {"values": [{"category": "c", "message": "m" * 5000} for _ in range(100)]}
    tags = {f"tag{n}": "v" * 200 for n in range(100)}
    text = text_of(event(*long, breadcrumbs=crumbs, tags=tags))
    assert len(text) <= LIMIT
    assert "left out for length" in text
    assert "call_199" in text  # the most recent call stays
    assert "## Before it happened" in text
    assert "## Tags" in text
    assert closed(text)


def test_nothing_in_it_becomes_markup() -> None:
    hostile = "``` <script>alert(1)</script> [x](javascript:1)\n# head\n- [ ] do"
    data = event(
        frame(hostile, context_line=hostile, vars={hostile: hostile}),
        breadcrumbs={"values": [{"category": hostile, "message": hostile}]},
        tags={hostile: hostile},
    )
    data["exception"]["values"][0] |= {"type": hostile, "value": hostile}
    text = text_of(data, hostile)
    assert closed(text)
    assert "# head" not in outside(text).splitlines()
    assert "<script>" not in outside(text).replace("\\<", "")


def outside(text: str) -> str:
    """What a reader of Markdown takes as text: neither fenced nor in ticks."""
    kept, fence = [], ""
    for line in text.splitlines():
        ticks = line[: len(line) - len(line.lstrip("`"))]
        if fence:
            if line == fence:
                fence = ""
        elif len(ticks) >= 3 and line == ticks:
            fence = ticks
        else:
            kept.append(line)
    return re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", "\n".join(kept))


def closed(text: str) -> bool:
    fence = ""
    for line in text.splitlines():
        if fence:
            fence = "" if line == fence else fence
        elif line and not line.strip("`") and len(line) >= 3:
            fence = line
    return not fence


@given(st.text(max_size=300), st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_whatever_is_said_stays_closed(one: str, two: str) -> None:
    data = event(frame(one, context_line=two, vars={one: two}), tags={one: two})
    data["exception"]["values"][0] |= {"type": one, "value": two}
    text = text_of(data, one)
    assert len(text) <= LIMIT
    assert closed(text)
