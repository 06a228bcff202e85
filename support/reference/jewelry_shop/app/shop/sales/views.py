"""Tills, totals and sales."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import IntegrityError, OperationalError
from psycopg.errors import DiskFull
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop import metrics
from shop.api import created, moment, money, page_of
from shop.core.branches import find_reference
from shop.core.models import Branch
from shop.core.permissions import ShopMemberManagersWrite
from shop.database.tenancy import Shop, open_shop, rows_of
from shop.errors import Refusal
from shop.logs import log_event
from shop.sabotage import sabotaged
from shop.sales.models import Receipt, Sale, SaleItem, Terminal
from shop.sales.sell import Confirmed, confirm_then_commit, confirm_unstored, lower_stock_early, preview, sell

_NOTHING = Decimal("0.00")


class TerminalBody(serializers.Serializer):
    """What describes a till."""

    terminal_id = serializers.CharField(max_length=60)
    branch = serializers.UUIDField()


class LineBody(serializers.Serializer):
    """One line of a sale."""

    inventory_item_id = serializers.UUIDField()
    quantity = serializers.IntegerField(min_value=1, max_value=1_000_000)
    unit_price = serializers.DecimalField(12, 2, min_value=0, required=False, allow_null=True)
    discount = serializers.DecimalField(12, 2, min_value=0, required=False, allow_null=True)
    notes = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class PaymentBody(serializers.Serializer):
    """One part of a split payment."""

    method = serializers.ChoiceField(["CASH", "CARD", "STORE_CREDIT", "OTHER"])
    amount = serializers.DecimalField(14, 2, min_value=0)


class TotalsBody(serializers.Serializer):
    """What prices need."""

    items = LineBody(many=True, allow_empty=False)
    payment_method = serializers.ChoiceField(["CASH", "CARD", "STORE_CREDIT", "OTHER", "SPLIT"], default="CASH")
    split_payments = PaymentBody(many=True, required=False, default=list)
    tax_rate = serializers.DecimalField(5, 2, min_value=0, default=_NOTHING)
    discount_type = serializers.ChoiceField(["FIXED", "PERCENTAGE"], required=False, allow_null=True, default=None)
    discount_value = serializers.DecimalField(12, 2, min_value=0, required=False, default=_NOTHING)

    def validate_items(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each item at most once: its stock is checked per line."""
        if len({line["inventory_item_id"] for line in lines}) < len(lines):
            raise ValidationError("An item is named twice.")
        return lines


class SaleBody(TotalsBody):
    """What a sale needs."""

    terminal_id = serializers.UUIDField()
    payment_method = serializers.ChoiceField(["CASH", "CARD", "STORE_CREDIT", "OTHER", "SPLIT"])


class Terminals(APIView):
    """GET, POST /api/terminals/; GET /api/pos/terminals/"""

    permission_classes = (ShopMemberManagersWrite,)

    def get(self, request: Request) -> Response:
        """The shop's tills."""
        with open_shop(request.user) as shop:
            rows = Terminal.objects.filter(tenant_id=shop.id).order_by("created_at", "id")
            return page_of(request, rows, Terminal.as_dict)

    def post(self, request: Request) -> Response:
        """A new till."""
        body = TerminalBody(data=request.data)
        body.is_valid(raise_exception=True)
        code, branch = body.validated_data["terminal_id"], body.validated_data["branch"]
        with open_shop(request.user) as shop:
            if not find_reference(Branch.objects.all(), shop, branch, request.data):
                raise ValidationError({"branch": ["There is no such branch."]})
            try:
                till = Terminal.objects.create(tenant_id=shop.id, branch_id=branch, terminal_id=code)
            except IntegrityError as error:
                raise ValidationError({"terminal_id": ["The branch has a till of this code already."]}) from error
        return created(till.as_dict())


class CalculateTotals(APIView):
    """POST /api/pos/calculate-totals/"""

    def post(self, request: Request) -> Response:
        """What the sale would cost."""
        body = TotalsBody(data=request.data)
        body.is_valid(raise_exception=True)
        with open_shop(request.user) as shop:
            totals = preview(shop, body.validated_data)
        return Response(
            {
                "subtotal": money(totals.subtotal),
                "discount_amount": money(totals.discount),
                "tax_amount": money(totals.tax),
                "total": money(totals.total),
            }
        )


class NewSale(APIView):
    """POST /api/pos/sales/create/"""

    def post(self, request: Request) -> Response:
        """Sell: 201 only after the database has confirmed the COMMIT."""
        body = SaleBody(data=request.data)
        body.is_valid(raise_exception=True)
        order = body.validated_data
        try:
            confirmed = _confirm(request, order)
        except Refusal as refusal:
            log_event("sale_refused", str(refusal.body.get("detail", refusal.body)), status=refusal.status)
            raise
        metrics.CONFIRMED.inc()
        sale = confirmed.sale
        log_event("sale_confirmed", f"sale {sale.sale_number} confirmed", sale_id=str(sale.id), by=confirmed.by)
        answer = created(_sale_as_dict(sale, confirmed.lines))
        answer.headers["X-Confirmed-By"] = confirmed.by
        return answer


def _confirm(request: Request, order: dict[str, Any]) -> Confirmed:
    def work(shop: Shop) -> Confirmed:
        return sell(shop, request.auth["user_id"], order)

    if sabotaged("two_commits"):
        lower_stock_early(request.user, order)
    if sabotaged("ack_before_commit"):
        return confirm_then_commit(request.user, work)
    try:
        with open_shop(request.user) as shop:
            return work(shop)
    except OperationalError as error:
        if not (sabotaged("ignore_full_disk") and isinstance(error.__cause__, DiskFull)):
            raise
    with open_shop(request.user) as shop:
        return confirm_unstored(shop, request.auth["user_id"], order)


class Sales(APIView):
    """GET /api/sales/"""

    def get(self, request: Request) -> Response:
        """The shop's sales, newest first."""
        with open_shop(request.user) as shop:
            rows = rows_of(Sale, shop).prefetch_related("lines").order_by("-created_at", "id")
            return page_of(request, rows, lambda sale: _sale_as_dict(sale, list(sale.lines.all())))


class OneSale(APIView):
    """GET /api/sales/{id}/"""

    def get(self, request: Request, sale_id: UUID) -> Response:
        """One of the shop's sales."""
        with open_shop(request.user) as shop:
            sale = rows_of(Sale, shop).filter(id=sale_id).prefetch_related("lines").first()
            if sale is None:
                raise NotFound
            return Response(_sale_as_dict(sale, list(sale.lines.all())))


class ReceiptOfSale(APIView):
    """GET /api/sales/{id}/receipt/"""

    def get(self, request: Request, sale_id: UUID) -> Response:
        """The sale's receipt, once the background work has made it."""
        with open_shop(request.user) as shop:
            receipt = Receipt.objects.filter(tenant_id=shop.id, sale_id=sale_id).first()
        if receipt is None:
            raise NotFound
        return Response({"number": receipt.number, "sale_id": sale_id, "created_at": moment(receipt.created_at)})


def _sale_as_dict(sale: Sale, lines: list[SaleItem]) -> dict[str, Any]:
    return {
        "id": sale.id,
        "sale_number": sale.sale_number,
        "subtotal": money(sale.subtotal),
        "discount_amount": money(sale.discount_amount),
        "tax": money(sale.tax),
        "total": money(sale.total),
        "status": sale.status,
        "payment_method": sale.payment_method,
        "terminal": sale.terminal_id,
        "branch": sale.branch_id,
        "employee": sale.employee_id,
        "items": [
            {
                "inventory_item": line.inventory_item_id,
                "quantity": line.quantity,
                "unit_price": money(line.unit_price),
                "discount": money(line.discount),
                "subtotal": money(line.subtotal),
                "notes": line.notes,
            }
            for line in sorted(lines, key=lambda line: (line.created_at, line.id))
        ],
        "created_at": moment(sale.created_at),
    }
