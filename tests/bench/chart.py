"""The figures of a bench as a picture: bars of events a second, and where the time of one goes."""

from typing import Any
from xml.sax.saxutils import escape

WIDTH, BAR, GAP, LEFT = 720, 20, 8, 250
_PAPER, _INK, _FILL, _SOFT = "#fffdf9", "#2b2118", "#c2410c", "#7c6f64"


def chart(result: dict[str, Any]) -> str:
    """An SVG of its own, without scripts or outside references."""
    load = result["load"]
    speeds = [("typical, 30 KB", load["digested_per_s"])]
    for shape, other in result.get("sizes", {}).items():
        speeds.append((shape, other["digested_per_s"]))
    if "giant" in result:
        speeds.append(("all in one issue", result["giant"]["digested_per_s"]))
    names = {
        "spread": "a million stored", "many": "100,000 issues",
        "returning": "and each fifth a regression", "one_day": "a million today",
    }  # fmt: skip
    for name, other in result.get("growth", {}).items():
        speeds.append((names[name], other["digested_per_s"]))
    costs = [
        (name, 1000 * used / max(1, load["events"]))
        for name, used in sorted(load["cpu_s"].items(), key=lambda pair: -pair[1])
        if name != "total" and used > 0
    ]
    bars = [
        ("Events a second, first post to last row", speeds, "{:,.0f}"),
        ("CPU milliseconds of a typical event", costs, "{:.3f}"),
    ]
    if told := result.get("grouping"):
        pair = [("grouped", told["cpu"]["real_ms"]), ("one key", told["cpu"]["constant_ms"])]
        title = f"CPU milliseconds to digest an event: grouping costs {told['ratio'] - 1:+.0%}"
        bars.append((title, pair, "{:.3f}"))
    if alerting := result.get("alerting"):
        took = [(name, alerting["latency_ms"][name]) for name in ("p50", "p99")]
        bars.append(("Milliseconds from a POST to its alert, at 50 events/s", took, "{:,.0f}"))
    top, parts = 40, []
    for title, rows, form in bars:
        parts.append(_text(16, top, title, bold=True))
        top += 14
        for name, value in rows:
            parts.append(_bar(top, name, value, max(v for _, v in rows), form))
            top += BAR + GAP
        top += 34
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" '
        f'font-family="system-ui, sans-serif" font-size="13">\n'
        f'<rect width="{WIDTH}" height="{top}" fill="{_PAPER}"/>\n{body}\n</svg>\n'
    )


def _bar(top: int, name: str, value: float, most: float, form: str) -> str:
    width = max(1.0, (WIDTH - LEFT - 90) * value / max(most, 1e-9))
    middle = top + BAR * 0.72
    return (
        f'<text x="{LEFT - 10}" y="{middle:.1f}" text-anchor="end" fill="{_SOFT}">'
        f"{escape(name)}</text>"
        f'<rect x="{LEFT}" y="{top}" width="{width:.1f}" height="{BAR}" rx="3" fill="{_FILL}"/>'
        + _text(LEFT + width + 8, middle, form.format(value))
    )


def _text(x: float, y: float, words: str, *, bold: bool = False) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{_INK}"{weight}>{escape(words)}</text>'
