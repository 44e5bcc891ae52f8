"""Where SDKs post to; with and without the final slash, since a POST is never redirected."""

from django.urls import include, re_path

from ingest import openapi, rollbar
from ingest.browser import ErrorPageView, NelView, OtlpView, SecurityView
from ingest.deploys import DeploysView, DeployView
from ingest.minidump import MinidumpView
from ingest.reports import AttachmentsView, CronView, FeedbackView
from ingest.views import EnvelopeView, StoreView, UnknownView

_PROJECT = r"^api/(?P<project>[^/]{1,64})"

urlpatterns = [
    re_path(r"^api/ingest/schema/?$", openapi.schema),
    re_path(rf"{_PROJECT}/envelope/?$", EnvelopeView.as_view()),
    re_path(r"^api/store/?$", StoreView.as_view()),
    re_path(rf"{_PROJECT}/store/?$", StoreView.as_view()),
    re_path(rf"{_PROJECT}/(?:security|csp-report)/?$", SecurityView.as_view()),
    re_path(rf"{_PROJECT}/nel/?$", NelView.as_view()),
    re_path(rf"{_PROJECT}/(?:integration/)?otlp/v1/(?P<kind>logs|traces)/?$", OtlpView.as_view()),
    re_path(rf"{_PROJECT}/minidump/?$", MinidumpView.as_view()),
    re_path(
        rf"{_PROJECT}/events/(?P<event_id>[^/]{{1,64}})/attachments/?$", AttachmentsView.as_view()
    ),
    re_path(rf"{_PROJECT}/cron/(?P<slug>[^/]{{1,256}})/?$", CronView.as_view()),
    re_path(
        rf"{_PROJECT}/cron/(?P<slug>[^/]{{1,256}})/(?P<key>[^/]{{1,64}})/?$", CronView.as_view()
    ),
    re_path(r"^api/embed/error-page/?$", ErrorPageView.as_view()),
    re_path(
        r"^api/0/projects/(?P<org>[^/]{1,100})/(?P<project>[^/]{1,100})/user-feedback/?$",
        FeedbackView.as_view(),
    ),
    re_path(
        r"^api/v3/projects/(?P<project>[^/]{1,64})/(?:create-)?notices?/?$",
        rollbar.NoticeView.as_view(),
    ),
    re_path(r"^api/1/session/?$", rollbar.SessionView.as_view()),
    re_path(r"^api/1/deploys?/?$", DeploysView.as_view()),
    re_path(r"^api/1/deploy/(?P<number>[0-9]{1,18})/?$", DeployView.as_view()),
    re_path(r"^api/1/status/ping/?$", rollbar.ping),
    re_path(r"^api/1/", include("ingest.rollbar_api.urls")),
    re_path(r"^(?:item|occurrence|instance)/uuid/?$", rollbar.to_issue),
    re_path(r"^api/(?!0/)[0-9]{1,18}/", UnknownView.as_view()),
]
