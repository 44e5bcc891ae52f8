"""Projects, teams and people for tests."""

from tracker.actions import setup
from tracker.models import Project


def make_project(name: str = "Shop", team: str = "Team", *, unlimited: bool = False) -> Project:
    """A project with one key."""
    made = setup.create_project(name, setup.create_team(team), unlimited=unlimited)
    return Project.objects.get(pk=made.id)
