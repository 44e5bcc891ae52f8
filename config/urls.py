"""Every address of the product; admin registrations arrive by themselves."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from config import health
from tracker.push_calls import push_call

admin.autodiscover()
urlpatterns: list[URLPattern | URLResolver] = [
    *([path("", include("ingest.urls"))] if find_spec("ingest.urls") else []),
    path("api/0/", include("tracker.api.zero.urls")),
    path("api/v1/", include("tracker.api.urls")),
    path("", include("alerts.urls")),
    path("code/pushed/<uuid:uid>/", push_call, name="code-pushed"),
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("metrics", health.metrics),
    path("accounts/", include("tracker.accounts_urls")),
    path("admin/", admin.site.urls),
    path("", RedirectView.as_view(url="/admin/")),
]
handler500 = "config.health.failed"
