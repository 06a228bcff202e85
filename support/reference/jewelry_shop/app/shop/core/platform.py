"""The platform administrator's addresses: open, list, suspend and remove shops."""

import logging
from typing import Any
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connections
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api import created, moment, page_of
from shop.core.models import Branch, Tenant, User
from shop.core.permissions import PlatformAdministrator
from shop.core.stored_signins import forget_shop
from shop.database.tenancy import platform_transaction
from shop.errors import Refusal
from shop.logs import log_event
from shop.sales.models import Terminal

_REMOVABLE_PREFIX = "e2e-"
# Children before parents.
_TABLES = (
    "job_lines",
    "jobs",
    "receipts",
    "day_totals",
    "sale_items",
    "stock_adjustments",
    "sales",
    "sale_counters",
    "inventory_items",
    "inventory_categories",
    "sales_terminals",
    "users",
    "branches",
)


class PersonBody(serializers.Serializer):
    """A new user of the shop."""

    username = serializers.CharField(max_length=150)
    email = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")
    password = serializers.CharField(max_length=200, trim_whitespace=False)


class BranchNameBody(serializers.Serializer):
    """The shop's first branch."""

    name = serializers.CharField(max_length=120)


class TerminalIdBody(serializers.Serializer):
    """The branch's first till."""

    terminal_id = serializers.CharField(max_length=60)


class ShopBody(serializers.Serializer):
    """Everything a shop needs to begin to sell."""

    company_name = serializers.CharField(max_length=200)
    slug = serializers.RegexField(r"^[a-z0-9-]{3,60}$")
    owner = PersonBody()
    employee = PersonBody(required=False, allow_null=True)
    branch = BranchNameBody()
    terminal = TerminalIdBody()


class Shops(APIView):
    """GET, POST /api/platform/shops/"""

    permission_classes = (PlatformAdministrator,)

    def get(self, request: Request) -> Response:
        """Shops, optionally only those whose short name begins with `prefix`."""
        prefix = request.query_params.get("prefix", "")
        with platform_transaction():
            rows = Tenant.objects.using("platform").filter(slug__startswith=prefix).order_by("created_at", "id")
            return page_of(request, rows, _shop_as_dict)

    def post(self, request: Request) -> Response:
        """A new shop with its first people, branch and till, in one transaction."""
        body = ShopBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = body.validated_data
        # Before the transaction: it takes far longer than the rest.
        hashes = {name: make_password(asked[name]["password"]) for name in ("owner", "employee") if asked.get(name)}
        try:
            with platform_transaction():
                return created(_open(asked, hashes))
        except IntegrityError as error:
            raise _refusal_of(error) from error


def _open(asked: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    shops = Tenant.objects.using("platform")
    tenant = shops.create(slug=asked["slug"], company_name=asked["company_name"])
    branch = Branch.objects.using("platform").create(tenant=tenant, name=asked["branch"]["name"])
    terminal = Terminal.objects.using("platform").create(
        tenant=tenant, branch=branch, terminal_id=asked["terminal"]["terminal_id"]
    )
    ids: dict[str, int] = {}
    for name, role in (("owner", User.OWNER), ("employee", User.EMPLOYEE)):
        if name in hashes:
            person = asked[name]
            ids[name] = (
                User.objects.using("platform")
                .create(
                    username=person["username"],
                    email=person["email"],
                    password=hashes[name],
                    role=role,
                    tenant=tenant,
                    branch=branch,
                )
                .id
            )
    return {
        "tenant_id": tenant.id,
        "slug": tenant.slug,
        "branch_id": branch.id,
        "terminal_id": terminal.id,
        "owner_id": ids["owner"],
        "employee_id": ids.get("employee"),
    }


def _refusal_of(error: IntegrityError) -> Exception:
    constraint = error.__cause__.diag.constraint_name or ""
    if constraint == "tenants_slug_key":
        return Refusal(409, {"error": "slug_taken"})
    if "username" in constraint:
        return ValidationError({"username": ["This user name is taken."]})
    return error


class ShopStatus(APIView):
    """POST /api/platform/shops/{id}/suspend/ and /resume/"""

    permission_classes = (PlatformAdministrator,)

    def post(self, _request: Request, tenant_id: UUID, word: str) -> Response:
        """Lock the shop out, or let it in again; the next request of its people sees it."""
        status = Tenant.SUSPENDED if word == "suspend" else Tenant.ACTIVE
        with platform_transaction():
            changed = Tenant.objects.using("platform").filter(id=tenant_id).update(status=status)
        if not changed:
            raise NotFound
        return Response({"tenant_status": status})


class OneShop(APIView):
    """DELETE /api/platform/shops/{id}/"""

    permission_classes = (PlatformAdministrator,)

    def delete(self, _request: Request, tenant_id: UUID) -> Response:
        """Remove a test's shop with all its rows, stored sign-ins and cached values."""
        with platform_transaction():
            tenant = Tenant.objects.using("platform").select_for_update().filter(id=tenant_id).first()
            if tenant is None:
                raise NotFound
            if not tenant.slug.startswith(_REMOVABLE_PREFIX):
                raise PermissionDenied(f"Only shops whose short name begins with {_REMOVABLE_PREFIX} can be removed.")
            with connections["platform"].cursor() as cursor:
                for table in _TABLES:
                    cursor.execute(f"DELETE FROM {table} WHERE tenant_id = %s", [tenant_id])  # noqa: S608 - our names
                cursor.execute("DELETE FROM tenants WHERE id = %s", [tenant_id])
        try:
            forget_shop(str(tenant_id))
        except (ConnectionInterrupted, RedisError):
            # The rows are gone; what is cached ends by its own lifetime.
            log_event("cache_state", "cached values of a removed shop were not cleared", logging.WARNING)
        return Response(status=204)


def _shop_as_dict(tenant: Tenant) -> dict[str, Any]:
    return {
        "tenant_id": tenant.id,
        "slug": tenant.slug,
        "company_name": tenant.company_name,
        "status": tenant.status,
        "created_at": moment(tenant.created_at),
    }
