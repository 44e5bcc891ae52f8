"""The addresses of `/api/0/`. Versions may hold slashes: what follows them is matched first."""

from __future__ import annotations

from django.urls import path, re_path

from tracker.api.zero import issues, place, releases, uploads
from tracker.api.zero.base import Unknown

_RELEASE = r"^organizations/(?P<org>[^/]+)/releases/(?P<version>.+)"
_OF_PROJECT = r"^projects/(?P<org>[^/]+)/(?P<project>[^/]+)/releases/(?P<version>.+)"

urlpatterns = [
    path("", place.Info.as_view()),
    path("organizations/", place.Organizations.as_view()),
    path("organizations/<str:org>/", place.Organization.as_view()),
    path("organizations/<str:org>/projects/", place.Projects.as_view()),
    path("organizations/<str:org>/repos/", place.Repositories.as_view()),
    path("organizations/<str:org>/events/", issues.Logs.as_view()),
    path("organizations/<str:org>/monitors/", place.Monitors.as_view()),
    path("organizations/<str:org>/code-mappings/bulk/", place.CodeMappings.as_view()),
    path("organizations/<str:org>/chunk-upload/", uploads.ChunkUpload.as_view()),
    path("organizations/<str:org>/artifactbundle/assemble/", uploads.AssembleBundle.as_view()),
    path("organizations/<str:org>/releases/", releases.Releases.as_view()),
    re_path(rf"{_RELEASE}/assemble/$", uploads.AssembleRelease.as_view()),
    re_path(rf"{_RELEASE}/previous-with-commits/$", releases.Previous.as_view()),
    re_path(rf"{_RELEASE}/commits/$", releases.Commits.as_view()),
    re_path(rf"{_RELEASE}/deploys/$", releases.Deploys.as_view()),
    re_path(rf"{_RELEASE}/files/$", uploads.ReleaseFiles.as_view()),
    re_path(rf"{_RELEASE}/$", releases.OneRelease.as_view()),
    path("projects/", place.Projects.as_view()),
    path("projects/<str:org>/<str:project>/issues/", issues.ProjectIssues.as_view()),
    path("projects/<str:org>/<str:project>/events/", issues.ProjectEvents.as_view()),
    path("projects/<str:org>/<str:project>/releases/", releases.Releases.as_view()),
    re_path(rf"{_OF_PROJECT}/commits/$", releases.Commits.as_view()),
    re_path(rf"{_OF_PROJECT}/files/$", uploads.ReleaseFiles.as_view()),
    re_path(rf"{_OF_PROJECT}/$", releases.OneRelease.as_view()),
    path(
        "projects/<str:org>/<str:project>/files/difs/assemble/",
        uploads.AssembleDebugFiles.as_view(),
    ),
    path("projects/<str:org>/<str:project>/files/dsyms/", uploads.DebugFiles.as_view()),
    path(
        "projects/<str:org>/<str:project>/files/dsyms/associate/",
        uploads.AssociateDebugFiles.as_view(),
    ),
    path(
        "projects/<str:org>/<str:project>/files/proguard-artifact-releases/",
        uploads.AssociateDebugFiles.as_view(),
    ),
    path("<path:rest>", Unknown.as_view()),
]
