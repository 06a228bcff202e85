"""Categories and items of a shop."""

import csv
import io
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import Q, QuerySet
from django.http import StreamingHttpResponse
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api import created, money, page_of
from shop.core.branches import find_reference
from shop.core.models import Branch
from shop.database.tenancy import Shop, open_shop, rows_of
from shop.errors import refused
from shop.inventory.models import Category, Item, StockAdjustment

_LONGEST_EXPORT_S = 12  # entrances often cut at 15
_EXPORT_STEPS = 24  # pieces that a paced export is sent in


class CategoryBody(serializers.Serializer):
    """What describes a category."""

    name = serializers.CharField(max_length=120)
    parent = serializers.UUIDField(required=False, allow_null=True, default=None)


class ItemBody(serializers.Serializer):
    """What describes an item; a shop id in the body has no field here and so no effect."""

    sku = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=200)
    category = serializers.UUIDField()
    karat = serializers.IntegerField(min_value=1, max_value=24)
    weight_grams = serializers.DecimalField(max_digits=10, decimal_places=3, min_value=0)
    cost_price = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0)
    selling_price = serializers.DecimalField(max_digits=12, decimal_places=2, min_value=0)
    quantity = serializers.IntegerField(min_value=0, max_value=1_000_000)
    min_quantity = serializers.IntegerField(min_value=0, max_value=1_000_000, required=False, default=0)
    branch = serializers.UUIDField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Nothing is sold below what it has cost."""
        if attrs["selling_price"] < attrs["cost_price"]:
            raise ValidationError({"selling_price": ["The selling price is below the cost price."]})
        return attrs


class AdjustmentBody(serializers.Serializer):
    """A change of stock by hand."""

    adjustment_type = serializers.ChoiceField(["ADD", "DEDUCT", "SET"])
    quantity = serializers.IntegerField(min_value=0, max_value=1_000_000)
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class Categories(APIView):
    """GET /api/inventory/categories/"""

    def get(self, request: Request) -> Response:
        """The shop's categories."""
        with open_shop(request.user) as shop:
            rows = Category.objects.filter(tenant_id=shop.id).order_by("name", "id")
            return page_of(request, rows, Category.as_dict)


class NewCategory(APIView):
    """POST /api/inventory/categories/create/"""

    def post(self, request: Request) -> Response:
        """A new category."""
        body = CategoryBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        with open_shop(request.user) as shop:
            parent = asked["parent"]
            if parent is not None and not find_reference(Category.objects.all(), shop, parent, request.data):
                raise ValidationError({"parent": ["There is no such category."]})
            try:
                category = Category.objects.create(tenant_id=shop.id, name=asked["name"], parent_id=parent)
            except IntegrityError as error:
                raise ValidationError({"name": ["The shop has a category of this name already."]}) from error
        return created(category.as_dict())


class Items(APIView):
    """GET /api/inventory/items/"""

    def get(self, request: Request) -> Response:
        """The shop's items, optionally only those with all words of `search` in name or article number."""
        with open_shop(request.user) as shop:
            rows = matching_items(shop, request.query_params.get("search", ""))
            return page_of(request, rows, Item.as_dict)


class NewItem(APIView):
    """POST /api/inventory/items/create/"""

    def post(self, request: Request) -> Response:
        """A new item with its opening stock."""
        body = ItemBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = dict(body.validated_data)
        category, branch = asked.pop("category"), asked.pop("branch")
        with open_shop(request.user) as shop:
            for name, rows, wanted in (
                ("category", Category.objects.all(), category),
                ("branch", Branch.objects.all(), branch),
            ):
                if not find_reference(rows, shop, wanted, request.data):
                    raise ValidationError({name: [f"There is no such {name}."]})
            try:
                item = Item.objects.create(tenant_id=shop.id, category_id=category, branch_id=branch, **asked)
            except IntegrityError as error:
                raise ValidationError({"sku": ["The shop has an item with this article number already."]}) from error
            StockAdjustment.objects.create(
                tenant_id=shop.id,
                item=item,
                kind=StockAdjustment.OPENING,
                delta=item.quantity,
                user_id=request.auth["user_id"],
            )
        return created(item.as_dict())


class OneItem(APIView):
    """GET /api/inventory/items/{id}/"""

    def get(self, request: Request, item_id: UUID) -> Response:
        """One of the shop's items."""
        with open_shop(request.user) as shop:
            item = rows_of(Item, shop).filter(id=item_id).first()
        if item is None:
            raise NotFound
        return Response(item.as_dict())


class AdjustStock(APIView):
    """POST /api/inventory/items/{id}/adjust-stock/"""

    def post(self, request: Request, item_id: UUID) -> Response:
        """Add to, take from or set the stock of an item."""
        body = AdjustmentBody(data=request.data)
        body.is_valid(raise_exception=True)
        kind, quantity = body.validated_data["adjustment_type"], body.validated_data["quantity"]
        if quantity == 0 and kind != StockAdjustment.SET:
            raise refused("A change by nothing is not a change.")
        with open_shop(request.user) as shop:
            item = Item.objects.select_for_update().filter(tenant_id=shop.id, id=item_id).first()
            if item is None:
                raise NotFound
            delta = {"ADD": quantity, "DEDUCT": -quantity, "SET": quantity - item.quantity}[kind]
            if item.quantity + delta < 0:
                raise refused(f"Only {item.quantity} of {item.sku} are in stock, {quantity} cannot be taken.")
            item.quantity += delta
            item.save(update_fields=["quantity"])
            StockAdjustment.objects.create(
                tenant_id=shop.id,
                item=item,
                kind=kind,
                delta=delta,
                reason=body.validated_data["reason"],
                user_id=request.auth["user_id"],
            )
        return Response({"detail": "The stock was changed.", "item": item.as_dict()})


class Export(APIView):
    """GET /api/inventory/export/?pace_s=N"""

    def get(self, request: Request) -> StreamingHttpResponse:
        """All items as CSV, sent over N seconds: a request that is still open when its instance must leave."""
        try:
            pace_s = float(request.query_params.get("pace_s", "0"))
        except ValueError:
            raise ValidationError({"pace_s": ["A number of seconds is needed."]}) from None
        if not 0 <= pace_s <= _LONGEST_EXPORT_S:
            raise ValidationError({"pace_s": [f"From 0 to {_LONGEST_EXPORT_S} seconds."]})
        with open_shop(request.user) as shop:
            rows = [
                (item.sku, item.name, item.karat, item.weight_grams, money(item.selling_price), item.quantity)
                for item in Item.objects.filter(tenant_id=shop.id).order_by("sku")
            ]
        return StreamingHttpResponse(_paced_csv(rows, pace_s), content_type="text/csv; charset=utf-8")


def matching_items(shop: Shop, words: str) -> QuerySet[Item]:
    """Active items whose name or article number has every word, in the order of article numbers."""
    rows = rows_of(Item, shop).filter(is_active=True)
    for word in words.split():
        rows = rows.filter(Q(name__icontains=word) | Q(sku__icontains=word))
    return rows.order_by("sku", "id")


def _paced_csv(rows: list[tuple[Any, ...]], pace_s: float) -> Iterator[str]:
    yield "sku,name,karat,weight_grams,selling_price,quantity\n"
    steps = _EXPORT_STEPS if pace_s else 1
    for step in range(steps):
        if pace_s:
            time.sleep(pace_s / steps)
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(rows[step::steps])
        yield text.getvalue()
    yield f"# end {len(rows)}\n"
