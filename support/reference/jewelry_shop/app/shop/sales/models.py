"""Tills, sales with their lines, counters, receipts and day totals."""

from uuid import uuid4

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from shop.core.models import Branch, Tenant, User
from shop.inventory.models import Item


class Terminal(models.Model):
    """A till: `id` is for programs, `terminal_id` is the code on its label."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    branch = models.ForeignKey(Branch, models.RESTRICT)
    terminal_id = models.TextField()
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sales_terminals"
        constraints = (models.UniqueConstraint(fields=("branch", "terminal_id"), name="sales_terminals_code_key"),)

    def as_dict(self) -> dict[str, object]:
        """As the API shows it."""
        return {
            "id": self.id,
            "terminal_id": self.terminal_id,
            "branch": self.branch_id,
            "is_active": self.is_active,
        }


class Sale(models.Model):
    """A confirmed sale; never changed afterwards."""

    COMPLETED = "COMPLETED"

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    sale_number = models.TextField()
    branch = models.ForeignKey(Branch, models.RESTRICT)
    terminal = models.ForeignKey(Terminal, models.RESTRICT)
    employee = models.ForeignKey(User, models.RESTRICT)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2)
    discount_amount = models.DecimalField(max_digits=14, decimal_places=2)
    tax = models.DecimalField(max_digits=14, decimal_places=2)
    total = models.DecimalField(max_digits=14, decimal_places=2)
    payment_method = models.TextField()
    status = models.TextField(default=COMPLETED)
    created_at = models.DateTimeField(default=timezone.now)  # given: the number's day must be the same

    class Meta:
        db_table = "sales"
        constraints = (
            models.UniqueConstraint(fields=("tenant", "sale_number"), name="sales_number_key"),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount_amount") + F("tax")), name="sales_total"
            ),
        )


class SaleItem(models.Model):
    """One line of a sale."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    sale = models.ForeignKey(Sale, models.RESTRICT, related_name="lines")
    inventory_item = models.ForeignKey(Item, models.RESTRICT)
    quantity = models.IntegerField()
    unit_price = models.DecimalField(max_digits=12, decimal_places=2)
    discount = models.DecimalField(max_digits=12, decimal_places=2)
    subtotal = models.DecimalField(max_digits=14, decimal_places=2)
    notes = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "sale_items"
        constraints = (
            models.CheckConstraint(condition=Q(quantity__gte=1), name="sale_items_quantity"),
            models.CheckConstraint(
                condition=Q(subtotal=F("quantity") * F("unit_price") - F("discount")), name="sale_items_subtotal"
            ),
        )


class SaleCounter(models.Model):
    """The last number given on a day."""

    pk = models.CompositePrimaryKey("tenant_id", "day")
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    day = models.DateField()
    last = models.IntegerField()

    class Meta:
        db_table = "sale_counters"


class Receipt(models.Model):
    """Made in the background, one for each sale."""

    id = models.UUIDField(primary_key=True, default=uuid4)
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    sale = models.OneToOneField(Sale, models.RESTRICT)
    number = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "receipts"


class DayTotal(models.Model):
    """Sum of a day's sales, as far as they have their receipts."""

    pk = models.CompositePrimaryKey("tenant_id", "day")
    tenant = models.ForeignKey(Tenant, models.RESTRICT)
    day = models.DateField()
    sales = models.IntegerField()
    total = models.DecimalField(max_digits=16, decimal_places=2)

    class Meta:
        db_table = "day_totals"
