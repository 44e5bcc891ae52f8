"""Makes our own admin site the one that every registration goes to."""

from django.contrib.admin.apps import SimpleAdminConfig


class EmberwatchAdminConfig(SimpleAdminConfig):
    """Django's admin with the skin and home page of `tracker.site`.

    config/urls.py looks for registrations: workers need no pages and load none.
    """

    default_site = "tracker.site.EmberwatchSite"
