"""Small charts as SVG, made on the server, each with its text alternative.

No `style` attribute is used (the Content-Security-Policy refuses it): colours
come from classes, sizes from attributes.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from tracker.domain.trends import Series

_HOT = 3
"""The newest bars of a sparkline glow."""


def sparkline(series: Series, width: int = 96, height: int = 24, label: str = "") -> SafeString:
    """Bars of one series (events of 24 hours, unless `label` says else); the newest stand out."""
    counts = series.counts
    label = label or f"{series.total:,} events in 24 hours, at most {series.peak:,} an hour"
    cold = _bars(counts[:-_HOT], 0, len(counts), series.peak, width, height)
    hot = _bars(counts[-_HOT:], len(counts) - _HOT, len(counts), series.peak, width, height)
    return format_html(
        '<svg class="spark" width="{w}" height="{h}" viewBox="0 0 {w} {h}" role="img"'
        ' preserveAspectRatio="none"><title>{label}</title>'
        '<path class="spark-floor" d="M0 {base}h{w}"/>'
        '<path class="spark-old" d="{cold}"/><path class="spark-new" d="{hot}"/></svg>',
        w=width, h=height, label=label, base=height - 0.5, cold=cold, hot=hot,
    )  # fmt: skip


def _bars(
    counts: Sequence[int], offset: int, slots: int, peak: int, width: int, height: int
) -> str:
    step = width / slots
    thick = max(step - 1, 1)
    parts = []
    for number, count in enumerate(counts, start=offset):
        if count:
            tall = max(round(count / peak * (height - 1), 1), 2)
            parts.append(f"M{number * step:.4g} {height}v-{tall:g}h{thick:.3g}v{tall:g}z")
    return "".join(parts)


def day_chart(
    series: Series, marks: Iterable[tuple[datetime, str]] = (), width: int = 560, height: int = 96
) -> SafeString:
    """A bar per day with a scale and dated marks (releases, resolutions ...).

    A table with the same figures follows for those who do not see it.
    """
    top, bottom = 14, 16
    tall = height - top - bottom
    step = width / len(series.counts)
    peak = max(series.peak, 1)
    bars = []
    for number, (day, count) in enumerate(series.starts()):
        bar = max(count / peak * tall, 2.0) if count else 0
        bars.append((
            "bar bar-now" if number == len(series.counts) - 1 else "bar",
            f"{number * step + 2:.1f}", f"{top + tall - bar:.1f}", f"{step - 4:.1f}", f"{bar:.1f}",
            f"{day:%a %d %b}: {count:,}",
        ))  # fmt: skip
    labels = [
        (f"{number * step + step / 2:.1f}", height - 3, f"{day:%d %b}".lstrip("0"))
        for number, (day, _) in enumerate(series.starts())
        if (len(series.counts) - 1 - number) % 3 == 0
    ]
    return format_html(
        '<svg class="chart" viewBox="0 0 {w} {h}" width="{w}" height="{h}" role="img"'
        ' aria-label="{label}">'
        '<path class="grid" d="M0 {t}h{w}M0 {b}h{w}"/>'
        '<text class="axis" x="0" y="{ty}">{peak}</text>{bars}{marks}{labels}</svg>{table}',
        w=width, h=height, t=top, b=top + tall, ty=top - 4, peak=f"{series.peak:,}",
        label=f"Events a day over {len(series.counts)} days: {series.total:,} in all,"
        f" at most {series.peak:,} a day",
        bars=format_html_join(
            "", '<g><title>{5}</title><rect class="{0}" x="{1}" y="{2}" width="{3}" height="{4}"'
            ' rx="1.5"/></g>', bars,
        ),
        marks=_marks(series, marks, width, top, tall),
        labels=format_html_join(
            "", '<text class="axis" text-anchor="middle" x="{}" y="{}">{}</text>', labels
        ),
        table=_table(series),
    )  # fmt: skip


def _marks(
    series: Series, marks: Iterable[tuple[datetime, str]], width: int, top: int, tall: int
) -> SafeString:
    """A dashed line with a word where something happened; where it is crowded, words give way."""
    span: timedelta = series.width * len(series.counts)
    rows, taken = [], -100.0
    for moment, text in sorted(marks):
        share = (moment - series.start) / span
        x = share * width
        if not 0 <= share <= 1:
            continue
        word = text[:18] if x - taken >= 70 else ""
        taken = x if word else taken
        at_end = x > width - 70
        rows.append((
            f"{x:.1f}", top, tall, f"{x - 3 if at_end else x + 3:.1f}", top - 4,
            "end" if at_end else "start", word, text,
        ))  # fmt: skip
    return format_html_join(
        "",
        '<g class="mark"><title>{7}</title><path d="M{0} {1}v{2}"/>'
        '<text x="{3}" y="{4}" text-anchor="{5}">{6}</text></g>',
        rows,
    )


def _table(series: Series) -> SafeString:
    return format_html(
        '<table class="visually-hidden"><caption>Events a day</caption>{}</table>',
        format_html_join(
            "",
            '<tr><th scope="row">{}</th><td>{}</td></tr>',
            ((f"{day:%Y-%m-%d}", count) for day, count in series.starts()),
        ),
    )
