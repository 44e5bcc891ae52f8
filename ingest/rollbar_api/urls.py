"""The addresses of Rollbar's API, below `/api/1/`; with and without the final slash."""

from django.urls import re_path

from ingest.rollbar_api import base, items, occurrences, reports, sourcemaps, versions

_NUMBER = "(?P<number>[0-9]{1,18})"

urlpatterns = [
    re_path(r"^item/?$", items.ItemRoot.as_view()),
    re_path(rf"^item/{_NUMBER}/?$", items.OneItem.as_view()),
    re_path(rf"^item/{_NUMBER}/instances/?$", occurrences.ItemInstances.as_view()),
    re_path(r"^item_by_counter/(?P<counter>[^/]{1,64})/?$", items.ByCounter.as_view()),
    re_path(r"^items/?$", items.Items.as_view()),
    re_path(r"^search/?$", items.Search.as_view()),
    re_path(r"^instances/?$", occurrences.Instances.as_view()),
    re_path(r"^instance/?$", occurrences.Instance.as_view()),
    re_path(rf"^instance/{_NUMBER}/?$", occurrences.Instance.as_view()),
    re_path(r"^reports/top_active_items/?$", reports.TopActive.as_view()),
    re_path(r"^reports/occurrence_counts/?$", reports.OccurrenceCounts.as_view()),
    re_path(r"^versions/(?P<version>.{1,400}?)/items/?$", versions.VersionItems.as_view()),
    re_path(r"^versions/(?P<version>.{1,400}?)/?$", versions.Version.as_view()),
    re_path(r"^sourcemap/?$", sourcemaps.SourceMap.as_view()),
    re_path(r"^sourcemap/download/?$", sourcemaps.Download.as_view()),
    re_path(r"^signed_url/sourcemap_bundle/?$", sourcemaps.SignedUrl.as_view()),
    re_path(r"^sourcemap_bundle/(?P<signed>[^/]{1,4000})/?$", sourcemaps.Bundle.as_view()),
    re_path(r"^(?:projects?|users?|teams?)(?:/.*)?$", base.Account.as_view()),
    re_path(r"^.*$", base.Unknown.as_view()),
]
