"""Trackers for tests, one module each; see `base`."""

from tests.alerts.tickets.sites.asana import AsanaSite
from tests.alerts.tickets.sites.base import SECRET, TOKEN, Remote, Seen, Site, signed
from tests.alerts.tickets.sites.github import GitHubSite
from tests.alerts.tickets.sites.gitlab import GitLabSite
from tests.alerts.tickets.sites.jira import JiraCenterSite, JiraSite
from tests.alerts.tickets.sites.linear import LinearSite

SITES = (GitHubSite, GitLabSite, JiraSite, JiraCenterSite, AsanaSite, LinearSite)

__all__ = [
    "SECRET", "SITES", "TOKEN", "AsanaSite", "GitHubSite", "GitLabSite", "JiraCenterSite",
    "JiraSite", "LinearSite", "Remote", "Seen", "Site", "signed",
]  # fmt: skip
