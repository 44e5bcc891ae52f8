"""What the tests of adapters share."""

import pytest

from ingest.adapters.base import Context

NOW = 1795370400.0  # 2026-11-22T18:00:00Z


@pytest.fixture
def context():
    return Context(
        project_id=42,
        received=NOW,
        event_id="f" * 32,
        client_ip="198.51.100.23",
        salt=b"pepper",
    )
