"""`manage.py regroup_dry_run`: the live grouping over a file, without a database."""

import gzip
import io
import json

import pytest
from django.core.management import CommandError, call_command


def line(event_id, project="shop", function="parse_row", **more: object):
    frame = {
        "function": function,
        "module": "shop.orders",
        "in_app": True,
        "context_line": "int(x)",
    }
    exception = {"type": "ValueError", "value": event_id[:4], "stacktrace": {"frames": [frame]}}
    event = {
        "event_id": event_id,
        "platform": "python",
        "exception": {"values": [exception]},
        **more,
    }
    return json.dumps({"project": project, "event": event})


def run(path, *arguments: str):
    out = io.StringIO()
    call_command("regroup_dry_run", str(path), *arguments, stdout=out)
    return [json.loads(text) for text in out.getvalue().splitlines()]


LINES = "\n".join(
    [
        line("a" * 32),
        line("b" * 32),
        line("c" * 32, function="total"),
        "",
        line("d" * 32, project="other"),
    ]
)


def test_events_are_grouped_in_order_per_project(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(LINES)
    found = run(path)
    assert [row["event_id"][0] for row in found] == ["a", "b", "c", "d"]
    first, second, third, fourth = (row["group"] for row in found)
    assert first == second
    assert len({first, third, fourth}) == 3


def test_gzip_and_why(tmp_path):
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(LINES.encode()))
    found = run(path, "--why")
    assert found[0]["kind"] == "line"
    assert found[0]["why"].startswith("ValueError in shop.orders.parse_row")


def test_the_adapter_is_the_real_one(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text(
        line("a" * 32, fingerprint=["x"]) + "\n" + line("b" * 32, fingerprint=["x"], function="f")
    )
    assert len({row["group"] for row in run(path)}) == 1


@pytest.mark.parametrize("bad", ["nonsense", "{}", "[1]", '{"project": 1, "event": 3}'])
def test_a_bad_line_is_named(tmp_path, bad):
    path = tmp_path / "events.jsonl"
    path.write_text(line("a" * 32) + "\n" + bad)
    with pytest.raises(CommandError, match="Line 2"):
        run(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CommandError, match="no file"):
        run(tmp_path / "none.jsonl")
