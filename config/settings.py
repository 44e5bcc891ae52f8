"""Django's settings, in sections; every knob is read through config/env.py.

Importing this module starts nothing and needs no database.
"""

from datetime import timedelta
from pathlib import Path

from config import logs, signing
from config.env import BadSetting, Env, read_secret, require
from config.run import place
from config.run.processes import cores

# --- Where we are ------------------------------------------------------------------------------

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()
EMBERWATCH_DATA = env.data_folder(BASE_DIR)
PORT = env.number("PORT", 8000, low=1, high=65535)
EMBERWATCH_URL = env.origin("EMBERWATCH_URL", f"http://127.0.0.1:{PORT}")
SECURE = EMBERWATCH_URL.scheme == "https"
ALLOW_HTTP = env.flag("EMBERWATCH_ALLOW_HTTP", default=False)
if not (SECURE or EMBERWATCH_URL.is_loopback or ALLOW_HTTP):
    raise BadSetting(
        f"EMBERWATCH_URL is '{EMBERWATCH_URL}': passwords would travel in the clear; use https, "
        "or set EMBERWATCH_ALLOW_HTTP=true where nobody can listen in."
    )

# --- Security ----------------------------------------------------------------------------------

DEBUG = False
# Empty before the first start: checks run without one, everything that signs refuses.
SECRET_KEY = env.text("SECRET_KEY") or read_secret(EMBERWATCH_DATA / "secret_key")
SECRET_KEY_FALLBACKS = list(env.words("SECRET_KEY_FALLBACKS"))
ALLOWED_HOSTS = sorted(
    {EMBERWATCH_URL.host.join("[]") if ":" in EMBERWATCH_URL.host else EMBERWATCH_URL.host}
    | {"localhost", "127.0.0.1", "[::1]"}
    | set(env.words("ALLOWED_HOSTS"))
)
CSRF_TRUSTED_ORIGINS = [str(EMBERWATCH_URL)]
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if SECURE else 0
# config/rsgi.py sets this variable only for what trusted proxies say.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
OIDC = signing.oidc(env)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        # A log-in by OpenID Connect leaves for the provider as the answer to a form.
        "form-action": ["'self'", *signing.origins(OIDC)],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Limits, second factors and identity providers: config/signing.py says what each is for.
vars().update(signing.configuration(OIDC, secure=SECURE))
# Bodies are capped by config/rsgi.py and ingest; this one bounds the admin's forms.
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000

# --- Applications ------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.admin.EmberwatchAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "csp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "tracker",
    "ingest",
    "alerts",
]
MIDDLEWARE = [
    "config.middleware.RequestIdMiddleware",
    "config.patience.pages",
    "django.middleware.security.SecurityMiddleware",
    "config.static.StaticFiles",
    "config.static.PackedPages",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "tracker.accounts.page_context",
            ],
        },
    },
]
REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# --- Database ----------------------------------------------------------------------------------

DATABASE_URL = env.database("DATABASE_URL")
_place = place.guess(EMBERWATCH_DATA)
DATABASES = {
    "default": {
        **(DATABASE_URL or _place.database()),
        "CONN_MAX_AGE": None,  # one connection a thread, for the thread's life
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            # A firewall may have forgotten a connection that was idle: milliseconds, not minutes.
            "tcp_user_timeout": 10_000,
            **((DATABASE_URL or {}).get("OPTIONS") or {}),
            "connect_timeout": 3,  # an SDK's request may take 5 in all
            "application_name": "emberwatch",
            # Binding on the server would prepare a plan per IN-list length and defeats Django's
            # own parameters in expressions; store.py opts in where it pays.
            "server_side_binding": False,
            "prepare_threshold": 5,
        },
    }
}
AUTH_USER_MODEL = "tracker.User"
# Attempts to log in are counted where every web process sees them, and where no flush forgets.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "tracker_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Redis and Celery (queues, routes and timers: config/schedule.py) --------------------------

REDIS_URL = env.redis("REDIS_URL") or _place.redis_url()
REDIS_PREFIX = env.text("REDIS_PREFIX", "emberwatch:")

# --- Digest ------------------------------------------------------------------------------------

# Of the embedded server: it shares our cores. 0: no limit.
DIGESTS_AT_ONCE = 0 if DATABASE_URL else cores()
DIGEST_LEASE = env.number("DIGEST_LEASE", 60, low=2, high=3600)
"""Seconds that a batch belongs to the worker that claimed it; longer than a digest may take (45),
or batches are worked on twice (and still counted once)."""

# --- Mail --------------------------------------------------------------------------------------

MAIL = env.mail("EMAIL_URL")
# Empty host: nothing can be sent, and the delivery log says so.
EMAIL_HOST = MAIL.get("EMAIL_HOST") or env.text("SMTP_HOST")
EMAIL_PORT = MAIL.get("EMAIL_PORT") or env.number("SMTP_PORT", 587, low=1, high=65535)
EMAIL_HOST_USER = MAIL.get("EMAIL_HOST_USER") or env.text("SMTP_USER")
EMAIL_HOST_PASSWORD = MAIL.get("EMAIL_HOST_PASSWORD") or env.text("SMTP_PASSWORD")
SMTP_SECURITY = env.choice("SMTP_SECURITY", "none", ("none", "tls", "ssl"))
EMAIL_USE_TLS = bool(MAIL.get("EMAIL_USE_TLS")) or SMTP_SECURITY == "tls"
EMAIL_USE_SSL = bool(MAIL.get("EMAIL_USE_SSL")) or SMTP_SECURITY == "ssl"
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", f"Emberwatch <emberwatch@{EMBERWATCH_URL.host}>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Keeping -----------------------------------------------------------------------------------

RETENTION_DAYS = env.number("EMBERWATCH_RETENTION_DAYS", 90, low=1, high=3650)
"""Days that events are kept; projects may keep theirs shorter."""
SYMBOLS_DAYS = env.number("EMBERWATCH_SYMBOLS_DAYS", 90, low=1, high=3650)
"""Days that source maps and debug files are kept after an event last needed them."""
SAMPLE_ABOVE = env.number("EMBERWATCH_SAMPLE_ABOVE", 100_000, low=100, high=10**9)
"""Events under one grouping key up to which all are stored; beyond, a thinning sample is."""

SPOOL_BYTES = env.number("EMBERWATCH_SPOOL_MIB", 1024, low=0, high=1 << 20) * 1024 * 1024
"""Most bytes of events that wait on the local disk while the database is away; 0: none."""

# --- Going out: private addresses that webhooks may reach (default: none) ----------------------

EMBERWATCH_HEARTBEAT_URL = env.text("EMBERWATCH_HEARTBEAT_URL")
EMBERWATCH_OUTBOUND_ALLOW = env.words("EMBERWATCH_OUTBOUND_ALLOW")

# --- Code: clones of repositories, kept below the data folder ------------------------------------

EMBERWATCH_GIT_FOLDERS = env.words("EMBERWATCH_GIT_FOLDERS")
"""Folders of this machine below which repositories may lie (default: none)."""
CLONE_MB = env.number("EMBERWATCH_CLONE_MB", 2048, low=1, high=1_000_000)
"""MiB that one clone may take."""

# --- Being watched -----------------------------------------------------------------------------

METRICS_TOKEN = env.text("METRICS_TOKEN")
"""Bearer token for /metrics; without one only this machine may read it."""

# --- Language, time, files ---------------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
FORMAT_MODULE_PATH = ["config.formats"]
STATIC_URL = "static/"
STATIC_ROOT = None
# Served from where they lie (config/static.py).
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 300
MEDIA_ROOT = EMBERWATCH_DATA / "files"
# Files of events lie there, or in a bucket: that needs `make s3` once, and boto's own variables
# for the credentials.
S3_BUCKET = env.text("S3_BUCKET")
if S3_BUCKET:
    require("S3_BUCKET", ("storages", "boto3"), "make s3")
STORAGES = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.text("S3_ENDPOINT") or None,
            "region_name": env.text("S3_REGION") or None,
            # Servers other than Amazon's know the bucket by the path.
            "addressing_style": "path" if env.text("S3_ENDPOINT") else "auto",
            "location": env.text("S3_PREFIX", "emberwatch"),
            "default_acl": None,
            "file_overwrite": True,
        },
    }
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "config.static.NamedByContent"},
}

# --- Logs --------------------------------------------------------------------------------------

LOG_FORMAT = env.choice("LOG_FORMAT", "auto", ("auto", "json", "console"))
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING = logs.configuration(LOG_FORMAT, LOG_LEVEL)
