"""Plug-ins are found because their file is there."""

import sys

import pytest

from tracker.domain import discover


@pytest.fixture
def package(tmp_path, monkeypatch):
    folder = tmp_path / "found_by_test"
    (folder / "sub").mkdir(parents=True)
    for name, text in {
        "__init__": "",
        "b": "LABEL = 'b'",
        "a": "LABEL = 'a'",
        "_no": "1/0",
        "plain": "",
        "sub/__init__": "LABEL = 'sub'",
    }.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield "found_by_test"
    for name in [name for name in sys.modules if name.startswith("found_by_test")]:
        del sys.modules[name]


def test_modules_come_in_order_without_private_ones(package):
    names = [module.__name__ for module in discover.modules(package)]
    assert names == [f"{package}.{name}" for name in ("a", "b", "plain", "sub")]


def test_members_are_those_that_define_the_name(package):
    assert discover.members(package, "LABEL") == ["a", "b", "sub"]


def test_a_broken_plug_in_is_loud(package, tmp_path):
    (tmp_path / package / "c.py").write_text("import nothing_of_this_name")
    with pytest.raises(ImportError):
        discover.modules(package)
