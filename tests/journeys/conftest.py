"""What every journey starts from: the stack, a window into it, a project of its own."""

import re
from collections.abc import Iterator

import pytest

from tests.journeys.window import Project, Window
from tests.stack import Stack


@pytest.fixture(scope="session")
def window(stack: Stack) -> Iterator[Window]:
    """A look into the stack's database."""
    looked_through = Window(stack)
    yield looked_through
    looked_through.close()


@pytest.fixture
def project(window: Window, request: pytest.FixtureRequest) -> Project:
    """A project of this test's own."""
    return window.new_project(re.sub(r"\W+", " ", request.node.name)[:60])
