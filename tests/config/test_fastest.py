"""Which Python a `.venv` is made of: the first of the PATH, unless another is much faster."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from config.run.fastest import candidates, choose, probe
from tests.stack import ROOT

Make = Callable[[str, str], str]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """A program that is called like a Python and does what is said, in a folder of its own."""

    def made(folder: str, does: str) -> str:
        program = tmp_path / folder / "python3"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{does}\n")
        program.chmod(0o755)
        return str(program)

    return made


def test_one_that_is_much_faster_goes_first(make: Make):
    first = make("first", "echo 0.040 /slow/python")
    others = [make("as", "echo 0.036 /as/python"), make("fast", "echo 0.030 /fast/python")]
    assert choose(first, others) == ("/fast/python", pytest.approx(1.33, abs=0.01))
    assert choose(first, others[:1]) == (first, 1.0)


@pytest.mark.parametrize(
    "does", ["exit 1", "echo nonsense", "echo", "kill -9 $$"], ids=["old", "odd", "mute", "dies"]
)
def test_one_that_does_not_run_is_passed_over(make: Make, does: str):
    first = make("first", "echo 0.040 /slow/python")
    assert choose(first, [make("broken", does), "/nowhere/python3"]) == (first, 1.0)
    assert choose(make("lame", does), [make("fast", "echo 0.030 /fast/python")])[1] == 1.0


def test_the_path_is_looked_through_once(make: Make, tmp_path: Path):
    one = make("one", "exit 0")
    (tmp_path / "two").mkdir()
    (tmp_path / "two" / "python3.11").symlink_to(one)
    (tmp_path / "two" / "python3").write_text("not to be run")
    path = os.pathsep.join(
        ["", str(tmp_path / "nowhere"), str(tmp_path / "one"), str(tmp_path / "two")]
    )
    assert list(candidates(path)) == [one]


def test_this_python_will_do():
    found = probe(sys.executable)
    assert found is not None
    seconds, executable = found
    assert seconds > 0
    assert Path(executable).exists()


def test_make_is_told_one_path(make: Make):
    fast = make("fast", "echo 0.00001 /fast/python")
    done = subprocess.run(
        [sys.executable, "config/run/fastest.py"],
        cwd=ROOT, env={"PATH": str(Path(fast).parent)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "/fast/python\n"
    assert "as fast as" in done.stderr
    assert "PYTHON=" in done.stderr
