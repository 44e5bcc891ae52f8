"""Log lines: one each, nothing forged, nothing secret."""

import io
import json
import logging
import logging.config
from typing import Any

import pytest
import structlog

from config import logs


@pytest.fixture(params=["json", "console"])
def lines(request: pytest.FixtureRequest):
    """A function that logs and answers the lines that came out."""
    config = logs.configuration(request.param, "INFO")
    formatter = config["formatters"]["line"].copy()
    factory = formatter.pop("()")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(factory(**formatter))
    logger = logging.getLogger(f"tests.logs.{request.param}")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)

    def log(*args: Any, **kwargs: Any) -> list[str]:
        stream.seek(0)
        stream.truncate()
        structlog.stdlib.get_logger(logger.name).warning(*args, **kwargs)
        return stream.getvalue().splitlines()

    return log


def test_nobody_forges_a_line_or_steers_a_terminal(lines):
    out = lines("seen", path="/x\r\nERROR forged\x1b[31m\u2028\u202eabc\x9b")
    assert len(out) == 1
    assert not any(char in out[0] for char in "\x1b\u2028\u202e\x9b\r")


def test_what_is_named_like_a_secret_is_not_shown(lines):
    out = lines("login", password="hunter2", authorization="Bearer x", cookie="c=1", user="zoe")
    assert "hunter2" not in out[0]
    assert "Bearer" not in out[0]
    assert "c=1" not in out[0]
    assert "zoe" in out[0]


def test_long_values_are_cut(lines):
    assert len(lines("big", value="x" * 100_000)[0]) < logs.LONGEST + 1000


def test_an_exception_keeps_its_stack_but_no_line_of_it_passes_for_an_entry(lines):
    try:
        raise ValueError("first\nWARNING forged")
    except ValueError:
        out = lines("failed", exc_info=True)
    assert any("Traceback" in line for line in out)
    assert not any(line.startswith("WARNING") for line in out)


def test_json_lines_are_json():
    config = logs.configuration("json", "INFO")
    formatter = config["formatters"]["line"].copy()
    made = formatter.pop("()")(**formatter)
    record = logging.LogRecord("x", logging.INFO, "f", 1, "hello %s", ("wörld\n",), None)
    entry = json.loads(made.format(record))
    assert entry["event"].startswith("hello wörld")
    assert entry["level"] == "info"
