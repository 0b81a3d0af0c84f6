"""Every setting, its environment name and its default. Read once, here, and checked here.

Embedded by default: SQLite, streams in memory, runs in the server's own loop. DATABASE_URL, REDIS_URL and CQL_HOSTS
each name a server that takes a part over; `chatplatform/profile.py` says which parts.
"""

import os
import re
import secrets
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from chatplatform.profile import caches, database, is_postgres, parts

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def env_flag(name: str, default: bool) -> bool:
    value = env(name, "1" if default else "0").lower()
    if value not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
        raise ImproperlyConfigured(f"{name} is {value!r}; use 1 or 0.")
    return value in {"1", "true", "yes", "on"}


def env_number(name: str, default: int, least: int = 0) -> int:
    value = env(name, str(default))
    if not (value.isascii() and value.isdigit()) or int(value) < least:
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number from {least} on.")
    return int(value)


def env_rate(name: str, default: str) -> str:
    """How many in how long, as `limits` reads it."""
    value = env(name, default)
    if not re.fullmatch(r"[1-9][0-9]{0,8}/(second|minute|hour|day)", value):
        raise ImproperlyConfigured(f"{name} is {value!r}; write it like 60/minute (or second, hour, day).")
    return value


# Where the embedded profile keeps its database, its secret and its lock.
DATA_DIR = Path(env("PARLEY_DATA_DIR", str(BASE_DIR / "data")))


def _secret() -> str:
    """SECRET_KEY from the environment, else one made once and kept beside the data, readable by us alone."""
    if given := env("SECRET_KEY"):
        return given
    file = DATA_DIR / "secret-key"
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            # Written aside and put there whole: another process that begins now reads this key or makes ours its own.
            descriptor, aside = tempfile.mkstemp(dir=DATA_DIR, prefix=".secret-key-")
            with os.fdopen(descriptor, "w") as out:
                out.write(secrets.token_urlsafe(48))
            with suppress(FileExistsError):
                os.link(aside, file)
            os.unlink(aside)
        return file.read_text().strip()
    except OSError as error:
        raise ImproperlyConfigured(
            f"{DATA_DIR} cannot be used for data: {error.strerror}. Give it to this user, or name another folder in PARLEY_DATA_DIR."
        ) from error


SECRET_KEY = _secret()
# Keys of providers are encrypted with the first of these; older ones can still be read.
FIELD_KEYS = [key for key in env("PARLEY_FIELD_KEYS").split(",") if key] or [SECRET_KEY]

DEBUG = env_flag("DEBUG", False)
# The address people open. Behind a proxy this is the proxy's; it decides cookies and origins.
PUBLIC_URL = env("PARLEY_URL")
ALLOWED_HOSTS = [h for h in env("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if h]
CSRF_TRUSTED_ORIGINS: list[str] = []
IS_HTTPS = False
if PUBLIC_URL:
    _public = urlsplit(PUBLIC_URL)
    if _public.scheme not in {"http", "https"} or not _public.hostname:
        raise ImproperlyConfigured(f"PARLEY_URL is {PUBLIC_URL!r}; write it like https://chat.example.org.")
    IS_HTTPS = _public.scheme == "https"
    ALLOWED_HOSTS.append(_public.hostname)
    CSRF_TRUSTED_ORIGINS.append(f"{_public.scheme}://{_public.netloc}")
# Believe X-Forwarded-Proto and the last X-Forwarded-For: only when a proxy of yours sets both.
IS_BEHIND_PROXY = env_flag("PARLEY_BEHIND_PROXY", False)
if IS_BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

INSTALLED_APPS = [
    # Makes `runserver` speak ASGI. The server itself has no use for it and starts a quarter of a second sooner without.
    *(["daphne"] if "runserver" in sys.argv else []),
    "servestatic",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.usersessions",
    "ninja",
    # The tables of the queue of turns; see messaging/runs/dispatch/jobs.py.
    *(["procrastinate.contrib.django"] if is_postgres(env("DATABASE_URL")) else []),
    "chatplatform",
    "projects",
    "threads",
    "messaging",
]

MIDDLEWARE = [
    "chatplatform.middleware.Guard",
    "chatplatform.middleware.Security",
    "chatplatform.middleware.Policy",
    "chatplatform.static.StaticFiles",
    "chatplatform.middleware.SessionAndUser",
    "chatplatform.middleware.Csrf",
    "chatplatform.middleware.Messages",
    "chatplatform.middleware.NoFrames",
    "allauth.account.middleware.AccountMiddleware",
]
# `check --deploy` looks for Django's own names of three of these. Ours are the same classes run without a thread
# each; tests/test_headers.py sees their headers on every answer.
# W005 and W021 want HSTS for the host's neighbours too, which are not ours to decide for.
SILENCED_SYSTEM_CHECKS = ["security.W001", "security.W002", "security.W003", "security.W005", "security.W021"]

ROOT_URLCONF = "chatplatform.urls"
ASGI_APPLICATION = "chatplatform.asgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The servers of the full profile; empty: embedded.
DATABASE_URL = env("DATABASE_URL")
REDIS_URL = env("REDIS_URL")
CQL_HOSTS = [host for host in env("CQL_HOSTS").split(",") if host]  # "host" or "host:port"
CQL_KEYSPACE = env("CQL_KEYSPACE", "parley")
CQL_DATACENTER = env("CQL_DATACENTER")  # empty: the one of the first host that answers
CQL_REPLICATION = env_number("CQL_REPLICATION", 3, 1)  # copies, where this makes the keyspace
CQL_USERNAME = env("CQL_USERNAME")
CQL_PASSWORD = env("CQL_PASSWORD")
CQL_CA_FILE = env("CQL_CA_FILE")  # who may have signed the servers' certificates
CQL_SSLMODE = env("CQL_SSLMODE", "verify-full" if CQL_CA_FILE else "disable")
if CQL_SSLMODE not in {"disable", "require", "verify-ca", "verify-full"}:
    raise ImproperlyConfigured(f"CQL_SSLMODE is {CQL_SSLMODE!r}; use disable, require, verify-ca or verify-full.")
if CQL_CA_FILE and CQL_SSLMODE == "disable":
    raise ImproperlyConfigured("CQL_CA_FILE is set and CQL_SSLMODE=disable: leave one of them out.")

DB_THREADS = env_number("PARLEY_DB_THREADS", 8, 1)
DATABASES: dict[str, dict[str, Any]] = {"default": database(DATABASE_URL, DATA_DIR, DB_THREADS)}
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured(
        "REDIS_URL must begin with redis:// or, for TLS, rediss://, like redis://:password@host:6379/0."
    )
# Does this process share its rooms with others? Then turns run in workers, and Redis carries what rooms hear.
IS_SHARED = bool(REDIS_URL)
if IS_SHARED and not is_postgres(DATABASE_URL):
    raise ImproperlyConfigured(
        "REDIS_URL is set, so several processes may serve: they need PostgreSQL. Set DATABASE_URL, or leave REDIS_URL out."
    )

# From a role to its implementation: `kernel/backends.py`.
IS_WORKER = sys.argv[1:2] == ["worker"]
BACKENDS = parts(has_redis=bool(REDIS_URL), has_cql=bool(CQL_HOSTS), is_worker=IS_WORKER)
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""  # its jobs are in one module, which is imported where they run
# A worker: how many turns at once, and how long those may go on that run when it is told to stop.
WORKER_TURNS = env_number("PARLEY_WORKER_TURNS", 32, 1)
WORKER_DRAIN_S = env_number("PARLEY_WORKER_DRAIN_S", 30)

AUTH_USER_MODEL = "projects.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["projects.passwords.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "projects.accounts.AccountAdapter"
ACCOUNT_SIGNUP_FORM_CLASS = "projects.accounts.SignUpForm"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
# Signing in and up are limited in projects/accounts.py, which can say how many tries are left.
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": None, "signup": None, "change_password": "5/m/user"}
USERSESSIONS_ADAPTER = "projects.accounts.SessionsAdapter"
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"  # nothing sends mail; this makes sure
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS: dict[str, str] = {}
USERSESSIONS_TRACK_ACTIVITY = True  # shown in the list of sessions; projects/sessions.py notes it about hourly
# Closed: only invitations make accounts, after the first.
IS_SIGN_UP_OPEN = env_flag("PARLEY_SIGN_UP", True)

SESSION_ENGINE = "projects.session_store"
SESSION_COOKIE_NAME = "__Host-parley" if IS_HTTPS else "parley"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
CSRF_COOKIE_NAME = "parley-csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "chatplatform.pages.csrf_refused"
SECURE_SSL_REDIRECT = IS_HTTPS and IS_BEHIND_PROXY  # without a proxy's word every request would look like http
SECURE_REDIRECT_EXEMPT = [r"^(livez|readyz|metrics)$"]  # asked by machines inside, past the proxy
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31536000 if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # a message of 256 KiB, however its JSON is escaped
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
FRONTEND_DIST = Path(env("PARLEY_FRONTEND", str(BASE_DIR / "frontend" / "dist")))
# Served as they lie in their packages and in the built frontend: nothing to collect, listed once at start.
SERVESTATIC_USE_FINDERS = True
SERVESTATIC_USE_STATIC_ROOT = False
SERVESTATIC_ALLOW_ALL_ORIGINS = False
HASHED_FILE_NAME = r"/assets/.+-[0-9A-Za-z_-]{8,}\.[a-z0-9]+$"  # the names that Vite gives
STATICFILES_DIRS = [FRONTEND_DIST] if FRONTEND_DIST.exists() else []

# Carries what rooms hear from one process to the others; one process needs none: see messaging/relays/.
CHANNEL_LAYERS: dict[str, Any] = (
    {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": "parley"},
        }
    }
    if REDIS_URL
    else {}
)

# Limits of what people may do. A refusal says what to do and when to come back.
MAX_MODELS = env_number("PARLEY_MAX_MODELS", 12, 1)
MAX_ROUNDS = env_number("PARLEY_MAX_ROUNDS", 12, 1)
SEND_RATE = env_rate("PARLEY_SEND_RATE", "60/minute")
INVITE_RATE = env_rate("PARLEY_INVITE_RATE", "20/minute")
MAKE_RATE = env_rate("PARLEY_MAKE_RATE", "120/minute")  # projects, threads and branches
LIMITS_STORAGE = REDIS_URL or "memory://"
CACHES = caches(REDIS_URL)

# Models: which of the built-in ones answer, and the limits of every provider.
IS_LOCAL_MODEL_ON = env_flag("PARLEY_LOCAL_MODEL", True)
LOCAL_MODEL_FILE = env("PARLEY_LOCAL_MODEL_FILE")
# Loaded beside the one server that is there, to be warm; with several processes in each that is asked, when it is.
IS_LOCAL_MODEL_LAZY = IS_SHARED
ARE_SCRIPTED_MODELS_ON = env_flag("PARLEY_SCRIPTED_MODELS", True)
# Models that misbehave on demand, and places where a test lets the server die. Never on a real server.
ARE_TEST_MODELS_ON = env_flag("PARLEY_TEST_MODELS", False)
PROVIDER_CONCURRENCY = env_number("PARLEY_PROVIDER_CONCURRENCY", 8, 1)
PROVIDER_CONNECT_S = env_number("PARLEY_PROVIDER_CONNECT_S", 10, 1)
PROVIDER_FIRST_BYTE_S = env_number("PARLEY_PROVIDER_FIRST_BYTE_S", 60, 1)
PROVIDER_STALL_S = env_number("PARLEY_PROVIDER_STALL_S", 45, 1)
PROVIDER_PINGS_S = env_number("PARLEY_PROVIDER_PINGS_S", 300, 1)  # with signs of life, but without a word
PROVIDER_TOTAL_S = env_number("PARLEY_PROVIDER_TOTAL_S", 900, 1)
# Which models stand first, and prices of your own: see docs/models.md.
MODELS_FILE = env("PARLEY_MODELS_FILE")
# Keys and addresses of providers, under the names that everybody uses; `messaging/providers/config.py` reads them.
PROVIDER_ENVIRONMENT = {
    name: env(name)
    for name in (
        "OPENAI_API_KEY", "OPENAI_BASE_URL",
        "OPENROUTER_API_KEY", "OPENROUTER_BASE_URL",
        "OLLAMA_API_KEY", "OLLAMA_BASE_URL",
        "GROQ_API_KEY", "GROQ_BASE_URL",
        "MISTRAL_API_KEY", "MISTRAL_BASE_URL",
        "DEEPSEEK_API_KEY", "DEEPSEEK_BASE_URL",
        "XAI_API_KEY", "XAI_BASE_URL",
        "GEMINI_API_KEY", "GEMINI_BASE_URL",
        "TOGETHER_API_KEY", "TOGETHER_BASE_URL",
        "CEREBRAS_API_KEY", "CEREBRAS_BASE_URL",
    )
}  # fmt: skip
# May an administrator name a provider on this machine or in the private network?
ARE_PRIVATE_PROVIDERS_ALLOWED = env_flag("PARLEY_PRIVATE_PROVIDERS", True)

# Who shows it reads /metrics; without it only this machine does, and nobody once people come from elsewhere.
METRICS_TOKEN = env("PARLEY_METRICS_TOKEN")
# Where a worker answers /livez, /readyz and /metrics; 0: nowhere. Servers answer at their own port.
WORKER_PORT = env_number("PARLEY_WORKER_PORT", 0)
WORKER_HOST = env("PARLEY_WORKER_HOST", "127.0.0.1")

LOG_FORMAT = env("LOG_FORMAT", "line")
if LOG_FORMAT not in {"line", "json"}:
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}; use line or json.")
LOG_LEVEL = env("LOG_LEVEL", "INFO").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured(f"LOG_LEVEL is {LOG_LEVEL!r}; use DEBUG, INFO, WARNING or ERROR.")
IS_ACCESS_LOGGED = env_flag("LOG_ACCESS", False)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "chatplatform.kernel.logs.LineFormatter"},
        "json": {"()": "chatplatform.kernel.logs.JsonFormatter"},
    },
    "filters": {"absence": {"()": "chatplatform.kernel.absence.AbsenceIsNoDefect"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["absence"]}},
    "root": {"handlers": ["out"], "level": LOG_LEVEL},
    "loggers": {
        **{name: {"level": "WARNING"} for name in ("httpx", "asyncio", "procrastinate", "uvicorn", "websockets")},
        # Each of these is a line for every request that is none, or leads nowhere: strangers would write the log.
        **{name: {"level": "ERROR"} for name in ("uvicorn.error", "django.request")},
        "cassandra": {"level": "CRITICAL"},  # a trace for every try to reconnect; the store says what matters
    },
}
