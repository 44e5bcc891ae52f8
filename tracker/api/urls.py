"""The addresses of `/api/v1/`, and its OpenAPI schema."""

from __future__ import annotations

from typing import Any

from django.urls import path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from tracker.api.base import ApiView
from tracker.api.commits import IssueSuspects, ReleaseCommits, ReleaseOne
from tracker.api.errors import missing
from tracker.api.events import (
    EventList,
    EventMarkdown,
    EventOne,
    IssueEvent,
    IssueEvents,
    IssueMarkdown,
)
from tracker.api.issues import IssueActivity, IssueComments, IssueList, IssueOne, IssueWhy
from tracker.api.projects import (
    EnvironmentList,
    ProjectList,
    ProjectOne,
)
from tracker.api.repositories import (
    RepositoryCommits,
    RepositoryFetch,
    RepositoryList,
    RepositoryOne,
    RepositoryWebhook,
)
from tracker.api.shipping import Deploys, EnvironmentOne, Ownership, ReleaseHealth, Releases
from tracker.api.stats import StatsView
from tracker.models import Deploy, Issue

SCHEMA: dict[str, Any] = {
    "TITLE": "Emberwatch",
    "DESCRIPTION": (
        "Issues, events and what is around them. Send `Authorization: Bearer <token>`; "
        'errors are `{"detail": "one sentence"}`; lists go on at `next`.'
    ),
    "VERSION": "1",
    "SCHEMA_PATH_PREFIX_INSERT": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "IssueStatusEnum": Issue.Status.values,
        "DeployStatusEnum": Deploy.Status.values,
    },
}


class Unknown(ApiView):
    """Whatever else is asked below `/api/v1/`: JSON, not the pages' 404."""

    schema = None  # type: ignore[assignment]  # kept out of the schema

    def get(self, request: Request, rest: str = "") -> Response:
        """Not found."""
        raise missing("address in the API")

    post = put = patch = delete = get


urlpatterns = [
    path("issues/", IssueList.as_view()),
    path("issues/<str:issue>/", IssueOne.as_view()),
    path("issues/<str:issue>/why/", IssueWhy.as_view()),
    path("issues/<str:issue>/comments/", IssueComments.as_view()),
    path("issues/<str:issue>/activity/", IssueActivity.as_view()),
    path("issues/<str:issue>/suspects/", IssueSuspects.as_view()),
    path("issues/<str:issue>/markdown/", IssueMarkdown.as_view()),
    path("issues/<str:issue>/events/", IssueEvents.as_view()),
    path("issues/<str:issue>/events/<str:event>/", IssueEvent.as_view()),
    path("issues/<str:issue>/events/<str:event>/markdown/", EventMarkdown.as_view()),
    path("events/", EventList.as_view()),
    path("events/<str:event>/", EventOne.as_view()),
    path("projects/", ProjectList.as_view()),
    path("projects/<str:project>/", ProjectOne.as_view()),
    path("projects/<str:project>/ownership/", Ownership.as_view()),
    path("releases/", Releases.as_view()),
    path("releases/<path:version>/health/", ReleaseHealth.as_view()),
    path("releases/<path:version>/commits/", ReleaseCommits.as_view()),
    path("releases/<path:version>/", ReleaseOne.as_view()),
    path("repositories/", RepositoryList.as_view()),
    path("repositories/<int:repository>/", RepositoryOne.as_view()),
    path("repositories/<int:repository>/fetch/", RepositoryFetch.as_view()),
    path("repositories/<int:repository>/webhook/", RepositoryWebhook.as_view()),
    path("repositories/<int:repository>/commits/", RepositoryCommits.as_view()),
    path("deploys/", Deploys.as_view()),
    path("environments/", EnvironmentList.as_view()),
    path("environments/<int:environment>/", EnvironmentOne.as_view()),
    path("stats/", StatsView.as_view()),
    path(
        "schema/",
        SpectacularAPIView.as_view(
            urlconf="tracker.api.urls",
            custom_settings=SCHEMA,
            authentication_classes=[],
            permission_classes=[],
            schema=None,
        ),
    ),
    path("<path:rest>", Unknown.as_view()),
]
