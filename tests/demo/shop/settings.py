"""Django's settings for the shop; a database in memory is all it needs."""

SECRET_KEY = "only for the demo shop, which listens on this machine alone"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "tests.demo.shop.pages"
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions"]
MIDDLEWARE = [
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "tests.demo.shop.visitors.known_visitor",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": "file:lamp-shop?mode=memory&cache=shared",
        "OPTIONS": {"uri": True},
    }
}
USE_TZ = True
LOGGING_CONFIG = None
