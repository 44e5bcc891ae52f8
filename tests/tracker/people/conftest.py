"""The same two teams as the admin's pages."""

from tests.tracker.admin.conftest import cast, fresh_days, more_issues

__all__ = ["cast", "fresh_days", "more_issues"]
