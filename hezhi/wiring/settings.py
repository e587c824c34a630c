"""Settings of one installation. Everything that differs between installations comes from the environment.

`HEZHI_HOME` holds keys, files, logs and, for a private cluster, the data; nothing secret is in Git.
The application runs as a role that cannot change tables or erase the audit; only
`HEZHI_DB_ROLE=owner` (migrations, structure) uses the owner's address.
"""

import gc
import os
import secrets
import shlex
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hezhi.wiring.account_settings import *  # noqa: F403
from hezhi.wiring.file_place import file_place
from hezhi.wiring.places import home

gc.disable()  # until all is loaded (`WiringConfig.ready`): nothing of that is garbage, and to look through it takes a fifth of a start

BASE_DIR = Path(__file__).resolve().parents[2]
HEZHI_HOME = Path(os.environ.get("HEZHI_HOME", home())).resolve()
DEMO = os.environ.get("HEZHI_DEMO") == "1"
DEBUG = False
TESTING = os.environ.get("HEZHI_TESTING") == "1"


def _secret_key() -> str:
    """Read the session key from its file, and make the file on first use (mode 0600)."""
    path = Path(os.environ.get("HEZHI_SECRET_KEY_FILE", HEZHI_HOME / "keys" / "session.key"))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


def _database(address: str) -> dict:
    """Translate a postgres:// address into Django's form."""
    parts = urlsplit(address)
    return {
        "ENGINE": "hezhi.ground.postgis",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or 5432),
        "CONN_MAX_AGE": 600,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "application_name": os.environ.get("HEZHI_PROCESS", "hezhi"),
            # Only our hot statements are prepared (see ground.prepared): planned once, not at each call. Every trigger
            # asks which ones are to be left out; told «none», it need not find that out by an error it catches.
            "options": "-c plan_cache_mode=force_generic_plan -c pgtrigger.ignore={}",
            # Without a number the driver prepares nothing at all, not even what asks for it.
            "prepare_threshold": sys.maxsize,
        },
        "TEST": {"MIGRATE": True},
    }


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = os.environ.get("HEZHI_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [o for o in os.environ.get("HEZHI_ORIGINS", "").split(",") if o]

_app_address = os.environ.get("DATABASE_URL", "postgres://hezhi_app@127.0.0.1:5432/hezhi")
_owner_address = os.environ.get("DATABASE_OWNER_URL", _app_address)
DATABASES = {"default": _database(_owner_address if os.environ.get("HEZHI_DB_ROLE") == "owner" else _app_address)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ENGINES = [
    "hezhi.engines.geo",
    "hezhi.engines.org",
    "hezhi.engines.records",
    "hezhi.engines.dossier",
    "hezhi.engines.bulk",
    "hezhi.engines.registry",
    "hezhi.engines.flow",
    "hezhi.engines.reach",
    "hezhi.engines.connect",
    "hezhi.engines.analysis",
]
CHAPTERS = [
    "hezhi.chapters.cases.handling",
    "hezhi.chapters.cases.intake",
    "hezhi.chapters.cases.supervision",
    "hezhi.chapters.cases.statistics",
    "hezhi.chapters.cases.appraisal",
    "hezhi.chapters.cases.return_visit",
    "hezhi.chapters.cases.platform",
    "hezhi.chapters.cases.shifts",
    "hezhi.chapters.cases.mediation",
    "hezhi.chapters.cases.whistle",
    "hezhi.chapters.cases.contractors",
    "hezhi.chapters.cases.retention",
    "hezhi.chapters.appcentre",
    "hezhi.chapters.operations",
    "hezhi.chapters.grassroots.grids",
    "hezhi.chapters.grassroots.registers",
    "hezhi.chapters.grassroots.care",
    "hezhi.chapters.grassroots.party",
    "hezhi.chapters.awareness.early_warning",
    "hezhi.chapters.awareness.situation",
]
CHANNELS = [
    "hezhi.channels.officer",
    "hezhi.channels.gridworker",
    "hezhi.channels.citizen",
    "hezhi.channels.wall",
    "hezhi.channels.open_api",
]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.gis",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    # Before the sign-in library, whose templates it replaces.
    "hezhi.chapters.appcentre.users",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "django_htmx",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "hezhi.ground.ui",
    *ENGINES,
    *CHAPTERS,
    *CHANNELS,
    "hezhi.wiring",
]

MIDDLEWARE = [
    "hezhi.wiring.middleware.RequestIdentity",
    "django.middleware.security.SecurityMiddleware",
    "hezhi.wiring.middleware.ContentSecurity",
    "hezhi.wiring.middleware.MachineDoor",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "hezhi.wiring.middleware.Readership",
    "hezhi.wiring.middleware.Letters",
]
ROOT_URLCONF = "hezhi.wiring.urls"
WSGI_APPLICATION = "hezhi.wiring.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "hezhi.wiring.shell.shell",
            ]
        },
    }
]

AUTH_USER_MODEL = "org.User"
LOGIN_URL = "/accounts/login/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
CSRF_FAILURE_VIEW = "hezhi.wiring.middleware.stale_form"
SESSION_ENGINE = "hezhi.engines.org.session_store"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SILENCED_SYSTEM_CHECKS = ["gis.W001"]  # geometries come from our own tables and checked uploads
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if os.environ.get("HEZHI_TLS") == "1":
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 31536000
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LANGUAGE_CODE = "zh-hans"
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(os.environ.get("HEZHI_STATIC_ROOT", HEZHI_HOME / "static"))
FILE_PLACE = file_place(os.environ, HEZHI_HOME)
STORAGES = {
    "default": FILE_PLACE.storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# A compressed copy would break range requests on map tiles.
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = ["pmtiles", "jpg", "png", "webp", "gz", "zip"]
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = TESTING  # looked up when asked for, not listed for each client
MEDIA_ROOT = FILE_PLACE.folder

# A Spark cluster for questions beyond one machine (docs/analysis.md); empty: DuckDB in our own process.
HEZHI_SPARK = os.environ.get("HEZHI_SPARK", "")
HEZHI_SPARK_OPTIONS = dict(word.split("=", 1) for word in shlex.split(os.environ.get("HEZHI_SPARK_OPTIONS", "")))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
# The command of a virus scanner, which gets the file's path; without one nothing waits for a verdict.
UPLOAD_SCANNER = shlex.split(os.environ.get("HEZHI_SCANNER", ""))
# A table of more rows goes the way of large files, where its register has declared one (see engines.bulk).
HEZHI_BULK_FROM_ROWS = int(os.environ.get("HEZHI_BULK_FROM_ROWS", "5000"))
# Rows of a piece: so many are in memory at a time, and so many are done again after a crash.
HEZHI_BULK_PIECE_ROWS = int(os.environ.get("HEZHI_BULK_PIECE_ROWS", "10000"))
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# The database refuses a history row that does not say who acted (see records.acting).
PGHISTORY_APPEND_ONLY = True

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["hezhi.engines.org.machine_rights.DeclaredRight"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "hezhi.engines.org.machine_rights.letter",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "合治开放接口",
    "DESCRIPTION": "区级社会治理数字化系统 Hezhi 的开放接口",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "PREPROCESSING_HOOKS": ["hezhi.engines.registry.interface.describe_registries"],
    "POSTPROCESSING_HOOKS": [],  # codes stand beside their field: as components they were named by a digest («Kind9f7»)
}

EMAIL_BACKEND = os.environ.get("HEZHI_EMAIL_BACKEND", "django.core.mail.backends.locmem.EmailBackend")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {"procrastinate": {"level": "WARNING"}, "httpx": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": os.environ.get("HEZHI_LOG_LEVEL", "INFO")},
}

# Server-sent events come from a process of their own; empty behind a proxy that routes /stream there.
STREAM_ORIGIN = os.environ.get("HEZHI_STREAM_ORIGIN", "")
STREAM_PORT = os.environ.get("HEZHI_STREAM_PORT", "")
# Calls by voice and video: the engine behind the port of `reach.calls`, and relays (TURN) for those behind other networks.
CALL_PORT = os.environ.get("HEZHI_CALL_PORT", "hezhi.engines.reach.calling.janus.Janus")
TURN_URLS = [url for url in os.environ.get("HEZHI_TURN_URLS", "").split(",") if url]
TURN_SECRET = os.environ.get("HEZHI_TURN_SECRET", "")
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
WEBHOOK_NETWORKS = [n for n in os.environ.get("HEZHI_WEBHOOK_NETWORKS", "").split(",") if n]
SYSTEM_NAME = os.environ.get("HEZHI_NAME", "合治 · 区域社会治理数字化系统")
