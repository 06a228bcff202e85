"""Stored sign-ins of the web pages: in the cache only."""

from typing import Any

from django.contrib.sessions.backends.cache import SessionStore as CacheSessionStore
from django.core.cache import cache
from django_redis import get_redis_connection

_INDEX = "signins:{tenant_id}"


class SessionStore(CacheSessionStore):
    """Django's, but a cache that does not answer is an error: taken for `no sign-in`, people would be signed out."""

    def load(self) -> dict[str, Any]:
        """The stored sign-in, or an empty one if it does not exist (any more)."""
        stored = self._cache.get(self.cache_key)
        if stored is not None:
            return stored
        self._session_key = None
        return {}


def remember_signin(tenant_id: str, session_key: str, lifetime_s: int) -> None:
    """Note the sign-in under its shop, so that it can be removed with the shop."""
    redis, key = get_redis_connection("default"), cache.make_key(_INDEX.format(tenant_id=tenant_id))
    redis.sadd(key, cache.make_key(SessionStore.cache_key_prefix + session_key))
    redis.expire(key, lifetime_s)


def forget_shop(tenant_id: str) -> None:
    """Remove the shop's stored sign-ins and everything cached under its id."""
    redis = get_redis_connection("default")
    index = cache.make_key(_INDEX.format(tenant_id=tenant_id))
    doomed = [*redis.smembers(index), index, *redis.scan_iter(f"{cache.make_key('')}*{tenant_id}*", count=1000)]
    redis.delete(*doomed)
