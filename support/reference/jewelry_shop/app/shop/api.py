"""Answers that all addresses of the API give alike."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model, QuerySet
from rest_framework import status
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request
from rest_framework.response import Response

CENT = Decimal("0.01")


class _Pages(PageNumberPagination):
    page_size = 50


def page_of(request: Request, rows: QuerySet[Any], as_dict: Callable[[Any], dict[str, Any]]) -> Response:
    """One page of a list; must be called inside the transaction, because the rows are read here."""
    pages = _Pages()
    found: list[Model] = pages.paginate_queryset(rows, request) or []
    return pages.get_paginated_response([as_dict(row) for row in found])


def created(body: dict[str, Any]) -> Response:
    """201 with the new thing."""
    return Response(body, status=status.HTTP_201_CREATED)


def money(value: Decimal) -> str:
    """Text with two decimals."""
    return f"{value:.2f}"


def moment(value: datetime | None) -> str | None:
    """RFC 3339 in UTC."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z") if value else None
