"""Goods and the book of their changes."""

from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import F, Q

from shop.api import money
from shop.core.models import Branch, Tenant


class Category(models.Model):
    """Rings, chains, ...; may lie under another one."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    name = models.TextField()
    parent = models.ForeignKey("self", models.RESTRICT, null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "inventory_categories"
        constraints = (
            models.UniqueConstraint(
                fields=("tenant", "name", "parent"), nulls_distinct=False, name="inventory_categories_name_key"
            ),
        )

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it."""
        return {"id": self.id, "name": self.name, "parent": self.parent_id}


class Item(models.Model):
    """One kind of goods of one shop; `quantity` pieces of it are in stock."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    sku = models.TextField()
    name = models.TextField()
    category = models.ForeignKey(Category, models.RESTRICT)
    branch = models.ForeignKey(Branch, models.RESTRICT)
    karat = models.IntegerField()
    weight_grams = models.DecimalField(max_digits=10, decimal_places=3)
    cost_price = models.DecimalField(max_digits=12, decimal_places=2)
    selling_price = models.DecimalField(max_digits=12, decimal_places=2)
    quantity = models.IntegerField()
    min_quantity = models.IntegerField(default=0)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "inventory_items"
        constraints = (
            models.UniqueConstraint(fields=("tenant", "sku"), name="inventory_items_sku_key"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="inventory_items_quantity"),
            models.CheckConstraint(condition=Q(cost_price__gte=0), name="inventory_items_cost"),
            models.CheckConstraint(condition=Q(selling_price__gte=F("cost_price")), name="inventory_items_selling"),
            models.CheckConstraint(condition=Q(karat__gte=1, karat__lte=24), name="inventory_items_karat"),
        )

    def as_dict(self) -> dict[str, Any]:
        """As the API shows it; the total value is what the pieces in stock have cost."""
        return {
            "id": self.id,
            "sku": self.sku,
            "name": self.name,
            "category": self.category_id,
            "karat": self.karat,
            "weight_grams": f"{self.weight_grams:.3f}",
            "cost_price": money(self.cost_price),
            "selling_price": money(self.selling_price),
            "quantity": self.quantity,
            "min_quantity": self.min_quantity,
            "branch": self.branch_id,
            "is_low_stock": self.quantity <= self.min_quantity,
            "total_value": money(self.cost_price * self.quantity),
        }


class StockAdjustment(models.Model):
    """One change of a quantity; the sum of an item's changes is its quantity."""

    OPENING, ADD, DEDUCT, SET, SALE = "OPENING", "ADD", "DEDUCT", "SET", "SALE"

    id = models.BigAutoField(primary_key=True)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    item = models.ForeignKey(Item, models.RESTRICT)
    kind = models.TextField()
    delta = models.IntegerField()
    # No foreign key: the lines of sales are a later application's, which depends on this one.
    sale_item_id = models.UUIDField(null=True)
    reason = models.TextField(default="", blank=True)
    user_id = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "stock_adjustments"
        constraints = (
            models.CheckConstraint(
                condition=Q(kind__in=("OPENING", "ADD", "DEDUCT", "SET", "SALE")), name="stock_adjustments_kind_known"
            ),
            models.CheckConstraint(
                condition=~Q(delta=0) | Q(kind__in=("OPENING", "SET")), name="stock_adjustments_delta"
            ),
        )
