"""Settings. Whatever differs between machines comes from the environment: docs/how-to/operate.md lists it."""

import importlib.util
import os
import secrets
import sys
import tempfile
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import environ  # type: ignore[import-untyped]
from csp.constants import NONE, SELF

from giaoban.config import postgres
from giaoban.config.paths import ROOT, VAR

env = environ.Env()
TESTING = "pytest" in sys.modules
DEBUG = env.bool("DEBUG", default=False)
HTTPS = env.bool("GIAOBAN_HTTPS", default=False)  # behind a proxy that ends TLS and sets X-Forwarded-Proto
BASE_DIR = ROOT


def kept_secret(path: Path) -> str:
    """The secret in `path` (mode 0600), made when there is none yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(handle, "w") as file:
        file.write(secret := secrets.token_urlsafe(50))
    return secret


def database(url: str, *, pool: int, testing: bool) -> dict[str, Any]:
    """Django's entry for a PostgreSQL address. pool: connections kept per process; 0 = one per thread, none kept."""
    entry: dict[str, Any] = environ.Env.db_url_config(url)
    entry["HOST"] = unquote(entry["HOST"])
    options = entry.setdefault("OPTIONS", {})
    if pool:
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
        entry["CONN_HEALTH_CHECKS"] = True  # after the database was restarted, the next page finds a fresh connection
    options["prepare_threshold"] = 3 if env.bool("GIAOBAN_PREPARE", default=True) else None
    # Unset, each row that a history trigger looks at costs it an aborted sub-transaction: thousands of rows, minutes.
    options["options"] = "-c pgtrigger.ignore={}"
    if testing:
        options["options"] += " -c synchronous_commit=off"
        entry["TEST"] = {"NAME": os.environ.get("TEST_DB_NAME") or "test_giaoban"}
    return entry


def optional(*modules: str) -> list[str]:
    """Those of `package.module` that exist."""
    return [name for name in modules if importlib.util.find_spec(name) is not None]


SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret(VAR / "secret_key")
POOL = 0 if TESTING else env.int("GIAOBAN_POOL", default=0)
DATABASES = {"default": database(postgres.ensure_running(), pool=POOL, testing=TESTING)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ROOMS = ("kit", "accounts", "documents", "orgs", "reporting", "tasks", "indicators", "monitoring", "briefs", "meetings")
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "csp",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "django_htmx",
    # Both would replace the template loaders; their simple configurations leave TEMPLATES below as it is.
    "template_partials.apps.SimpleAppConfig",
    "django_cotton.apps.SimpleAppConfig",
    *(f"giaoban.{room}" for room in ROOMS if optional(f"giaoban.{room}.apps")),
    "giaoban.config",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "giaoban.kit.middleware.NulMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "giaoban.orgs.middleware.ActorMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "giaoban.kit.frame.frame",
            ],
            "builtins": ["django_cotton.templatetags.cotton", "template_partials.templatetags.partials"],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            ["django_cotton.cotton_loader.Loader", "django.template.loaders.app_directories.Loader"],
                        )
                    ],
                )
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

ROOT_URLCONF = "giaoban.config.urls"
WSGI_APPLICATION = "giaoban.config.wsgi.application"
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_FAILURE_VIEW = "giaoban.config.errors.forged"
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

# Who signs in
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login", "full_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if TESTING:
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "accounts:sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "accounts:sign-in"
SESSION_ENGINE = "giaoban.kit.sessions"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_USERNAME_FORM_FIELD = "username"  # the field of the sign-in form; by itself axes would look for "login"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_CLIENT_IP_CALLABLE = "giaoban.config.proxy.client_address"
AXES_LOCKOUT_TEMPLATE = "accounts/locked_out.html"
AXES_VERBOSE = False

# What a browser may do with our pages
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],  # the small marks of checkboxes and selects in our style sheets
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "worker-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
if HTTPS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds())

# Files
STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_FINDERS = ["giaoban.config.static.RoomsFinder"]
PLAIN_STATIC = TESTING or DEBUG  # straight from the rooms' folders, no collecting
PLAIN_STORAGE = "django.contrib.staticfiles.storage.StaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": PLAIN_STORAGE if PLAIN_STATIC else "giaoban.config.static.HashedStorage"},
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = PLAIN_STATIC
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
MEDIA_ROOT = VAR / "media"
DATA_UPLOAD_MAX_NUMBER_FIELDS = 20_000  # a form of 60 columns × 300 rows is sent as one field per cell
DATA_UPLOAD_MAX_NUMBER_FILES = 2_000  # as many as one intake takes: reporting/rules/archives.py
FILE_UPLOAD_HANDLERS = [
    "giaoban.config.uploads.BoundedUploads",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
DROP_FOLDER = env.str("GIAOBAN_DROP_FOLDER", default="")  # reports put here are taken in, every minute; empty: none
DROP_AS = env.str("GIAOBAN_DROP_AS", default="")  # the sign-in name of the person in whose name they are
FROZEN_FOLDER = Path(env.str("GIAOBAN_FROZEN", default="") or VAR / "frozen")  # figures of closed periods, as Parquet
if TESTING:  # a folder for each process, gone with it
    folder_of_tests = tempfile.TemporaryDirectory(prefix="giaoban-frozen-")
    FROZEN_FOLDER = Path(folder_of_tests.name)
# What adds up long series: auto (frozen periods from their files, the others from the database), postgres or duckdb.
FIGURE_ENGINE = env.str("GIAOBAN_ENGINE", default="auto")
if FIGURE_ENGINE not in ("auto", "postgres", "duckdb"):
    raise ValueError(f"GIAOBAN_ENGINE is {FIGURE_ENGINE!r}; write auto, postgres or duckdb")

# Mail. Without a server nothing leaves the machine: each mail becomes a file.
MAIL_SERVER = env.str("EMAIL_URL", default="")
if MAIL_SERVER:
    globals().update(env.email_url_config(MAIL_SERVER))
else:
    EMAIL_BACKEND, EMAIL_FILE_PATH = "django.core.mail.backends.filebased.EmailBackend", VAR / "mail"
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("MAIL_FROM", default="Giao Ban <giao-ban@localhost>")
SITE_ADDRESS = env.str("SITE_ADDRESS", default="").rstrip("/")  # stands before the links in mails
REMIND_AT = time.fromisoformat(env.str("REMIND_AT", default="07:00"))

# Words, time
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_TZ = True
USE_I18N = True

# Jobs: each room's `jobs.py`
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

TEST_RUNNER = None
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="WARNING" if TESTING else "INFO")},
    "loggers": {
        "django.server": {"handlers": ["stderr"], "propagate": False},
        "procrastinate": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
    },
}
