"""Makes our own admin site the one that every registration goes to."""

from django.contrib.admin.apps import AdminConfig


class EmberwatchAdminConfig(AdminConfig):
    """Django's admin with the skin and home page of `tracker.site`."""

    default_site = "tracker.site.EmberwatchSite"
