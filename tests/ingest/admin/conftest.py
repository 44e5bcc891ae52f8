"""The same people and projects as in the tracker's pages."""

from tests.tracker.admin.conftest import Cast, cast, fresh_days

__all__ = ["Cast", "cast", "fresh_days"]
