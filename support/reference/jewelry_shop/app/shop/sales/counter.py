"""What the till needs beside sales: a quick search, parked baskets, the day's figures, the gold price."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

from django.core.cache import cache
from django.core.serializers.json import DjangoJSONEncoder
from django_redis import get_redis_connection
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api import moment, money
from shop.config import config
from shop.database.tenancy import Shop, open_shop
from shop.health.checker import state_of
from shop.inventory.views import matching_items
from shop.jobs.models import GoldPrice
from shop.sabotage import sabotaged
from shop.sales.models import DayTotal, Receipt

_MOST_RESULTS = 50
_COPIES_WANTED = 2  # both followers; fewer may answer
_COPIES_WAIT_MS = 200


class DraftBody(serializers.Serializer):
    """A basket to be parked."""

    content = serializers.JSONField()
    ttl_s = serializers.IntegerField(min_value=1, max_value=600)


class ProductSearch(APIView):
    """GET /api/pos/search/products/?q="""

    def get(self, request: Request) -> Response:
        """Goods for the words typed at the till; from the cache if it was asked a moment ago and the cache answers."""
        words = request.query_params.get("q", "").strip().lower()
        with open_shop(request.user) as shop:
            key = _search_key(shop, words)
            known = _cached(key)
            if known is not None:
                return Response({"results": known})
            found = [item.as_dict() for item in matching_items(shop, words)[:_MOST_RESULTS]]
        if found:
            _remember(key, found)
        return Response({"results": found})


class Draft(APIView):
    """PUT, GET /api/pos/drafts/{name}/"""

    def put(self, request: Request, name: str) -> Response:
        """Park a basket in the cache; says how many followers have it."""
        body = DraftBody(data=request.data)
        body.is_valid(raise_exception=True)
        with open_shop(request.user) as shop:
            key = _draft_key(shop, name)
        text = json.dumps(body.validated_data["content"], ensure_ascii=False)
        # WAIT counts for the connection that wrote: a pipeline keeps both on one.
        pipe = get_redis_connection("default").pipeline(transaction=False)
        pipe.set(key, text, ex=body.validated_data["ttl_s"])
        pipe.execute_command("WAIT", _COPIES_WANTED, _COPIES_WAIT_MS)
        return Response({"copies": pipe.execute()[1]})

    def get(self, request: Request, name: str) -> Response:
        """The parked basket and how long it will be kept."""
        with open_shop(request.user) as shop:
            key = _draft_key(shop, name)
        redis = get_redis_connection("default")
        text, ttl_s = redis.get(key), redis.ttl(key)
        if text is None:
            raise NotFound
        return Response({"content": json.loads(text), "ttl_s": ttl_s})


class DayReport(APIView):
    """GET /api/reports/day/?date="""

    def get(self, request: Request) -> Response:
        """The day's sum as far as receipts were made."""
        try:
            day = date.fromisoformat(request.query_params.get("date") or datetime.now(UTC).date().isoformat())
        except ValueError:
            raise ValidationError({"date": ["A date such as 2026-03-02 is needed."]}) from None
        with open_shop(request.user) as shop:
            total = DayTotal.objects.filter(tenant_id=shop.id, day=day).first()
            receipts = Receipt.objects.filter(tenant_id=shop.id, sale__created_at__date=day).count()
        return Response(
            {
                "date": day.isoformat(),
                "sales": total.sales if total else 0,
                "receipts": receipts,
                "total": money(total.total) if total else "0.00",
            }
        )


class Gold(APIView):
    """GET /api/pricing/gold/"""

    def get(self, request: Request) -> Response:
        """The latest gold price."""
        with open_shop(request.user):
            latest = GoldPrice.objects.order_by("-period_start").first()
        if latest is None:
            raise NotFound
        age = (datetime.now(UTC) - latest.period_start).total_seconds()
        return Response(
            {"price": money(latest.price), "period_start": moment(latest.period_start), "age_s": round(age, 1)}
        )


def _search_key(shop: Shop, words: str) -> str:
    digest = hashlib.sha256(words.encode()).hexdigest()
    return f"search:{digest}" if sabotaged("shared_search_cache") else f"search:{shop.id}:{digest}"


def _draft_key(shop: Shop, name: str) -> str:
    return cache.make_key(f"draft:{shop.id}:{name}")


def _cached(key: str) -> list[dict[str, Any]] | None:
    if not config.search_cache_s or not state_of("cache").ok:
        return None
    try:
        text = cache.get(key)
    except (ConnectionInterrupted, RedisError):
        return None
    return json.loads(text) if text else None


def _remember(key: str, found: list[dict[str, Any]]) -> None:
    if not config.search_cache_s or not state_of("cache").ok:
        return
    try:
        cache.set(key, json.dumps(found, cls=DjangoJSONEncoder), config.search_cache_s)
    except (ConnectionInterrupted, RedisError):
        return  # the next search looks in the database again
