"""Charts: inside their box, with words, without styles."""

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from tracker.charts import day_chart, sparkline
from tracker.domain.trends import DAY, HOUR, Series

START = datetime(2026, 3, 1, tzinfo=UTC)


def test_a_sparkline_is_one_small_picture_with_words():
    svg = str(sparkline(Series(START, HOUR, tuple(range(24)))))
    root = ET.fromstring(svg)
    assert root.get("role") == "img" and root[0].tag == "title"
    assert root[0].text == "276 events in 24 hours, at most 23 an hour"
    assert "style" not in svg and len(svg) < 1500


def test_nothing_is_drawn_as_nothing():
    svg = str(sparkline(Series(START, HOUR, (0,) * 24)))
    assert 'class="spark-new" d=""' in svg and "0 events" in svg


def test_the_day_chart_has_a_table_and_marks_inside():
    chart = str(day_chart(
        Series(START, DAY, (0, 5, 0, 9)),
        [(START + DAY, "<1.0>"), (START - DAY, "before"), (START + 9 * DAY, "after")],
    ))  # fmt: skip
    root = ET.fromstring(f"<div>{chart}</div>")
    assert len(root.findall(".//tr")) == 4
    assert chart.count('class="mark"') == 1 and "&lt;1.0&gt;" in chart
    for bar in root.findall(".//rect"):
        assert float(bar.get("y", "")) >= 0 and float(bar.get("y", "")) <= 96
    assert "style=" not in chart
