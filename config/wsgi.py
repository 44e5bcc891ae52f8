"""Django's WSGI application; config/rsgi.py feeds it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from config import celery  # noqa: E402, F401 - wake-ups go through our Celery app, not the default one
