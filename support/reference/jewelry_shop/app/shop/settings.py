"""Django's settings, made from the shop's configuration."""

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

from shop.config import config
from shop.database.connection import DeadlineConnection
from shop.logs import LOGGING as LOGGING

DEBUG = False
# Management commands that need no key (migrate) run without the Secret of the application.
SECRET_KEY = config.django_secret_key or "not-set"
ALLOWED_HOSTS = config.django_allowed_hosts
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024  # the front allows the same
LOGGING_CONFIG = "logging.config.dictConfig"

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "rest_framework",
    "django_prometheus",
    "shop.core",
    "shop.inventory",
    "shop.sales",
    "shop.jobs",
    "shop.security",
]
MIGRATION_MODULES = {"auth": None, "contenttypes": None}  # see shop/database/router.py
AUTH_USER_MODEL = "core.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "shop.middleware.RequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]
TEMPLATES: list[dict[str, Any]] = []
PROMETHEUS_EXPORT_MIGRATIONS = False  # it would connect to the database at start


def _database(user: str, password: str, smallest: int, largest: int) -> dict[str, Any]:
    server = {
        "statement_timeout": "5s",
        "lock_timeout": "3s",
        "idle_in_transaction_session_timeout": "15s",
    }
    return {
        "ENGINE": "shop.database",
        "NAME": config.postgres_db,
        "USER": user,
        "PASSWORD": password,
        "HOST": config.postgres_host,
        "PORT": config.postgres_port,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "pool": {
                "connection_class": DeadlineConnection,
                "min_size": smallest,
                "max_size": largest,
                "timeout": config.db_pool_wait_s,
                "max_idle": 60,
                "max_lifetime": 300,
                # Whoever waits for a connection does not start a new attempt: they go on for as long as anybody waits.
                "reconnect_timeout": 60,
            },
            "connect_timeout": 2,
            "tcp_user_timeout": 3000,
            "keepalives_idle": 2,
            "keepalives_interval": 1,
            "keepalives_count": 2,
            "application_name": config.pod_name,
            "options": " ".join(f"-c {name}={value}" for name, value in server.items()),
        },
    }


# A child of the worker runs one job at a time: one connection for the job, one while the other is being replaced.
_WORKER_POOL_MAX = 2
_pool_max = _WORKER_POOL_MAX if config.shop_service == "celery-worker" else config.db_pool_max
DATABASES = {
    "default": _database(config.postgres_user, config.postgres_password, 1, _pool_max),
    "platform": _database(config.postgres_platform_user, config.postgres_platform_password, 0, 1),
}
DATABASE_ROUTERS = ["shop.database.router.ShopRouter"]


# redis-py would try ten times by itself and so hide for seconds that there is no master.
REDIS_CONNECTION = {
    "socket_connect_timeout": config.redis_timeout_s,
    "socket_timeout": config.redis_timeout_s / 2,
    "retry": Retry(NoBackoff(), 0),
}
_redis_options: dict[str, Any] = {"PASSWORD": config.redis_password, "CONNECTION_POOL_KWARGS": REDIS_CONNECTION}
if config.redis_use_sentinel:
    _redis_options |= {
        "CLIENT_CLASS": "django_redis.client.SentinelClient",
        "CONNECTION_FACTORY": "django_redis.pool.SentinelConnectionFactory",
        "SENTINELS": config.watchers,
        "SENTINEL_KWARGS": REDIS_CONNECTION,
    }
CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        # A list of one: given as a plain text, the Sentinel client would also read from followers.
        "LOCATION": [
            f"redis://{config.redis_master_name if config.redis_use_sentinel else config.redis_first_host}/0",
        ],
        "KEY_PREFIX": config.cache_prefix,
        "OPTIONS": _redis_options,
    }
}

SESSION_ENGINE = "shop.core.stored_signins"
SESSION_COOKIE_NAME = "tenant_sessionid"
SESSION_COOKIE_AGE = 8 * 3600  # a working day
CSRF_COOKIE_HTTPONLY = True

# Passwords of this system are random; a slow hash would only cost processor time at every sign-in.
PASSWORD_HASHERS = ["shop.core.passwords.ShopHasher"]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["shop.core.permissions.ShopMember"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
SIMPLE_JWT = {"ALGORITHM": "HS256", "SIGNING_KEY": SECRET_KEY, "USER_ID_CLAIM": "user_id"}
