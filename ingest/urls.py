"""Where SDKs post to; with and without the final slash, since a POST is never redirected."""

from django.urls import re_path

from ingest.views import EnvelopeView, StoreView

urlpatterns = [
    re_path(r"^api/(?P<project>[0-9]{1,18})/envelope/?$", EnvelopeView.as_view()),
    re_path(r"^api/(?P<project>[0-9]{1,18})/store/?$", StoreView.as_view()),
    re_path(r"^api/store/?$", StoreView.as_view()),
]
