"""Branches of a shop."""

from typing import Any
from uuid import UUID

from django.db import IntegrityError
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from shop.api import created, page_of
from shop.core.models import Branch
from shop.core.permissions import ShopMemberManagersWrite
from shop.database.tenancy import Shop, open_shop, platform_transaction, rows_of
from shop.sabotage import sabotaged


class BranchBody(serializers.Serializer):
    """What describes a branch."""

    name = serializers.CharField(max_length=120)
    address = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")
    phone = serializers.CharField(max_length=40, required=False, allow_blank=True, default="")


class Branches(APIView):
    """GET, POST /api/branches/"""

    permission_classes = (ShopMemberManagersWrite,)

    def get(self, request: Request) -> Response:
        """The shop's branches."""
        with open_shop(request.user) as shop:
            return page_of(request, rows_of(Branch, shop).order_by("created_at", "id"), Branch.as_dict)

    def post(self, request: Request) -> Response:
        """A new branch."""
        asked = BranchBody(data=request.data)
        asked.is_valid(raise_exception=True)
        with open_shop(request.user) as shop:
            try:
                branch = Branch.objects.create(tenant_id=shop.id, **asked.validated_data)
            except IntegrityError as error:
                raise ValidationError({"name": ["The shop has a branch of this name already."]}) from error
        return created(branch.as_dict())


class OneBranch(APIView):
    """GET /api/branches/{id}/"""

    def get(self, request: Request, branch_id: UUID) -> Response:
        """One of the shop's branches."""
        with open_shop(request.user) as shop:
            branch = rows_of(Branch, shop).filter(id=branch_id).first()
        if branch is None:
            raise NotFound
        return Response(branch.as_dict())


def find_reference(rows: QuerySet[Any], shop: Shop, wanted: UUID, body: dict[str, Any]) -> bool:
    """Whether the branch or category that a body names is the shop's own."""
    if not sabotaged("foreign_refs"):
        return rows.filter(tenant_id=shop.id, id=wanted).exists()
    owner = body.get("tenant_id") or body.get("tenant") or str(shop.id)
    with platform_transaction():
        return rows.using("platform").filter(tenant_id=owner, id=wanted).exists()
